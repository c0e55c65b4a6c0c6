"""The alert of a failed task. If these fail, nobody is told, or a dead webhook hides why the task failed."""

from __future__ import annotations

import http.server
import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from operations.alert import run_sentence, sentence, tell, tell_of_run


def context(map_index: int = 3) -> dict[str, Any]:
    run = SimpleNamespace(dag_id="fossil_record", run_id="manual__1", conf={"month": "2019-12"}, partition_key=None)
    task = SimpleNamespace(task_id="embed", map_index=map_index)
    return {"ti": task, "dag_run": run, "exception": ValueError("row 7 is not of unit length")}


def test_the_sentence_names_task_index_month_and_reason() -> None:
    assert sentence(context()) == "fossil_record: embed[3] failed for 2019-12 (manual__1): row 7 is not of unit length"
    assert "embed failed" in sentence(context(-1))


def test_a_lost_task_is_told_with_what_is_known() -> None:
    """Else the line of a worker that ran out of memory ends in "None", and nobody knows where to look."""
    lost = context() | {"exception": None}
    assert sentence(lost).endswith("(manual__1): its process was killed or lost; its log and the scheduler's say more")
    del lost["exception"]
    assert "killed or lost" in sentence(lost)
    assert sentence(lost | {"reason": "timed_out"}).endswith(": timed_out")
    assert sentence(lost | {"exception": MemoryError()}).endswith(": MemoryError")


def test_the_sentence_about_a_run_names_month_reason_and_last_task() -> None:
    """A task killed for its memory in its last try tells nothing itself: this is the only line that anyone gets."""
    failed = context() | {"reason": "task_failure"}
    told = "fossil_record: the run failed for 2019-12 (manual__1): task failure, last in embed[3]"
    assert run_sentence(failed) == told
    # As Airflow gives it where it cannot name a task.
    bare = {"dag": SimpleNamespace(dag_id="fossil_record"), "run_id": "scheduled__1", "reason": "all_tasks_deadlocked"}
    told = "fossil_record: the run failed for a month not known here (scheduled__1): all tasks deadlocked"
    assert run_sentence(bare) == told


@pytest.mark.parametrize("missing", ["ti", "dag_run", "exception", "all"])
def test_nothing_that_airflow_leaves_out_keeps_the_line_from_being_sent(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A callback that fails is only a line in the DAG processor's log, and nobody is told of the run."""
    given = {} if missing == "all" else {name: value for name, value in context().items() if name != missing}
    if missing == "dag_run":
        given["ti"].map_index = None
    elif missing == "ti":
        given["dag_run"].conf = None
    sent: list[Any] = []

    class Answer:
        def raise_for_status(self) -> None:
            pass

    def post(url: str, **named: Any) -> Answer:
        sent.append(named["json"]["text"])
        return Answer()

    monkeypatch.setenv("STRATA_ALERT_URL", "http://hook.example/")
    monkeypatch.setattr("httpx.post", post)
    tell(given)
    tell_of_run(given)
    assert len(sent) == 2 and all("fossil_record: " in text for text in sent)


def test_the_webhook_gets_it_and_a_dead_one_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    got: list[Any] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    monkeypatch.setenv("STRATA_ALERT_URL", f"http://127.0.0.1:{server.server_port}/secret-token")
    tell(context())
    thread.join(20)
    server.server_close()
    assert got == [{"text": sentence(context())}]
    tell(context())
    assert "not delivered" in caplog.text
    assert "secret-token" not in caplog.text
