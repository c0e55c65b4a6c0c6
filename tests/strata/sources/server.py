"""A local HTTP server that speaks like Kaggle and the Hugging Face hub, and breaks off, stalls and lies on request."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """What a path answers. Each flaw is shown that many times, then the answer is right."""

    body: bytes
    content_type: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    breaks_off: int = 0
    announces_more: int = 0  # says one byte more than there is, and sends another one
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    redirect: str = ""
    ranges: bool = True


class Server:
    """Answers by path; ``asked`` lists every request as (path with query, headers)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def json(self, path: str, document: Any, **how: Any) -> None:
        self.answers[path] = Answer(json.dumps(document).encode(), "application/json", **how)

    def file(self, path: str, body: bytes, **how: Any) -> Answer:
        tag = {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}
        self.answers[path] = Answer(body, headers=tag | how.pop("headers", {}), **how)
        return self.answers[path]


def goog_hash(body: bytes) -> dict[str, str]:
    """The digest as Google's storage sends it."""
    return {"x-goog-hash": f"crc32c=AAAAAA==, md5={base64.b64encode(hashlib.md5(body).digest()).decode()}"}


@contextmanager
def serving() -> Iterator[Server]:
    state: list[Server] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server = state[0]
            server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            answer = server.answers.get(self.path)
            if answer is None:
                return self._send(404, b"not here", {})
            if answer.statuses:
                status, headers = answer.statuses.pop(0)
                return self._send(status, b"busy", headers)
            if answer.redirect:
                return self._send(302, b"", {"Location": answer.redirect})
            return self._file(answer)

        def _file(self, answer: Answer) -> None:
            start, status = 0, 200
            headers = {"Content-Type": answer.content_type, **answer.headers}
            asked = self.headers.get("Range", "")
            if asked and answer.ranges and self.headers.get("If-Range") == answer.headers.get("ETag"):
                start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
                if start >= len(answer.body):
                    return self._send(416, b"", {})
                headers["Content-Range"] = f"bytes {start}-{len(answer.body) - 1}/{len(answer.body)}"
            body = answer.body[start:]
            if answer.announces_more:
                answer.announces_more -= 1
                body += b"x"
            if answer.breaks_off:
                answer.breaks_off -= 1
                headers["Connection"] = "close"
                return self._send(status, body[: len(body) // 2], headers, len(body))
            return self._send(status, body, headers)

        def _send(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = length is not None

        def log_message(self, *_: Any) -> None:
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    state.append(Server(f"http://127.0.0.1:{httpd.server_port}"))
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state[0]
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()
