"""The root of all data: a local folder or a bucket. Files appear whole or not at all.

``protocol`` says what the pipeline asks of a root, ``folder`` and ``s3`` are the two kinds there are; here are the ways
in which documents and tables are read and written on either.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from strata.errors import BadRequest, DamagedFile
from strata.storage.folder import Folder
from strata.storage.protocol import Entry, Storage

__all__ = ["Entry", "Storage", "connect", "read_json", "read_table", "write_json", "write_parquet"]


def connect(root: str, *, make: bool = True) -> Storage:
    """Return the storage of a root: a local folder or ``s3://bucket/prefix``.

    Args:
        root: its name.
        make: whether a folder that is not there is made; who only reads would take a mistyped name for an empty root.

    Raises:
        BadRequest: the root is empty, of a scheme that is not known, no folder, or a bucket that cannot be used.
        Unavailable: the bucket's store does not answer; a later try may succeed.
    """
    if not root.strip():
        raise BadRequest("no root is set: STRATA_ROOT must name the folder for shards, vectors and records")
    if root.startswith("s3://"):
        from strata.storage.s3 import Bucket  # boto3 takes half a second to load: only for those who use it

        return Bucket(root)
    if "://" in root:
        raise BadRequest(f"root: {root!r} is neither a folder nor s3://bucket/prefix")
    try:
        path = Path(root).expanduser()
        if make:
            path.mkdir(parents=True, exist_ok=True)
    # The last: no such home. What this user may not make may only not be mounted yet: the task is tried again.
    except (FileExistsError, NotADirectoryError, RuntimeError) as error:
        raise BadRequest(f"root: {root!r} cannot be made a folder: {error}") from error
    if not os.path.isdir(path):  # noqa: PTH112 - Path's own raises where a folder above may not be looked into
        raise BadRequest(f"root: there is no folder {root!r} that can be read; `make run` makes the first record")
    return Folder(path)


def read_json(storage: Storage, path: str) -> Any:
    """Return a stored JSON document.

    Raises:
        DamagedFile: it is none.
        FileNotFoundError: there is no such file.
    """
    try:
        return orjson.loads(storage.read(path))
    except orjson.JSONDecodeError as error:
        raise DamagedFile(
            f"{storage.uri(path)} is damaged: {error}. `python -m strata verify` says what makes it again"
        ) from error


def write_json(storage: Storage, path: str, document: Any) -> None:
    """Store a document as indented JSON with sorted keys, so that equal documents are equal files."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    storage.write(path, orjson.dumps(document, option=options))


def read_table(storage: Storage, path: str, columns: list[str] | None = None) -> pa.Table:
    """Return a stored Parquet table, or only some of its columns; every page's checksum is verified.

    Raises:
        DamagedFile: a page fails its checksum, or the footer, which has none, makes no sense.
        FileNotFoundError: there is no such file.
    """
    try:
        with storage.open(path) as file:
            # Of a remote file the wanted columns come in as few requests as their places in it allow.
            remote = not isinstance(file, pa.MemoryMappedFile)
            return pq.ParquetFile(file, pre_buffer=remote, page_checksum_verification=True).read(columns=columns)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise DamagedFile(
            f"{storage.uri(path)} is damaged: {error}. `python -m strata verify` says what makes it again"
        ) from error


def write_parquet(table: pa.Table, path: Path, **options: Any) -> None:
    """Write a table the way all of ours are: zstd, checksummed pages, the same bytes for the same rows."""
    pq.write_table(table, path, compression="zstd", write_page_checksum=True, **options)
