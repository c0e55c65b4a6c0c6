"""``python -m airflow ...`` as the command sees it. FAKE in the environment says what goes wrong.

fails       a mapped task fails        import      the DAG cannot be imported     no-record   report returns nothing
dies        the scheduler ends         unmigrated  db migrate fails
slow        the run does not end       deaf        neither does a worker when it is asked to
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FAKE = os.environ.get("FAKE", "")
ENDLESS = ("slow", "deaf", "dies")
STAGES = ("find_snapshot", "shard", "embed", "cluster", "spread", "search", "neighbors", "map", "report", "export")
# What the API server must remember between requests.
RUN: dict[str, Any] = {}


def now() -> str:
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


def task(name: str, index: int, state: str | None) -> dict[str, Any]:
    return {
        "task_id": name, "map_index": index, "state": state, "try_number": int(state is not None),
        "rendered_map_index": f"{index:05d}" if index >= 0 and state != "failed" else None,
        "start_date": RUN["start"] if state else None, "end_date": now() if state in ("success", "failed") else None,
    }  # fmt: skip


def tasks() -> list[dict[str, Any]]:
    if FAKE in ENDLESS:
        return [task(stage, -1, "running" if stage == "find_snapshot" else None) for stage in STAGES]
    found = [task(stage, -1, "success") for stage in STAGES[:2]]
    found += [task("embed", index, "failed" if FAKE == "fails" and index else "success") for index in range(3)]
    return found + [task(stage, -1, "upstream_failed" if FAKE == "fails" else "success") for stage in STAGES[3:]]


def state() -> str:
    return RUN.get("state") or {"fails": "failed", **dict.fromkeys(ENDLESS, "running")}.get(FAKE, "success")


def write_results() -> None:
    home = Path(os.environ["AIRFLOW_HOME"])
    if FAKE == "fails":
        for index in (1, 2):
            log = home / f"logs/dag_id=fossil_record/run_id={RUN['id']}/task_id=embed/map_index={index}/attempt=1.log"
            log.parent.mkdir(parents=True)
            log.write_text((Path(__file__).parents[2] / "logs" / "exception.log").read_text())
    record = Path(os.environ["STRATA_ROOT"]) / "records" / "2019-12"
    record.mkdir(parents=True, exist_ok=True)
    (record / "summary.json").write_text(json.dumps({"findings": ["first words", "second", "third", "fourth"]}))
    (record / "manifest.json").write_text(json.dumps({"timings": {"embed": {"peak_memory": 512_000_000}}}))
    (home / "conf.json").write_text(json.dumps(RUN["conf"]))


class Handler(BaseHTTPRequestHandler):
    def answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else {}
        status, found = self.found(urlsplit(self.path).path, body)
        data = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = answer  # noqa: N815

    def found(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/auth/token":
            return 201, {"access_token": "token"}
        if path == "/api/v2/monitor/health":
            return 200, {p: {f"latest_{p}_heartbeat": now()} for p in ("scheduler", "dag_processor")}
        if self.headers["Authorization"] != "Bearer token":
            return 401, {"detail": "Not authenticated"}
        if path == "/api/v2/importErrors":
            errors = [{"filename": "fossil_record.py", "stack_trace": "ImportError: no such thing", "timestamp": now()}]
            return 200, {"import_errors": errors if FAKE == "import" else [], "total_entries": 1}
        if path == "/api/v2/dags/fossil_record":
            return 200, {"last_parsed_time": now()}
        if path.endswith("/dagRuns"):
            if body["conf"].get("sample") == 13:
                return 400, {"detail": "Invalid input for param sample: 13 is unlucky\n\nFailed validating"}
            RUN.update(id=body["dag_run_id"], start=now(), conf=body["conf"])
            write_results()
            return 200, {}
        if path.endswith("/taskInstances"):
            return 200, {"task_instances": tasks(), "total_entries": 8}
        if path.endswith("/return_value"):
            if FAKE == "no-record":
                return 404, {"detail": "not found"}
            return 200, {"value": {"month": "2019-12", "record": os.environ["STRATA_ROOT"] + "/records/2019-12"}}
        if re.fullmatch(r"/api/v2/dags/fossil_record/dagRuns/[^/]+", path):
            RUN.update(body)
            if body:
                (Path(os.environ["AIRFLOW_HOME"]) / "abandoned").write_text(body["state"])
            return 200, {"state": state()}
        return 404, {"detail": path}

    def log_message(self, *args: object) -> None:
        pass


def migrate() -> None:
    if FAKE == "unmigrated":
        sys.exit("no disk space")
    database = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].removeprefix("sqlite:///")
    with sqlite3.connect(database) as connection:
        connection.executescript(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT);"
            "DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('head');"
            "CREATE TABLE IF NOT EXISTS dag_run (run_id TEXT, state TEXT);"
            "CREATE TABLE IF NOT EXISTS task_instance (run_id TEXT, state TEXT);"
        )


def schedule() -> None:
    if FAKE == "dies":
        time.sleep(1)
        sys.exit("the database is gone")
    # A worker in a process group of its own, as Airflow's tasks are.
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " if FAKE == "deaf" else ""
    subprocess.Popen([sys.executable, "-c", f"import os, signal, time; {deaf}os.setpgid(0, 0); time.sleep(600)"])
    signal.pause()


if __name__ == "__main__":
    match = sys.argv[1]
    if match == "db":
        migrate()
    elif match == "scheduler":
        schedule()
    elif match == "api-server":
        HTTPServer(("127.0.0.1", int(os.environ["AIRFLOW__API__PORT"])), Handler).serve_forever()
    else:
        signal.pause()
