"""The page's routes in a real API server. If these fail, it stands open to strangers, or shows something else than the
record.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from tests.plugins.conftest import Server

pytestmark = pytest.mark.airflow

ROUTES = ["/", "/report", "/report.html", "/topic?number=0", "/similar?id=0101.00003", "/compare"]
ROUTES += ["/run?dag_id=fossil_record&run_id=x", "/style.css", "/links.js"]
# What the UI is told, and what the page is made of; apart, as Airflow reads its settings once.
ASK = """
import json
from airflow import plugins_manager
views, _ = plugins_manager._get_ui_plugins()
apps, _ = plugins_manager.get_fastapi_plugins()
(mine,) = [app for app in apps if app["name"] == "Fossil record"]
routes = [[route.path, sorted(getattr(route, "methods", None) or [])] for route in mine["app"].routes]
print(json.dumps({"views": views, "routes": routes, "prefix": mine["url_prefix"]}))
"""


@pytest.fixture(scope="module")
def reader(server: Server) -> httpx.Client:
    """Who may see everything."""
    return httpx.Client(base_url=server.page, headers=server.sign_in("reader"), timeout=300)


@pytest.fixture(scope="module")
def told(airflow: dict[str, str]) -> dict[str, list[object]]:
    """What Airflow has learnt of the plugin."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=airflow, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, list[object]] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_every_route_is_asked_here(told: dict[str, list[object]]) -> None:
    """A route that is added later must not escape the next test; and none changes anything."""
    assert {path.partition("?")[0] for path in ROUTES} == {path for path, _ in told["routes"]}  # type: ignore[misc]
    assert {method for _, methods in told["routes"] for method in methods} == {"GET"}  # type: ignore[misc]


@pytest.mark.parametrize("path", [*ROUTES, "/topic?number=x", "/run", "/similar?text=a+sentence"])
def test_nobody_reads_without_a_login_or_without_the_right(server: Server, path: str) -> None:
    anonymous = httpx.get(server.page + path, timeout=120)
    assert anonymous.status_code == 401
    stranger = httpx.get(server.page + path, headers=server.sign_in("stranger"), timeout=120)
    assert stranger.status_code == 403
    wrong = httpx.get(server.page + path, headers={"Authorization": "Bearer x.y.z"}, timeout=120)
    assert wrong.status_code in (401, 403)
    assert "0101.0" not in anonymous.text + stranger.text + wrong.text


def test_the_front_page_shows_the_newest_month_and_lets_choose_another(reader: httpx.Client, record_root: Path) -> None:
    text = reader.get("/").text
    assert "<h2>January 2012</h2>" in text
    assert '<option value="2009-12">December 2009</option>' in text
    assert "<h2>December 2009</h2>" in reader.get("/?month=2009-12").text
    summary = json.loads((record_root / "records/2012-01/summary.json").read_text())
    assert f"{summary['papers']} papers" in text


def test_nothing_is_fetched_from_elsewhere_and_nobody_else_may_frame_it(reader: httpx.Client) -> None:
    policy = reader.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?! src=)|\son\w+=|\sstyle=", reader.get("/compare").text)


def test_the_report_is_the_records_own_and_has_no_origin(reader: httpx.Client, record_root: Path) -> None:
    """It comes from the root: with Airflow's origin, who can write there could act as whoever reads it."""
    answer = reader.get("/report.html")
    assert answer.text == (record_root / "records/2012-01/report.html").read_text()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "frame-ancestors 'self'" in policy


def _papers_in(text: str) -> list[str]:
    return re.findall(r'href="https://arxiv\.org/abs/([^"]+)"', text)


def test_similar_papers_are_those_of_the_record(reader: httpx.Client, record_root: Path) -> None:
    papers = pq.read_table(record_root / "records/2012-01/papers.parquet").to_pylist()
    wanted = next(row for row in papers if row["id"] == "0101.00003")
    for asked in ("0101.00003", "https://arxiv.org/abs/0101.00003v2"):
        answer = reader.get("/similar", params={"id": asked})
        assert answer.status_code == 200
        assert _papers_in(answer.text) == ["0101.00003", *wanted["nearest_ids"]]
    answer = reader.get("/similar", params={"id": "101.00003"})
    assert answer.status_code == 404
    assert "Did you mean 0101.00003?" in answer.text


def test_a_sentence_and_several_papers_are_searched_for_by_the_service(reader: httpx.Client) -> None:
    """The model is the record's own, in another process."""
    found = reader.get("/similar", params={"text": "crystal film growth"})
    assert found.status_code == 200
    assert len(_papers_in(found.text)) == 20
    several = _papers_in(reader.get("/similar", params={"id": "0101.00003, 0501.00002"}).text)
    assert len(several) == 20
    assert not {"0101.00003", "0501.00002"} & set(several)


def test_a_topic_shows_its_papers_of_a_year(reader: httpx.Client, record_root: Path) -> None:
    papers = pq.read_table(record_root / "records/2012-01/papers.parquet", columns=["id", "topic"]).to_pylist()
    wanted = {row["id"] for row in papers if row["topic"] == 0 and row["id"].startswith("05")}
    text = reader.get("/topic?number=0").text
    (until,) = [day for day in re.findall(r"until=([0-9-]+)", text) if day.startswith("2005")]
    assert set(_papers_in(reader.get(f"/topic?number=0&until={until}").text)) == wanted
    assert reader.get("/topic?number=9999").status_code == 404


def test_two_months_stand_side_by_side(reader: httpx.Client) -> None:
    for path in ("/compare", "/compare?month=2012-01&other=2009-12"):
        assert "January 2012 beside December 2009" in reader.get(path).text


@pytest.mark.parametrize(
    "month", ["../../x", "2012-01/../2009-12", "%2e%2e%2f", "2012-13", "9" * 8, "2011-05", "a\x00b"]
)
def test_what_is_no_month_leads_nowhere(reader: httpx.Client, month: str) -> None:
    for path in ("/", "/report", "/report.html", "/similar", "/compare", "/topic"):
        answer = reader.get(path, params={"month": month, "number": 0, "id": "0101.00003"})
        assert answer.status_code in (404, 422)
    assert reader.get("/compare", params={"other": month}).status_code in (404, 422)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "../../../x"]
)
def test_hostile_text_stays_text(reader: httpx.Client, text: str) -> None:
    for parameters in ({"id": text}, {"text": text}, {"month": text[:7]}):
        answer = reader.get("/similar", params=parameters).text
        assert "<script>alert" not in answer
        assert "<img" not in answer
        assert "49" not in re.sub(r"[0-9.]{4,}", "", answer) or text != "{{ 7 * 7 }}"


def test_links_and_files_are_relative(reader: httpx.Client) -> None:
    """Below a sub-path, an address from the root would leave Airflow."""
    for path in ("/", "/report", "/topic?number=0", "/compare", "/similar?id=0101.00003"):
        assert not re.search(r'(href|action|src)="/', reader.get(path).text)


def test_the_server_has_loaded_no_model_and_no_index(server: Server, reader: httpx.Client) -> None:
    """After all that: torch in a process that forks hangs its children, and the API server must stay small."""
    reader.get("/similar", params={"text": "a sentence"}).raise_for_status()
    maps = Path(f"/proc/{server.process}/maps")
    if not maps.exists():
        pytest.skip("only Linux tells what a process has loaded")
    loaded = maps.read_text()
    assert "pyarrow" in loaded
    assert not re.search(r"/(torch|faiss|sklearn|openTSNE)/", loaded)


def test_airflow_is_told_of_a_page_and_of_a_tab_on_each_run(told: dict[str, list[dict[str, str]]]) -> None:
    mine = [view for view in told["views"] if view["name"] == "Fossil record"]
    assert {view["destination"] for view in mine} == {"nav", "dag_run"}
    assert all(not view["href"].startswith("/") for view in mine)


def test_the_last_tasks_carry_a_link_to_the_runs_record(server: Server) -> None:
    """It is relative to the UI's own address, which has a path here, and leads to the run's tab."""
    known = server.sign_in("reader")
    runs = httpx.get(f"{server.url}/api/v2/dags/fossil_record/dagRuns", headers=known, timeout=120).json()["dag_runs"]
    run = runs[0]["dag_run_id"]
    for task in ("report", "export"):
        address = f"{server.url}/api/v2/dags/fossil_record/dagRuns/{run}/taskInstances/{task}/links"
        links = httpx.get(address, headers=known, timeout=120).json()["extra_links"]
        quoted = run.replace(":", "%3A").replace("+", "%2B")
        assert links == {"Open the record": f"dags/fossil_record/runs/{quoted}/plugin/fossil-record-run"}
    page = httpx.get(
        f"{server.page}/run", params={"dag_id": "fossil_record", "run_id": run}, headers=known, timeout=120
    )
    assert "<h2>January 2012</h2>" in page.text
