"""What the rows of a mapped task are called in Airflow's pages: the shard, and once it is done what became of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

SHARD = "{{ task.op_kwargs['shard'] }}{{ outcome | default('') }}"
PART = "{{ task.op_kwargs['part'] }}"


def labelled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the embed stage, which then says beside its shard's name how many papers it embedded."""

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        from airflow.sdk import get_current_context

        result = function(*arguments, **named)
        get_current_context()["outcome"] = outcome(result)  # type: ignore[typeddict-unknown-key]
        return result

    return run


def outcome(result: dict[str, Any]) -> str:
    """Say what became of a shard."""
    return f": {result['papers']:,} papers, {result['embedded']:,} embedded"
