"""Claims. If these fail, a backfill and the monthly run embed the same papers side by side, or wait for ever."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from strata import claims, layout
from strata.claims import claimed, patiently
from strata.errors import Busy
from strata.storage import Storage, connect


def test_a_second_one_is_sent_away_and_finds_the_claim_gone_later(storage: Storage) -> None:
    with claimed(storage, "vectors/m/00001"):
        with pytest.raises(Busy, match="vectors/m/00001"), claimed(storage, "vectors/m/00001"):
            raise AssertionError("two hold one claim")
        with claimed(storage, "vectors/m/00002"):
            pass
        assert len(storage.list(layout.CLAIMS)) == 1, "the second's own claim would keep a third away"
    with claimed(storage, "vectors/m/00001"):
        pass
    assert storage.list(layout.CLAIMS) == []


def test_an_error_in_the_work_frees_the_claim(storage: Storage) -> None:
    with pytest.raises(ZeroDivisionError), claimed(storage, "a"):
        _ = 1 / 0
    with claimed(storage, "a"):
        pass


def test_a_dead_processs_claim_is_passed_over_and_a_living_ones_is_not(storage: Storage) -> None:
    entered = claimed(storage, "a", touch_s=3600)
    entered.__enter__()
    (left,) = storage.list(layout.CLAIMS)
    file = Path(storage.uri(left.path))
    aged = time.time() - 100
    os.utime(file, (aged, aged))
    with pytest.raises(Busy), claimed(storage, "a", dead_s=120):
        pass
    with claimed(storage, "a", dead_s=60):
        assert not file.exists(), "what the dead left is cleared away"


def test_long_work_gives_signs_of_life(storage: Storage) -> None:
    with claimed(storage, "a", touch_s=0.05):
        (mine,) = storage.list(layout.CLAIMS)
        aged = time.time() - 1000
        os.utime(storage.uri(mine.path), (aged, aged))
        end = time.monotonic() + 30
        while storage.list(layout.CLAIMS)[0].modified < aged + 500:
            assert time.monotonic() < end, "no sign of life in half a minute"
            time.sleep(0.02)
        with pytest.raises(Busy), claimed(storage, "a"):
            pass


def test_of_many_at_once_each_gets_its_turn_and_hardly_one_is_beside_another(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_ASK_AGAIN_S", 0.1)
    inside, beside, lock = [0], [0], threading.Lock()

    def work() -> None:
        with claimed(storage, "a"):
            with lock:
                inside[0] += 1
                beside[0] += inside[0] > 1
            time.sleep(0.1)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(patiently, work) for _ in range(18)]:
            done.result()
    # All six threads begin in one moment, when politeness may fail. Of the twelve turns after it most must be turns;
    # two may ask in one moment again on a busy machine. Without claims all twelve would be beside another.
    assert beside[0] <= 11, "politeness may fail for those that begin in one moment, not as a rule"
    assert storage.list(layout.CLAIMS) == []


def test_claims_hold_on_s3(s3_root: str) -> None:
    bucket = connect(s3_root)
    with (
        claimed(bucket, "records/2019-12"),
        pytest.raises(Busy),
        claimed(connect(s3_root), "records/2019-12"),
    ):
        pass
    with claimed(bucket, "records/2019-12"):
        pass
    assert bucket.list(layout.CLAIMS) == []
