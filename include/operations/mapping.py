"""How many tasks Airflow makes of a mapped one: said in words of the form before Airflow refuses the list."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

# Airflow's own, where nothing is set. Ours is in docker-compose.yaml, kubernetes/values.yaml, standalone/variables.py.
_DEFAULT = 1024


def mappable(function: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Return the shard stage, which then fails at once where it makes more shards than Airflow maps.

    Airflow itself would refuse the list, with an error that names no field and that is tried again in vain.
    """

    @functools.wraps(function)
    def run(*arguments: Any, plan: dict[str, Any], **named: Any) -> list[str]:
        from airflow.sdk.configuration import conf

        shards = function(*arguments, plan=plan, **named)
        check(len(shards), plan["shard_size"], conf.getint("core", "max_map_length", fallback=_DEFAULT))
        return shards

    return run


def check(shards: int, size: int, most: int) -> None:
    """Hold the number of shards against the most tasks that Airflow maps.

    Raises:
        BadRequest: there are too many; with a shard size of which there are few enough.
    """
    from strata.errors import BadRequest

    if shards <= most:
        return
    # All shards are full but for the last, so this many papers a shard are enough.
    enough = -(-shards * size // most)
    raise BadRequest(
        f"Shard size {size:,} cuts the month's papers into {shards:,} shards, and Airflow maps at most {most:,} "
        f"([core] max_map_length): set Shard size to {enough:,} or more"
    )
