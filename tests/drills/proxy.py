"""An HTTP proxy on loopback that spoils answers: the store behind it is real, the network is bad."""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FAULTS = ("500", "503", "reset", "truncated")
_BODY = {
    "500": b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>We failed.</Message></Error>",
    "503": b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>",
}


class Spoiler(ThreadingHTTPServer):
    """Passes every request on to a store, and spoils a share of them, drawn by a seed."""

    daemon_threads = True

    def __init__(self, target: str, rate: float, faults: tuple[str, ...], seed: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target).netloc
        self.rate, self.faults = rate, faults
        self.draw, self.lock = random.Random(seed), threading.Lock()
        self.made: Counter[str] = Counter()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_fault(self, method: str) -> str | None:
        """What happens to this request; only an answer with a body can be cut short."""
        with self.lock:
            fault = self.draw.choice(self.faults) if self.draw.random() < self.rate else None
            if fault == "truncated" and method != "GET":
                fault = None
            self.made[fault or "none"] += 1
        return fault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Spoiler

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self._body()
        fault = self.server.next_fault(self.command)
        if fault == "reset":
            self._reset()
        elif fault in _BODY:
            self._send(int(fault), {"Content-Type": "application/xml"}, _BODY[fault])
        else:
            status, headers, data = self._pass_on(body)
            self._send(status, headers, data, cut=fault == "truncated" and len(data) > 1)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _pass_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(self.server.target, timeout=60)
        dropped = {"transfer-encoding", "expect", "connection", "content-length"}
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        upstream.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
        answer = upstream.getresponse()
        data = answer.read()
        told = {name: value for name, value in answer.getheaders() if name.lower() not in dropped}
        if self.command == "HEAD" and (length := answer.getheader("Content-Length")):
            told["Content-Length"] = length
        upstream.close()
        return answer.status, told, data

    def _send(self, status: int, headers: dict[str, str], data: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in ({"Content-Length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self._reset()

    def _reset(self) -> None:
        self.wfile.flush()
        # Linger for no time: the other side sees the connection reset, not closed.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def spoiling(target: str, rate: float, faults: tuple[str, ...] = FAULTS, seed: int = 0) -> Iterator[Spoiler]:
    """Run one until the block ends."""
    spoiler = Spoiler(target, rate, faults, seed)
    thread = threading.Thread(target=spoiler.serve_forever, daemon=True)
    thread.start()
    try:
        yield spoiler
    finally:
        spoiler.shutdown()
        spoiler.server_close()
        thread.join()
