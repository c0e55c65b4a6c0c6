"""Downloads from a server that misbehaves. If these fail, half a snapshot passes for a whole one, or a service is
hammered."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest
from server import Server, goog_hash

from strata.errors import BadSnapshot, StrataError, Unavailable
from strata.sources.download import Expected, client, download, get_json

BODY = np.random.default_rng(3).bytes(3_000_000)
SHA256 = hashlib.sha256(BODY).hexdigest()


def fetch(server: Server, target: Path, expected: Expected | None = None) -> str:
    with client() as http:
        return download(http, f"{server.url}/file", target, expected or Expected())


def ranges(server: Server) -> list[str]:
    return [headers.get("range", "") for _, headers in server.asked]


def test_a_whole_file_comes_and_leaves_nothing_beside_it(server: Server, tmp_path: Path) -> None:
    server.file("/file", BODY, headers=goog_hash(BODY))
    assert fetch(server, tmp_path / "f", Expected(len(BODY), SHA256)) == SHA256
    assert (tmp_path / "f").read_bytes() == BODY
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["f"]


def test_what_breaks_off_is_gone_on_with_where_it_was(server: Server, tmp_path: Path) -> None:
    server.file("/file", BODY, breaks_off=2)
    assert fetch(server, tmp_path / "f") == SHA256
    begun = [int(span.removeprefix("bytes=").rstrip("-")) for span in ranges(server)[1:]]
    assert len(begun) == 2 and 0 < begun[0] < begun[1] < len(BODY)


def test_a_later_call_goes_on_where_a_killed_one_stopped(server: Server, tmp_path: Path) -> None:
    server.file("/file", BODY, breaks_off=99)
    with pytest.raises(Unavailable):
        fetch(server, tmp_path / "f")
    assert not (tmp_path / "f").exists()
    have = (tmp_path / "f.part").stat().st_size
    server.asked.clear()
    server.file("/file", BODY)
    assert fetch(server, tmp_path / "f") == SHA256
    assert ranges(server) == [f"bytes={have}-"]


def test_what_had_come_whole_before_a_kill_is_not_fetched_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the last second of a download costs another hour."""
    server.file("/file", BODY)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("strata.sources.download._check", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        fetch(server, tmp_path / "f")
    server.asked.clear()
    assert fetch(server, tmp_path / "f", Expected(len(BODY), SHA256)) == SHA256
    assert server.asked == []


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.file("/file", bytes(len(BODY)), breaks_off=99)
    with pytest.raises(Unavailable):
        fetch(server, tmp_path / "f")
    server.file("/file", BODY)
    assert fetch(server, tmp_path / "f") == SHA256


def test_a_server_without_ranges_is_asked_for_all_of_it(server: Server, tmp_path: Path) -> None:
    server.file("/file", BODY, breaks_off=2, ranges=False)
    assert fetch(server, tmp_path / "f") == SHA256


@pytest.mark.parametrize("as_a_date", [False, True])
def test_a_busy_server_is_left_alone_as_long_as_it_asks(
    server: Server, tmp_path: Path, waits: list[float], as_a_date: bool
) -> None:
    then = datetime.now(timezone.utc) + timedelta(seconds=70)
    asked = format_datetime(then, usegmt=True) if as_a_date else "70"
    server.file("/file", BODY, statuses=[(429, {"Retry-After": asked}), (500, {}), (503, {})])
    assert fetch(server, tmp_path / "f") == SHA256
    assert len(waits) == 3
    assert 40 <= waits[0] <= 70
    assert 0 < waits[1] < waits[0]


def test_a_server_that_asks_for_a_day_is_not_waited_for(server: Server, tmp_path: Path, waits: list[float]) -> None:
    server.file("/file", BODY, statuses=[(429, {"Retry-After": "86400"})])
    with pytest.raises(Unavailable, match="429"):
        fetch(server, tmp_path / "f")
    assert waits == []


def test_a_server_that_stays_broken_is_given_up(server: Server, tmp_path: Path, waits: list[float]) -> None:
    server.file("/file", BODY, statuses=[(500, {})] * 50)
    with pytest.raises(Unavailable, match=r"status 500.*name its file"):
        fetch(server, tmp_path / "f")
    assert len(server.asked) == 8
    assert waits[:4] == sorted(waits[:4])
    assert len(waits) == 7


def test_a_redirect_is_followed_and_credentials_stay_behind(server: Server, tmp_path: Path) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.file("/file", b"", redirect=f"{elsewhere}/signed")
    server.file("/signed", BODY)
    with client({"Authorization": "Bearer secret"}) as http:
        assert download(http, f"{server.url}/file", tmp_path / "f", Expected()) == SHA256
    (first, told), (second, passed_on) = server.asked
    assert (first, second) == ("/file", "/signed")
    assert "authorization" in told and "authorization" not in passed_on


def test_a_wrong_length_is_fetched_once_more_and_then_refused(server: Server, tmp_path: Path) -> None:
    server.file("/file", BODY, announces_more=1)
    assert fetch(server, tmp_path / "f", Expected(len(BODY))) == SHA256
    server.file("/file", BODY)
    with pytest.raises(BadSnapshot, match=r"3000000 bytes came, 3000001 were expected, twice"):
        fetch(server, tmp_path / "g", Expected(len(BODY) + 1))


def test_other_bytes_than_announced_are_refused(server: Server, tmp_path: Path) -> None:
    server.file("/file", BODY, headers=goog_hash(b"something else"))
    with pytest.raises(BadSnapshot, match="MD5"):
        fetch(server, tmp_path / "f")
    server.file("/file", BODY)
    with pytest.raises(BadSnapshot, match="SHA-256"):
        fetch(server, tmp_path / "f", Expected(sha256="0" * 64))
    assert not (tmp_path / "f").exists()


def test_a_web_page_is_not_a_snapshot(server: Server, tmp_path: Path) -> None:
    server.file("/file", b"<html>Please sign in</html>", content_type="text/html; charset=utf-8")
    with pytest.raises(BadSnapshot, match=r"web page instead of the file.*Please sign in"):
        fetch(server, tmp_path / "f")


@pytest.mark.parametrize(("status", "words"), [(401, "credentials"), (403, "credentials"), (404, "no such version")])
def test_a_refusal_is_final_and_says_why(server: Server, tmp_path: Path, status: int, words: str) -> None:
    server.file("/file", BODY, statuses=[(status, {})])
    with pytest.raises(BadSnapshot, match=words):
        fetch(server, tmp_path / "f")
    assert len(server.asked) == 1


def test_without_a_network_the_message_says_what_to_do(tmp_path: Path) -> None:
    with client() as http, pytest.raises(Unavailable, match="Without a network, download the snapshot elsewhere") as no:
        download(http, "http://127.0.0.1:9/file", tmp_path / "f", Expected())
    assert not isinstance(no.value, (StrataError, OSError)), "Airflow would not try again"


def test_html_instead_of_json_is_named(server: Server) -> None:
    server.file("/list", b"<html>Sign in</html>", content_type="text/html")
    with client() as http, pytest.raises(BadSnapshot, match="text/html where JSON should be: <html>Sign in"):
        get_json(http, f"{server.url}/list")
