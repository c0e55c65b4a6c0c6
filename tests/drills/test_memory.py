"""Every stage within the memory that operating.md says it takes. If these fail, a worker that was given that much is
killed in the middle of a month, and again at every try."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.drills.runs import REPOSITORY
from tests.strata.conftest import WordEncoder
from tests.strata.test_stages import snapshot

from strata import stages

pytestmark = [
    pytest.mark.drill,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's"),
]

MIB = 1 << 20
# As `include/operations/operating.md` states them, under "Sizing".
FIXED = {"find_snapshot": 300, "shard": 900, "embed": 900, "spread": 700}
REDUCE, A_PAPER = 1100, 1024
PAPERS = int(os.environ.get("STRATA_DRILL_PAPERS", "5000"))


class WideEncoder(WordEncoder):
    """As many components as MiniLM has."""

    dimension = 384


def within(mib: float, name: str, *arguments: object) -> Any:
    """What a stage returns that is allowed so much."""
    paths = os.pathsep.join([str(REPOSITORY / "include"), str(REPOSITORY), str(REPOSITORY / "tests")])
    command = [sys.executable, "-m", "tests.drills.limited", str(int(mib * MIB)), name, json.dumps(arguments)]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name} with {mib:.0f} MiB: {done.stderr[-3000:]}"
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"{name}: allowed {mib:.0f} MiB of its own, held at most {told['peak'] / MIB:.0f} MiB with what it mapped")
    return told["result"]


def asked(source: Path, model: str | None, shard_size: int) -> dict[str, Any]:
    """The form's fields."""
    given: dict[str, Any] = {"snapshot": str(source), "model": model, "categories": None, "sample": None, "seed": 0}
    return given | {"shard_size": shard_size, "max_refused": 0.01, "clusters": None}


def test_every_stage_of_the_reduce_keeps_to_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(tmp_path / "root")
    source = snapshot(tmp_path / "arxiv.jsonl", range(2001, 2021), PAPERS // 20)
    plan = within(FIXED["find_snapshot"], "find_snapshot", root, asked(source, None, 5000), "", "2026-11-21")
    shards = within(FIXED["shard"], "shard", root, plan)
    monkeypatch.setattr("strata.embed.load", lambda model: WideEncoder())
    embedded = [stages.embed(root, plan, shard) for shard in shards]
    limit = REDUCE + PAPERS * A_PAPER / MIB
    clustered = within(limit, "cluster", root, plan, embedded)
    for part in within(FIXED["spread"], "spread", root, plan, clustered):
        within(limit, "search", root, plan, clustered, part)
    neighbored = within(limit, "neighbors", root, plan, clustered)
    mapped = within(limit, "map", root, plan, clustered)
    within(limit, "report", root, plan, clustered, neighbored, mapped)
    assert len(list((tmp_path / "root" / "records").glob("*/report.html"))) == 1


def test_embedding_a_shard_keeps_to_its_memory(tmp_path: Path) -> None:
    """With the bundled model and texts at its limit of tokens."""
    root = str(tmp_path / "root")
    source = snapshot(tmp_path / "arxiv.jsonl", range(2001, 2011), 40)
    plan = stages.find_snapshot(root, asked(source, None, 400), "", "2026-11-21")
    (shard,) = stages.shard(root, plan)
    made = within(FIXED["embed"], "embed", root, plan, shard)
    assert made["embedded"] == 400


def test_a_stage_that_takes_more_fails_here(tiny_model: str, tmp_path: Path) -> None:
    """Else the limit would limit nothing."""
    source = snapshot(tmp_path / "arxiv.jsonl", range(2001, 2003), 10)
    root = str(tmp_path / "root")
    with pytest.raises(AssertionError, match=r"MemoryError|allocat|out of memory"):
        within(40, "find_snapshot", root, asked(source, tiny_model, 50), "", "2026-11-21")
