"""The alert of a failed task. If these fail, nobody is told, or a dead webhook hides why the task failed."""

from __future__ import annotations

import http.server
import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from operations.alert import sentence, tell


def context(map_index: int = 3) -> dict[str, Any]:
    run = SimpleNamespace(dag_id="fossil_record", run_id="manual__1", conf={"month": "2019-12"}, partition_key=None)
    task = SimpleNamespace(task_id="embed", map_index=map_index)
    return {"ti": task, "dag_run": run, "exception": ValueError("row 7 is not of unit length")}


def test_the_sentence_names_task_index_month_and_reason() -> None:
    assert sentence(context()) == "fossil_record: embed[3] failed for 2019-12 (manual__1): row 7 is not of unit length"
    assert "embed failed" in sentence(context(-1))


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
