"""The page inside Airflow. If these fail, it stands open to strangers, or shows something else than the record."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.airflow

# Apart, as Airflow reads its settings once; all in one process, as that is what takes the time.
ASK = """
import json, sys
from fastapi.testclient import TestClient
from airflow.api_fastapi.app import create_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
app = create_app(apps="core")
from airflow.api_fastapi.app import get_auth_manager
clients = {None: TestClient(app, raise_server_exceptions=False)}
for name, role in (("reader", "VIEWER"), ("stranger", None)):
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))
    clients[name] = TestClient(app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)
answers = []
for who, path in json.loads(sys.argv[1]):
    got = clients[who].get("/fossil-record" + path)
    answers.append([got.status_code, got.text, dict(got.headers)])
from strata_page.pages import app as page
from airflow import plugins_manager
views, _ = plugins_manager._get_ui_plugins()
print(json.dumps({
    "answers": answers, "routes": [route.path for route in page.routes], "views": views,
    "heavy": [name for name in ("torch", "faiss", "sentence_transformers", "sklearn") if name in sys.modules],
}))
"""
ROUTES = ["/", "/report", "/topic?number=0", "/similar?id=0101.00003", "/compare", "/run?dag_id=a&run_id=b"]
ROUTES += ["/style.css", "/links.js"]
READ = ["/?month=2009-12", "/topic?number=0&year=2005", "/similar?id=https://arxiv.org/abs/0101.00003v2"]
READ += ["/similar?id=101.00003", "/compare?month=2012-01&other=2009-12", "/?month=2011-05", "/report?month=../../x"]
READ += ["/topic?number=9999", "/similar?id=%3Cscript%3Ealert(1)%3C/script%3E"]


@pytest.fixture(scope="module")
def told(airflow: dict[str, str]) -> dict[str, Any]:
    """What the server answers to everyone, what it is made of, and what it has loaded."""
    asked = [(who, path) for who in (None, "stranger", "reader") for path in [*ROUTES, *READ]]
    command = [sys.executable, "-c", ASK, json.dumps(asked)]
    done = subprocess.run(command, env=airflow, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    found["of"] = {(who, path): answer for (who, path), answer in zip(asked, found["answers"], strict=True)}
    return found


def test_every_route_is_asked_here(told: dict[str, Any]) -> None:
    """A route that is added later must not escape the tests below."""
    assert {path.partition("?")[0] for path in ROUTES} == set(told["routes"])


@pytest.mark.parametrize("path", ROUTES)
def test_nobody_reads_without_a_login_or_without_the_right(told: dict[str, Any], path: str) -> None:
    assert told["of"][None, path][0] == 401
    assert told["of"]["stranger", path][0] == 403
    assert "0101.0" not in told["of"][None, path][1] + told["of"]["stranger", path][1]


def test_the_server_loads_no_model_and_no_index(told: dict[str, Any]) -> None:
    """The API server must stay small, and torch in a process that forks hangs its children."""
    assert told["heavy"] == []


def test_the_front_page_shows_the_newest_month_and_lets_choose_another(told: dict[str, Any], record_root: Path) -> None:
    status, text, headers = told["of"]["reader", "/"]
    assert status == 200
    assert "January 2012" in text
    assert '<option value="2009-12">December 2009</option>' in text
    assert "<h2>December 2009</h2>" in told["of"]["reader", "/?month=2009-12"][1]
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    summary = json.loads((record_root / "records/2012-01/summary.json").read_text())
    assert f"{summary['papers']} papers" in text


def test_the_report_is_the_records_own(told: dict[str, Any], record_root: Path) -> None:
    status, text, _ = told["of"]["reader", "/report"]
    assert (status, text) == (200, (record_root / "records/2012-01/report.html").read_text())


def test_similar_papers_are_those_of_the_record(told: dict[str, Any], record_root: Path) -> None:
    papers = pq.read_table(record_root / "records/2012-01/papers.parquet").to_pylist()
    wanted = next(row for row in papers if row["id"] == "0101.00003")
    for path in ("/similar?id=0101.00003", READ[2]):
        status, text, _ = told["of"]["reader", path]
        assert status == 200
        found = [part.partition('"')[0] for part in text.partition("<tbody>")[2].split("https://arxiv.org/abs/")[1:]]
        assert found == wanted["nearest_ids"]
    status, text, _ = told["of"]["reader", "/similar?id=101.00003"]
    assert status == 404
    assert "Did you mean 0101.00003?" in text


def test_a_topic_shows_its_papers_of_a_year(told: dict[str, Any], record_root: Path) -> None:
    papers = pq.read_table(record_root / "records/2012-01/papers.parquet", columns=["id", "topic"]).to_pylist()
    wanted = {row["id"] for row in papers if row["topic"] == 0 and row["id"].startswith("05")}
    text = told["of"]["reader", "/topic?number=0&year=2005"][1]
    assert {part.partition('"')[0] for part in text.split("https://arxiv.org/abs/")[1:]} == wanted
    assert told["of"]["reader", "/topic?number=9999"][0] == 404


def test_two_months_stand_side_by_side(told: dict[str, Any]) -> None:
    status, text, _ = told["of"]["reader", READ[4]]
    assert status == 200
    assert "January 2012 beside December 2009" in text


def test_nonsense_is_an_answer_and_hostile_text_stays_text(told: dict[str, Any]) -> None:
    assert told["of"]["reader", "/?month=2011-05"][0] == 404
    assert "there is no record of 2011-05" in told["of"]["reader", "/?month=2011-05"][1]
    assert told["of"]["reader", "/report?month=../../x"][0] in (404, 422)
    status, text, _ = told["of"]["reader", READ[8]]
    assert status == 404
    assert "<script>alert" not in text


def test_links_and_files_are_relative(told: dict[str, Any]) -> None:
    """Below a sub-path, an address from the root would leave Airflow."""
    for path in ("/", "/topic?number=0&year=2005", "/compare", "/similar?id=0101.00003"):
        text = told["of"]["reader", path][1]
        assert 'href="/' not in text
        assert 'action="/' not in text
        assert 'src="/' not in text


def test_airflow_is_told_of_a_page_and_of_a_tab_on_each_run(told: dict[str, Any]) -> None:
    mine = [view for view in told["views"] if view["name"] == "Fossil record"]
    assert {view["destination"] for view in mine} == {"nav", "dag_run"}
    assert all(not view["href"].startswith("/") for view in mine)
