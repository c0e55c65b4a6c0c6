"""If these fail, a person who waits for hours is told the wrong number of shards, papers or minutes."""

from __future__ import annotations

import pytest

from standalone.status import TaskState, clock, describe, pace_of, stage_times, status_of
from strata.progress import Progress

AFTER_EMBED = [
    TaskState(stage, -1, None) for stage in ("cluster", "spread", "search", "neighbors", "map", "report", "export")
]
CUT = [TaskState("find_snapshot", -1, "success", 1, "", 0, 2), TaskState("shard", -1, "success", 1, "", 2, 10)]


def embed(index: int, state: str | None, started: float | None = None, ended: float | None = None) -> TaskState:
    return TaskState("embed", index, state, 1 if started else 0, f"{index:05d}", started, ended)


def progress(index: int, done: int, total: int, rate: float) -> Progress:
    return Progress("embed", f"{index:05d}", done, total, "papers", rate, 0)


def test_before_the_snapshot_is_cut_nobody_knows_the_number_of_shards() -> None:
    tasks = [
        TaskState("find_snapshot", -1, "success", 1, "", 0, 1),
        TaskState("shard", -1, "running", 1, "", 2),
        TaskState("embed", -1, None),
        *AFTER_EMBED,
    ]
    seen = Progress("shard", "demo", 50_000, 124_099, "lines", 40_000.0, 2)
    status = status_of(tasks, {("shard", -1): seen}, now=4)
    assert (status.stage, status.units_done, status.units, status.left_s) == ("shard", 50_000, 124_099, 2)
    assert describe(status, 61) == "0:01:01 [2/10] shard: 50,000 of 124,099 lines, 40,000 lines/s, 0:00:02 left"
    waiting = status_of([*CUT, TaskState("embed", -1, None), *AFTER_EMBED], {}, now=11)
    assert (waiting.stage, waiting.tasks) == ("embed", None)
    assert describe(waiting, 11) == "0:00:11 [3/10] embed: waiting for its turn"


def test_rates_of_running_shards_add_up_and_time_left_is_for_all_shards() -> None:
    tasks = [
        *CUT,
        embed(0, "success", 10, 20), embed(1, "running", 20), embed(2, "running", 20), embed(3, "queued"),
        *AFTER_EMBED,
    ]  # fmt: skip
    seen = {
        ("embed", 0): progress(0, 990, 1000, 99.0),
        ("embed", 1): progress(1, 400, 1000, 40.0),
        ("embed", 2): progress(2, 600, 1000, 60.0),
    }
    status = status_of(tasks, seen, now=30)
    # A finished shard is done to its last paper, whatever its last line said; its rate is a thing of the past.
    assert (status.units_done, status.units, status.rate) == (2000, 4000, 100.0)
    assert status.left_s == 20
    assert describe(status, 30) == "0:00:30 [3/10] embed: 1 of 4 shards, 50%, 100 papers/s, 0:00:20 left"


def test_shards_whose_vectors_were_all_there_shorten_the_time_left() -> None:
    """They log no progress: had they counted as unknown, a refresh of 1 % would be said to take the time of 100 %."""
    tasks = [*CUT, *(embed(index, "success", 10, 11) for index in range(8)), embed(8, "running", 12), embed(9, None)]
    status = status_of([*tasks, *AFTER_EMBED], {("embed", 8): progress(8, 50, 90, 10.0)}, now=20)
    assert (status.units_done, status.units) == (50, 100)


def test_once_settled_the_pace_counts_the_gaps_between_tasks() -> None:
    tasks = [*CUT, embed(0, "success", 10, 100), embed(1, None), *AFTER_EMBED]
    status = status_of(tasks, {("embed", 0): progress(0, 1000, 1000, 500.0)}, now=110)
    assert status.rate == 0
    assert status.left_s == 100


def test_failed_and_retried_shards_are_shown() -> None:
    tasks = [*CUT, embed(0, "failed", 10, 12), embed(1, "up_for_retry", 10, 12), embed(2, "running", 12), *AFTER_EMBED]
    status = status_of(tasks, {}, now=13)
    assert describe(status, 13) == "0:00:13 [3/10] embed: 0 of 3 shards, 1 to be tried again, 1 failed"


def test_a_stage_without_progress_says_that_it_is_at_work() -> None:
    tasks = [*CUT, embed(0, "success", 10, 20), TaskState("cluster", -1, "running", 1, "", 21), *AFTER_EMBED[1:]]
    assert describe(status_of(tasks, {}, now=30), 30) == "0:00:30 [4/10] cluster: at work"


def test_a_finished_run_is_no_stage_of_its_own() -> None:
    tasks = [TaskState("export", -1, "success", 1, "", 1, 2)]
    assert describe(status_of(tasks, {}, now=30), 30) == "0:00:30 [10/10] export: finishing"


def test_the_longest_line_fits_a_terminal() -> None:
    tasks = [*CUT, *(embed(index, "success", 10, 20) for index in range(101)), embed(101, "running", 20)]
    tasks += [embed(index, "queued") for index in range(102, 272)]
    seen = {("embed", index): progress(index, 10_000, 10_000, 1069.0) for index in range(102)}
    assert len(describe(status_of(tasks + AFTER_EMBED, seen, now=400_000), 90_000)) <= 80


def test_a_stages_wall_time_is_from_its_first_start_to_its_last_end() -> None:
    tasks = [
        *CUT,
        embed(0, "success", 10, 40),
        embed(1, "success", 12, 60),
        TaskState("cluster", -1, "running", 1, "", 61),
    ]
    assert stage_times(tasks) == {"find_snapshot": 2, "shard": 8, "embed": 50}
    assert "embed" not in stage_times([*tasks, embed(2, "queued")])


def test_a_finished_stage_tells_what_was_embedded_and_how_fast() -> None:
    """Also where every shard was done between two looks: who plans the whole of arXiv needs the figure."""
    seen = {("embed", 0): progress(0, 900, 1000, 70.0), ("embed", 2): progress(2, 500, 500, 90.0)}
    seen |= {("shard", -1): Progress("shard", "demo", 9, 9, "bytes", 1.0, 0)}
    assert pace_of("embed", 30, seen) == ", 1,500 papers at 50 papers/s"
    assert pace_of("shard", 30, seen) == ""
    assert pace_of("embed", 30, {}) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00:00"), (-3, "0:00:00"), (89.6, "0:01:30"), (36_000, "10:00:00"), (90_061, "25:01:01")],
)
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text
