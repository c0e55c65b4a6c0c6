"""The generated snapshot that a run takes when it is given none."""

from __future__ import annotations

import shutil
from pathlib import Path

from standalone.display import Display
from standalone.state import State


def demo_snapshot(state: State, display: Display, *, wanted: bool) -> Path:
    """Return the path of the generated snapshot, which is made if it is wanted and not there yet."""
    # Its vocabulary takes a moment to load, and a run on real input needs none of it.
    from strata.synthetic import DEMO_NAME, write_snapshot

    if wanted and not (state.demo / DEMO_NAME).exists():
        state.prepare()
        display.status("generating a snapshot", "demo")
        fresh = state.demo.with_name("demo.new")
        shutil.rmtree(fresh, ignore_errors=True)
        write_snapshot(fresh)
        shutil.rmtree(state.demo, ignore_errors=True)
        fresh.rename(state.demo)
    return state.demo / DEMO_NAME
