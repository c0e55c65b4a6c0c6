"""Airflow's REST API, as far as it is needed here. Only the standard library: no proxy may come between."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

_TIMEOUT_S = 30.0
_PAGE = 1000


class Unreachable(Exception):
    """No answer: the API server is not there, not there yet, or too busy."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused  # nobody listens


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


class Api:
    """A client for one API server on loopback, where everyone is an admin."""

    def __init__(self, url: str, timeout_s: float = _TIMEOUT_S) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout_s
        self._token = ""
        # The user's http_proxy is not for loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str, **query: str | int) -> Any:
        """Return a resource under /api/v2. Raises Unreachable, ApiError."""
        return self._call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create a resource. Raises Unreachable, ApiError."""
        return self._call("POST", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change a resource. Raises Unreachable, ApiError."""
        return self._call("PATCH", path, body)

    def all(self, path: str, key: str, **query: str | int) -> list[Any]:
        """Return all items of a listing, page by page."""
        items: list[Any] = []
        while True:
            page = self.get(path, limit=_PAGE, offset=len(items), **query)
            items += page[key]
            if not page[key] or len(items) >= page["total_entries"]:
                return items

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            return self._send(method, "/api/v2" + path, body)
        except ApiError as error:
            if error.status != 401:
                raise
        # No token yet, or it has run out: it lives for a day, a run may be longer.
        self._token = self._send("GET", "/auth/token", None)["access_token"]
        return self._send(method, "/api/v2" + path, body)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, _detail(error)) from None
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            refused = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
            raise Unreachable(f"{method} {path}: {error}", refused=refused) from error


def quoted(name: str) -> str:
    """Return a name as one part of a path."""
    return urllib.parse.quote(name, safe="")


def _detail(error: urllib.error.HTTPError) -> str:
    text = error.read().decode(errors="replace")
    try:
        detail = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError):
        return text[:500] or str(error.reason)
    return detail if isinstance(detail, str) else json.dumps(detail)
