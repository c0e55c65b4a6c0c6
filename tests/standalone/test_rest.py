"""If these fail, a run longer than a day, of more than a thousand shards or behind a proxy is lost from sight."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from standalone.processes import free_port
from standalone.rest import Api, ApiError, Unreachable, quoted


class Handler(BaseHTTPRequestHandler):
    tokens = 0
    items = tuple(range(2500))

    def do_GET(self) -> None:
        if self.path == "/auth/token":
            Handler.tokens += 1
            self.answer(201, {"access_token": f"token {Handler.tokens}"})
        elif self.path == "/api/v2/garbage":
            self.answer(200, None, b"<html>")
        elif self.headers["Authorization"] != f"Bearer token {Handler.tokens}":
            self.answer(401, {"detail": "Not authenticated"})
        elif self.path.startswith("/api/v2/items"):
            offset = int(self.path.partition("offset=")[2])
            self.answer(200, {"items": self.items[offset : offset + 1000], "total_entries": len(self.items)})
        elif self.path == "/api/v2/invalid":
            self.answer(422, {"detail": [{"msg": "Field required"}]})
        else:
            self.answer(200, {"path": self.path})

    def answer(self, status: int, body: Any, data: bytes = b"") -> None:
        data = data or json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_token_is_fetched_when_it_is_needed_and_when_it_has_run_out(url: str) -> None:
    api = Api(url)
    assert api.get("/x")["path"] == "/api/v2/x"
    Handler.tokens += 1  # as if a day had passed
    assert api.get("/x", limit=5, state="a b")["path"] == "/api/v2/x?limit=5&state=a+b"


def test_listings_are_read_to_their_end(url: str) -> None:
    assert Api(url).all("/items", "items") == list(Handler.items)


def test_the_users_proxy_is_not_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert Api(url).get("/x")["path"] == "/api/v2/x"


def test_an_error_says_what_airflow_says(url: str) -> None:
    with pytest.raises(ApiError, match="Field required") as error:
        Api(url).get("/invalid")
    assert error.value.status == 422


def test_no_answer_is_told_from_an_error(url: str) -> None:
    with pytest.raises(Unreachable) as error:
        Api(f"http://127.0.0.1:{free_port()}").get("/x")
    assert error.value.refused
    with pytest.raises(Unreachable) as error:
        Api(url).get("/garbage")
    assert not error.value.refused


def test_a_run_id_cannot_leave_its_place_in_the_path() -> None:
    assert quoted("a/../b?c") == "a%2F..%2Fb%3Fc"
