"""Runs in processes of their own, and what every drill has to end with: the record of an undisturbed run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from strata.storage import connect
from strata.verify import verify

MONTH = "2012-01"
REPOSITORY = Path(__file__).parents[2]


def tables(root: Path, month: str = MONTH) -> dict[str, bytes]:
    """A record's tables, byte for byte."""
    return {file.name: file.read_bytes() for file in sorted((root / "records" / month).glob("*.parquet"))}


def tables_without_history(root: Path, month: str = MONTH) -> dict[str, bytes]:
    """A record's tables, byte for byte, as far as they do not depend on which earlier records there were.

    That is all of them but what has changed since the last, if topics are fitted afresh; only their keys come from it.
    """
    found = {}
    for file in sorted((root / "records" / month).glob("*.parquet")):
        table = pq.read_table(file)
        if file.name != "changes.parquet":
            found[file.name] = _as_bytes(table.select([name for name in table.column_names if name != "key"]))
    return found


def _as_bytes(table: pa.Table) -> bytes:
    """Arrow's own form: unlike a comparison of tables it finds two columns with the same gaps (nan) the same."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def assert_same(root: Path, undisturbed: Path, month: str = MONTH) -> None:
    """The record is the undisturbed one's, byte for byte, and the root keeps every promise."""
    assert tables(root, month) == tables(undisturbed, month)
    assert list(verify(connect(str(root)))) == []


def let_claims_expire(root: Path) -> None:
    """Two minutes pass: what a dead process had claimed counts no more."""
    for claim in (root / "claims").glob("*"):
        os.utime(claim, (0, 0))


def command(root: Path | str, source: Path, model: str, *more: str) -> list[str]:
    """A run in a process of its own."""
    return ["run", str(source), "--root", str(root), "--model", model, "--shard-size", "50", *more]


def start(*arguments: str, module: str = "strata") -> subprocess.Popen[str]:
    """Start ``python -m strata`` or the one that dies."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY / "include"), str(REPOSITORY)])}
    environment["PYTHONPATH"] += os.pathsep + str(REPOSITORY / "tests")
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
