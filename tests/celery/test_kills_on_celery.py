"""Machines that are lost or stopped under a run on Celery. If these fail, a lost machine costs a run, or a result."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from corpus import SHARDS, assert_same
from stack import Stack

from strata.storage import Storage

pytestmark = [pytest.mark.celery, pytest.mark.drill]

AT_ONCE = 2  # embed tasks side by side, see conftest.py


def vectors(root: Storage) -> dict[str, tuple[float, str]]:
    """The vectors files that are there: when each was made, and its bytes' digest."""
    there = [entry for folder in root.folders("vectors") for entry in root.list(folder)]
    return {entry.path: (entry.modified, hashlib.sha256(root.read(entry.path)).hexdigest()) for entry in there}


def at_work(root: Storage) -> list[str]:
    """The shards that are being embedded at this moment, and are not yet stored."""
    claims = []
    for entry in root.list("claims"):
        try:
            claims.append(root.read(entry.path).decode())
        except FileNotFoundError:  # it has just finished
            continue
    done = list(vectors(root))
    shards = [claim for claim in claims if claim.startswith("vectors/")]
    return [shard for shard in shards if not any(file.startswith(shard) for file in done)]


def under_way(airflow: Stack, root: Storage, conf: dict[str, Any]) -> str:
    """Start a run; return its path at a moment when some shards are done, one is at work and others wait."""
    path = airflow.trigger(conf)
    airflow.until(lambda: len(vectors(root)) >= 2 and at_work(root), 900, "a shard is at work", every_s=0.05)
    assert len(vectors(root)) < SHARDS - AT_ONCE
    return path


def tries(tasks: list[dict[str, Any]]) -> list[int]:
    """How often each embed task was begun."""
    return [task["try_number"] for task in tasks if task["task_id"] == "embed"]


def assert_nothing_was_made_twice(root: Storage, before: dict[str, tuple[float, str]]) -> None:
    after = vectors(root)
    assert len(after) == SHARDS
    assert before.items() <= after.items(), "what was done before the kill was made again"


def test_a_lost_worker_costs_the_tasks_it_had_in_hand(
    undisturbed: Path, airflow: Stack, root: Storage, conf: dict[str, Any]
) -> None:
    path = under_way(airflow, root, conf)
    airflow.kill("worker-embed")
    done = vectors(root)
    airflow.start("worker-embed")
    again = [number for number in tries(airflow.finish(path, 1800)) if number > 1]
    assert 1 <= len(again) <= AT_ONCE, "more was tried again than the lost worker had in hand, or nothing was at work"
    assert_nothing_was_made_twice(root, done)
    assert_same(root, undisturbed)


def test_a_lost_scheduler_costs_nothing(undisturbed: Path, airflow: Stack, root: Storage, conf: dict[str, Any]) -> None:
    path = under_way(airflow, root, conf)
    airflow.kill("scheduler")
    done = vectors(root)
    airflow.start("scheduler")
    assert tries(airflow.finish(path, 1800)) == [1] * SHARDS, "the workers go on without it"
    assert_nothing_was_made_twice(root, done)
    assert_same(root, undisturbed)


def test_a_worker_that_is_asked_to_end_finishes_what_it_has_in_hand(
    undisturbed: Path, airflow: Stack, root: Storage, conf: dict[str, Any]
) -> None:
    path = under_way(airflow, root, conf)
    in_hand = at_work(root)
    airflow.ask_to_end("worker-embed", 600)
    done = vectors(root)
    assert not at_work(root)
    assert {shard for shard in in_hand if not any(file.startswith(shard) for file in done)} == set()
    assert len(done) < SHARDS, "it took new work"
    airflow.start("worker-embed")
    assert tries(airflow.finish(path, 1800)) == [1] * SHARDS, "what it had not begun went back to the queue"
    assert_nothing_was_made_twice(root, done)
    assert_same(root, undisturbed)
