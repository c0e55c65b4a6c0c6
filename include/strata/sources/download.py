"""One file over HTTP, whole or not at all: goes on where it broke off, checks size and digest, waits politely."""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import hashlib
import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from strata.errors import BadSnapshot, Unavailable
from strata.progress import Reporter

log = logging.getLogger(__name__)

_TRIES = 8  # without a byte of progress in between
_LONGEST_WAIT_S = 60.0
_LONGEST_ASKED_WAIT_S = 900.0
_CHUNK = 1 << 20
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_sleep = time.sleep


@dataclass(frozen=True)
class Expected:
    """What is known of a file beforehand."""

    size: int | None = None  # bytes
    sha256: str | None = None  # hex


class _TryAgain(Exception):
    """This attempt failed in a way that another may not. Carries how long the server asks to wait, if it does."""

    def __init__(self, problem: str, wait_s: float | None = None) -> None:
        super().__init__(problem)
        self.wait_s = wait_s


def client(headers: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None) -> httpx.Client:
    """Return a client that follows redirects (and hands no credentials to another host) and honours proxies."""
    agent = {"User-Agent": "arxiv-strata (a monthly reader of arXiv's metadata)", "Accept-Encoding": "identity"}
    return httpx.Client(
        headers=agent | dict(headers or {}), auth=auth, follow_redirects=True, timeout=httpx.Timeout(60, connect=20)
    )


def get_json(http: httpx.Client, url: str) -> tuple[Any, httpx.Response]:
    """Return a JSON answer and the response it came in.

    Raises:
        BadSnapshot: there is no such thing, it may not be read, or the answer is not JSON.
        Unavailable: the service does not answer.
    """
    waits = _Waits(url)
    while True:
        try:
            response = http.get(url)
            _refuse(response)
            try:
                return response.json(), response
            except ValueError:
                raise BadSnapshot(f"{url} answers {_kind(response)} where JSON should be: {_start(response)}") from None
        except (httpx.TransportError, _TryAgain) as error:
            waits.wait(error)


def download(http: httpx.Client, url: str, target: Path, expected: Expected) -> str:
    """Fetch a file to ``target``; what an earlier call left in ``target.part`` is kept if the file is still the same.

    Returns:
        The SHA-256 of its bytes, hex.

    Raises:
        BadSnapshot: the server has no such file, refuses, sends a page instead, or twice something else than expected.
        Unavailable: it does not come to an end after all tries.
    """
    part, waits, wrong = target.with_name(f"{target.name}.part"), _Waits(url), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    while True:
        have = part.stat().st_size if part.exists() else 0
        try:
            facts = _fetch(http, url, part, expected.size)
        except (httpx.TransportError, httpx.StreamError, _TryAgain) as error:
            if part.exists() and part.stat().st_size > have:
                waits.start_again()
            waits.wait(error)
            continue
        problem, digest = _check(part, facts, expected)
        if problem is None:
            part.replace(target)
            _facts_file(part).unlink(missing_ok=True)
            return digest
        part.unlink()
        wrong += 1
        if wrong == 2:
            raise BadSnapshot(f"{url}: {problem}, twice")
        log.warning("%s: %s; fetching it once more from the start", url, problem)


def _fetch(http: httpx.Client, url: str, part: Path, size: int | None) -> dict[str, Any]:
    """Append to ``part`` until the file is whole; return what the server says of it: size, etag, md5."""
    facts = _read_facts(part, url)
    have = part.stat().st_size if facts else 0
    if have and have == facts["size"]:  # killed between the last byte and the check
        return facts
    # If-Range: should the file have changed since, the whole new one comes instead of its end.
    asked = {"Range": f"bytes={have}-", "If-Range": facts["etag"]} if have and facts["etag"] else {}
    with http.stream("GET", url, headers=asked) as response:
        if response.status_code == 416:
            part.unlink(missing_ok=True)
            raise _TryAgain(f"the server does not go on at byte {have}")
        _refuse(response)
        if "text/html" in response.headers.get("content-type", ""):
            response.read()
            raise BadSnapshot(f"{url} answers with a web page instead of the file: {_start(response)}")
        if response.status_code == 206:
            start, total = _content_range(response)
            if start != have:
                raise _TryAgain(f"asked to go on at byte {have}, the server begins at {start}")
        else:
            have, total = 0, _number(response.headers.get("content-length"))
        facts = {"url": url, "etag": _strong(response.headers.get("etag")), "size": total, "md5": _md5(response)}
        _facts_file(part).write_text(json.dumps(facts))
        report = Reporter(log, "download", part.name.removesuffix(".part"), total or size or have, "bytes")
        with part.open("ab" if have else "wb") as file:
            for chunk in response.iter_raw():
                file.write(chunk)
                have += len(chunk)
                report(have)
    if total is not None and have < total:
        raise _TryAgain(f"{have} of {total} bytes came")
    return facts


def _check(part: Path, facts: dict[str, Any], expected: Expected) -> tuple[str | None, str]:
    """Return what is wrong with a fetched file, if anything, and its SHA-256."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with part.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
    size, digest = part.stat().st_size, sha256.hexdigest()
    for name, told in (("announced", facts["size"]), ("expected", expected.size)):
        if told is not None and size != told:
            return f"{size} bytes came, {told} were {name}", digest
    if expected.sha256 is not None and digest != expected.sha256:
        return f"its SHA-256 is {digest}, not {expected.sha256}", digest
    if facts["md5"] is not None and md5.hexdigest() != facts["md5"]:
        return f"its MD5 is {md5.hexdigest()}, not {facts['md5']} as the server says", digest
    return None, digest


def _refuse(response: httpx.Response) -> None:
    status, url = response.status_code, response.request.url.copy_with(query=None)
    if status in _BUSY:
        raise _TryAgain(f"status {status}", _retry_after(response.headers.get("retry-after")))
    if status in {401, 403}:
        raise BadSnapshot(f"{url} refuses (status {status}): it may need credentials, or other ones")
    if status in {404, 410}:
        raise BadSnapshot(f"{url}: there is no such version (status {status})")
    if status >= 400:
        raise BadSnapshot(f"{url} answers status {status}: {_start(response)}")


class _Waits:
    """Growing pauses between tries, longer where the server asks for it."""

    def __init__(self, url: str) -> None:
        self._url, self._failed = url, 0

    def start_again(self) -> None:
        """Count anew, as there was progress."""
        self._failed = 0

    def wait(self, error: Exception) -> None:
        """Pause before the next try, or give up."""
        self._failed += 1
        problem = f"{type(error).__name__.lstrip('_')}: {error}"
        asked = error.wait_s if isinstance(error, _TryAgain) else None
        if self._failed >= _TRIES or (asked or 0) > _LONGEST_ASKED_WAIT_S:
            raise Unavailable(
                f"{self._url} cannot be had: {problem}. Without a network, download the snapshot elsewhere and name "
                "its file"
            ) from error
        pause = asked if asked is not None else min(_LONGEST_WAIT_S, 2**self._failed) * random.uniform(0.5, 1)
        log.warning("%s: %s; trying again in %.0f s", self._url, problem, pause)
        _sleep(pause)


def _retry_after(text: str | None) -> float | None:
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when - dt.datetime.now(dt.timezone.utc)).total_seconds())


def _content_range(response: httpx.Response) -> tuple[int, int | None]:
    span, _, total = response.headers.get("content-range", "").removeprefix("bytes ").partition("/")
    start = span.partition("-")[0]
    if not start.isdigit():
        raise _TryAgain("the server sends a part and does not say which")
    return int(start), _number(total)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _strong(etag: str | None) -> str | None:
    # A weak tag vouches for no bytes: If-Range must not carry one.
    return None if etag is None or etag.startswith("W/") else etag


def _md5(response: httpx.Response) -> str | None:
    """Return the digest that Google's storage, from which Kaggle serves, sends along."""
    for value in response.headers.get_list("x-goog-hash", split_commas=True):
        name, _, digest = value.strip().partition("=")
        if name == "md5":
            return base64.b64decode(digest).hex()
    return None


def _facts_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_facts(part: Path, url: str) -> dict[str, Any]:
    """Return what is known of the file that ``part`` is the beginning of; nothing if that is another one."""
    try:
        facts = dict(json.loads(_facts_file(part).read_text()))
    except (FileNotFoundError, ValueError):
        return {}
    return facts if part.exists() and facts.get("url") == url else {}


def _kind(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "something unnamed"))


def _start(response: httpx.Response) -> str:
    if not response.is_closed:
        response.read()
    return " ".join(response.text[:200].split())
