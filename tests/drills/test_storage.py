"""Storage that fails. If these fail, a bad night of a store or a full disk costs a month's record, or spoils it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.drills.proxy import FAULTS, spoiling
from tests.drills.runs import MONTH, assert_same, tables
from tests.strata.test_stages import embedded, run

import s3
from strata import stages
from strata.errors import BadVectors, DamagedFile, IncompleteCorpus, Unavailable
from strata.storage import connect

pytestmark = pytest.mark.drill


@pytest.mark.parametrize(
    "faults", [pytest.param(FAULTS, id="all"), *(pytest.param((f,), id=f, marks=pytest.mark.slow) for f in FAULTS)]
)
def test_a_store_that_fails_one_answer_in_ten_gives_the_same_record(
    faults: tuple[str, ...], s3_endpoint: s3.Endpoint, s3_root: str, source: Path, undisturbed: Path, tiny_model: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with spoiling(s3_endpoint.url, 0.1, faults) as spoiler:
        monkeypatch.setenv("AWS_ENDPOINT_URL", spoiler.url)
        run(s3_root, source, tiny_model)
        made = spoiler.made
    assert all(made[fault] for fault in faults), made
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint.url)
    stored = connect(s3_root)
    for name, data in tables(undisturbed).items():
        assert stored.read(f"records/{MONTH}/{name}") == data, name


def test_a_store_that_never_answers_is_named_and_worth_another_try(
    s3_endpoint: s3.Endpoint, s3_root: str, source: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strata.storage.s3._TRIES", 2)
    with spoiling(s3_endpoint.url, 1.0, ("503",)) as spoiler:
        monkeypatch.setenv("AWS_ENDPOINT_URL", spoiler.url)
        with pytest.raises(Unavailable, match="fossils"):
            run(s3_root, source, tiny_model)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 KB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    made = subprocess.run(mount, check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)


def test_a_full_disk_is_named_and_room_is_all_it_takes(
    small_disk: Path, source: Path, undisturbed: Path, tiny_model: str
) -> None:
    root = small_disk / "root"
    with pytest.raises(OSError, match="No space left on device"):
        run(root, source, tiny_model)
    assert not (root / "records").exists()
    assert not list(root.rglob(".tmp-*")), "half a file keeps the disk full"
    remount(small_disk, "size=64m")
    run(root, source, tiny_model)
    assert_same(root, undisturbed)


def test_a_root_that_may_not_be_written_is_named(
    small_disk: Path, source: Path, undisturbed: Path, tiny_model: str
) -> None:
    remount(small_disk, "size=64m")
    root = Path(shutil.copytree(undisturbed, small_disk / "root"))
    remount(small_disk, "ro")
    try:
        with pytest.raises(OSError, match="Read-only file system"):
            run(root, source, tiny_model, "2009-12")
        assert tables(root) == tables(undisturbed)
    finally:
        remount(small_disk, "rw")


def test_clocks_that_disagree_embed_nothing_again(
    source: Path, undisturbed: Path, tiny_model: str, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(undisturbed, tmp_path / "root"))
    for number, file in enumerate(sorted(root.rglob("*.parquet"))):
        then = time.time() + (-1) ** number * 10 * 365 * 86_400
        os.utime(file, (then, then))
    assert embedded(run(root, source, tiny_model, shard_size=70)) == 0
    assert tables(root) == tables(undisturbed)


@pytest.mark.parametrize("what", ["vectors", pytest.param("papers", marks=pytest.mark.slow)])
@pytest.mark.parametrize("damage", ["flipped", pytest.param("gone", marks=pytest.mark.slow)])
def test_damage_between_two_stages_is_found_named_and_mended_by_clearing_one_task(
    what: str, damage: str, source: Path, undisturbed: Path, tiny_model: str, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    result = run(root, source, tiny_model)
    for folder in ("work", "records"):
        shutil.rmtree(root / folder)
    shutil.rmtree(Path(os.environ["STRATA_SCRATCH"]), ignore_errors=True)
    (hit,) = root.glob("vectors/*/00002-*.parquet" if what == "vectors" else "snapshots/*/papers/00002.parquet")
    if damage == "gone":
        hit.unlink()
    else:
        data = bytearray(hit.read_bytes())
        data[len(data) // 2] ^= 1
        hit.write_bytes(data)
    plan = result["plan"]
    with pytest.raises((BadVectors, DamagedFile, IncompleteCorpus), match="00002"):
        made = stages.cluster(str(root), plan, result["embedded"])
        stages.report(str(root), plan, made, stages.neighbors(str(root), plan, made))
    if what == "vectors":
        assert stages.embed(str(root), plan, "00002")["embedded"] == 50
    else:
        next(root.glob("snapshots/*/manifest.json")).unlink()
    run(root, source, tiny_model)
    assert_same(root, undisturbed)
