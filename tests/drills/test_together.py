"""Several runs on one root at once, as two backfills and the monthly run are. If this fails they spoil each other's
files, or each embeds what the others embed too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.drills.runs import tables_without_history
from tests.strata.test_stages import snapshot

from strata import layout
from strata.storage import connect

MONTHS = ("2005-01", "2009-01", "2012-01")
INCLUDE = Path(__file__).parents[2] / "include"
pytestmark = [pytest.mark.drill, pytest.mark.slow]


def start(root: Path, source: Path, model: str, month: str, scratch: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "strata", "run", str(source), "--root", str(root), "--model", model]
    command += ["--month", month, "--shard-size", "20", "--fresh"]
    environment = os.environ | {"PYTHONPATH": str(INCLUDE), "STRATA_SCRATCH": str(scratch), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL)


def test_three_runs_at_once_embed_each_paper_once_and_make_the_records_of_one_after_another(
    tmp_path: Path, tiny_model: str
) -> None:
    source = snapshot(tmp_path / "arxiv.jsonl")
    together, alone = tmp_path / "together", tmp_path / "alone"
    # Each with a scratch folder of its own, as on a machine of its own.
    started = [start(together, source, tiny_model, month, tmp_path / f"scratch-{month}") for month in MONTHS]
    for process in started:
        _, said = process.communicate(timeout=900)
        assert process.returncode == 0, said[-3000:]
    manifests: list[dict[str, Any]] = [
        json.loads((together / layout.record(month) / "manifest.json").read_text()) for month in MONTHS
    ]
    papers = [manifest["timings"]["embed"]["papers"] for manifest in manifests]
    assert sum(manifest["timings"]["embed"]["embedded"] for manifest in manifests) == max(papers) == 360
    assert [path.name for path in (together / layout.CLAIMS).glob("*")] == []
    for month in MONTHS:
        # In a process of its own too: in this one another test's stand-in for the encoder may be at work.
        _, said = (process := start(alone, source, tiny_model, month, tmp_path / "scratch")).communicate(timeout=900)
        assert process.returncode == 0, said[-3000:]
        assert tables_without_history(together, month) == tables_without_history(alone, month)
    assert len(connect(str(together)).folders("snapshots")) == 1
