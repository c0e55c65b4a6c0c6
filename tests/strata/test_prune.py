"""Pruning. If these fail, a root grows for ever, or a month's vectors have to be embedded again."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from records import created, line, write
from strata import stages
from strata.__main__ import main
from strata.prune import find_unused
from strata.storage import connect

DAY = 86_400


def make(root: Path, source: Path, model: str) -> dict[str, Any]:
    """What a run leaves after its embed stage."""
    params = {"snapshot": str(source), "model": model, "categories": None, "sample": None, "seed": 0}
    params |= {"shard_size": 10, "max_refused": 0.0, "clusters": None}
    plan = stages.find_snapshot(str(root), params, "", "2026-01-01")
    return {"plan": plan, "made": [stages.embed(str(root), plan, shard) for shard in stages.shard(str(root), plan)]}


def age(root: Path, days: float) -> None:
    then = time.time() - days * DAY
    for file in root.rglob("*"):
        os.utime(file, (then, then))


@pytest.fixture
def root(tmp_path: Path, tiny_model: str) -> dict[str, Any]:
    """A root after two months: the second month's snapshot has changed the first shard."""
    old = [line(f"0101.{n:05d}", versions=created(f"{n % 28 + 1} Jan 2001")) for n in range(20)]
    new = [line(f"0101.{0:05d}", title="Another title", versions=created("1 Jan 2001")), *old[1:]]
    root = tmp_path / "root"
    first = make(root, write(tmp_path / "first.jsonl", *old), tiny_model)
    connect(str(root)).write("claims/of-the-killed", b"vectors")
    (root / "vectors" / ".tmp-killed").write_bytes(b"half")
    age(root, 30)
    second = make(root, write(tmp_path / "second.jsonl", *new), tiny_model)
    connect(str(root)).write("claims/of-the-living", b"vectors")
    for name in ("kaggle-1", "kaggle-2"):
        connect(str(root)).write(f"downloads/{name}/source.json", b"{}")
        age(root / "downloads" / "kaggle-1", 30)
    return {"root": root, "first": first, "second": second}


def paths(root: Path, **how: Any) -> set[str]:
    options: dict[str, Any] = {"keep_snapshots": 1, "keep_days": 7} | how
    return {file.path for file in find_unused(connect(str(root)), **options)}


def test_exactly_what_only_the_old_snapshot_used_can_go(root: dict[str, Any]) -> None:
    first, second = root["first"], root["second"]
    found = paths(root["root"])
    gone = {entry["vectors"] for entry in first["made"]} - {entry["vectors"] for entry in second["made"]}
    assert len(gone) == 1
    assert {path for path in found if path.startswith("vectors/")} == gone
    snapshot = first["plan"]["snapshot"]
    assert {path for path in found if path.startswith("snapshots/")} == {
        f"snapshots/{snapshot}/{name}" for name in ("manifest.json", "papers/00000.parquet", "papers/00001.parquet")
    }
    assert {path for path in found if path.startswith("downloads/")} == {"downloads/kaggle-1/source.json"}
    assert {path for path in found if path.startswith("claims/")} == {"claims/of-the-killed"}


def test_what_is_kept_is_kept(root: dict[str, Any]) -> None:
    found = paths(root["root"], keep_snapshots=2)
    assert not {path for path in found if not path.startswith(("work/", "claims/"))}
    assert paths(root["root"], keep_days=60) == set()


def test_without_delete_nothing_goes_and_with_it_all_that_was_listed(
    root: dict[str, Any], capsys: pytest.CaptureFixture[str], tiny_model: str
) -> None:
    before = {file for file in root["root"].rglob("*") if file.is_file()}
    command = ["prune", "--root", str(root["root"]), "--keep-snapshots", "1"]
    assert main([*command, "--dry-run"]) == 0
    assert {file for file in root["root"].rglob("*") if file.is_file()} == before
    listed = capsys.readouterr().out
    assert "--delete removes them" in listed
    assert main([*command, "--delete"]) == 0
    left = {file for file in root["root"].rglob("*") if file.is_file()}
    assert len(before - left) == 7
    assert not (root["root"] / "vectors" / ".tmp-killed").exists()
    manifest = root["root"] / "snapshots" / root["second"]["plan"]["snapshot"] / "manifest.json"
    assert json.loads(manifest.read_text())["papers"] == 20
    again = make(root["root"], Path(root["second"]["plan"]["source"]), tiny_model)
    assert sum(entry["embedded"] for entry in again["made"]) == 0


def test_what_killed_and_refused_cuts_left_goes_when_it_is_old(root: dict[str, Any]) -> None:
    """Else `verify` tells for ever of a snapshot that was never finished, and that it can be pruned."""
    storage = connect(str(root["root"]))
    for name in ("killed/papers/00000.parquet", "refused/refused-manifest.json"):
        storage.write(f"snapshots/{name}", b"left")
        age(root["root"] / "snapshots" / name.partition("/")[0], 30)
    storage.write("snapshots/being-made/papers/00000.parquet", b"just now")
    unmade = {"snapshots/killed/papers/00000.parquet", "snapshots/refused/refused-manifest.json"}
    assert unmade <= paths(root["root"])
    assert not any("being-made" in path for path in paths(root["root"]))


def test_a_pruned_root_is_whole(record_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a nightly `verify` is red for good after the first `prune`, and nobody looks at it any more."""
    root = Path(shutil.copytree(record_root, tmp_path / "root"))
    for name in sorted((root / "snapshots").iterdir()):
        age(root, 30)
        shutil.copytree(name, root / "snapshots" / "arxiv-newer-0123456789ab")
        break
    assert main(["prune", "--root", str(root), "--keep-snapshots", "1", "--delete"]) == 0
    assert [folder.name for folder in (root / "snapshots").iterdir()] == ["arxiv-newer-0123456789ab"]
    assert main(["verify", str(root)]) == 0
    assert "was pruned: it cannot be searched or exported" in capsys.readouterr().out
    assert main(["verify", str(root), "--month", "2012-01"]) == 1, "who asks for this month wants what it rests on"
