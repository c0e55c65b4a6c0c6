"""The service for sentences. If these fail, strangers search, or the page finds other papers than the shell does."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.strata.conftest import WordEncoder

from strata.__main__ import main
from strata.errors import BadRequest
from strata.published import Published
from strata.similar import service, similar
from strata.storage import Storage

SECRET = "s" * 32
KNOWN = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture
def client(record_root: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr("strata.encoders.load", lambda model: WordEncoder())
    return TestClient(service.make_service(str(record_root), SECRET))


@pytest.mark.parametrize("told", ["", "Bearer", f"Bearer {SECRET}x", f"Basic {SECRET}", "Bearer \xe9"])
def test_nobody_without_the_secret_is_answered(client: TestClient, told: str) -> None:
    for method, path in (("POST", "/similar"), ("GET", "/"), ("GET", "/docs"), ("GET", "/openapi.json")):
        headers = [(b"authorization", told.encode("latin-1"))]
        assert client.request(method, path, headers=headers, json={"month": "2012-01"}).status_code == 401  # type: ignore[arg-type]


def test_it_does_not_start_without_a_secret(record_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="at least 32"):
        service.make_service(str(record_root), "short")
    monkeypatch.delenv("STRATA_SENTENCES_SECRET", raising=False)
    assert main(["serve-sentences", "--root", str(record_root)]) == 1


def test_it_finds_what_the_shell_finds(
    client: TestClient, published_storage: Storage, published_record: Published
) -> None:
    text = "crystal film growth rate"
    for papers, sentence in ((["0101.00003", "0501.00002"], ""), ([], text), (["0101.00003"], text)):
        asked = {"month": "2012-01", "papers": papers, "text": sentence, "top": 7}
        answer = client.post("/similar", json=asked, headers=KNOWN)
        assert answer.status_code == 200, answer.text
        wanted = similar(published_storage, published_record, papers, sentence, top=7)
        found = answer.json()["found"]
        assert [(row["id"], row["title"], row["date"]) for row in found] == [
            (paper.id, paper.title, paper.date.isoformat()) for paper in wanted
        ]
        assert [row["similarity"] for row in found] == [pytest.approx(paper.similarity) for paper in wanted]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"month": "2011-05", "text": "x"}, "no record of 2011-05"),
        ({"month": "../x", "text": "x"}, "not a month"),
        ({"month": "2012-01", "papers": ["101.00003"]}, "Did you mean 0101.00003?"),
        ({"month": "2012-01"}, "name at least one paper"),
        ({"month": "2012-01", "text": "x", "top": 10**6}, "top"),
        ({"month": "2012-01", "papers": ["x"] * 1000}, "papers"),
    ],
)
def test_nonsense_is_answered_with_what_is_wrong(client: TestClient, asked: dict[str, Any], says: str) -> None:
    answer = client.post("/similar", json=asked, headers=KNOWN)
    assert answer.status_code == 422
    assert says in answer.text


def test_the_model_is_loaded_once_and_only_for_a_text(record_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    monkeypatch.setattr("strata.encoders.load", lambda model: loaded.append(model) or WordEncoder())
    client = TestClient(service.make_service(str(record_root), SECRET))
    client.post("/similar", json={"month": "2012-01", "papers": ["0101.00003"]}, headers=KNOWN).raise_for_status()
    assert loaded == []
    for month in ("2012-01", "2009-12", "2012-01"):
        client.post("/similar", json={"month": month, "text": "star"}, headers=KNOWN).raise_for_status()
    assert len(loaded) == 1


def test_one_search_runs_at_a_time_and_few_wait(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory must stay that of one search, and whoever comes too late must be told at once."""
    go, running, most, lock = threading.Event(), [0], [0], threading.Lock()

    def slow(*arguments: object, **how: object) -> list[object]:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        go.wait(60)
        with lock:
            running[0] -= 1
        return []

    monkeypatch.setattr(service, "similar", slow)
    answers: list[int] = []

    def ask() -> None:
        body = {"month": "2012-01", "papers": ["0101.00003"]}
        answers.append(client.post("/similar", json=body, headers=KNOWN).status_code)

    waiting = [threading.Thread(target=ask) for _ in range(service._WAITING + 3)]
    for thread in waiting:
        thread.start()
    while len(answers) < 3:
        threading.Event().wait(0.05)
    assert set(answers) == {503}
    go.set()
    for thread in waiting:
        thread.join()
    assert sorted(answers) == [200] * service._WAITING + [503] * 3
    assert most[0] == 1
