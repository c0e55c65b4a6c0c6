"""This machine's folder for files that are large and short-lived: matrices that several stages map, spills, uploads.

What is here can be made again at any time, so nothing of it is missed when it is gone; and it is taken away when a
matrix is made and others have not been asked for in an hour: a backfill makes one or two a month, each as large as the
vectors. A file that is still mapped somewhere stays readable there until it is let go.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

log = logging.getLogger(__name__)

_IDLE_S = 3600.0
_LEFT_S = 86_400.0  # a folder in which nothing changed in a day is a killed process's
# STRATA_SCRATCH may name a folder that holds other things as well.
_OUR_MATRIX = re.compile(r"(corpus|sorted)-[0-9a-f]{24,}(-[0-9a-f]{24,})?\.npy|\.tmp-[0-9a-f]{32}\.npy")
_OUR_FOLDER = re.compile(r"strata-(shards|upload|record)-\w+")

Matrix = np.ndarray[Any, np.dtype[np.float32]]


def scratch_folder() -> Path:
    """Return the folder, made if it is not there.

    ``STRATA_SCRATCH``, or else one of this user's own in the system's temporary folder.
    """
    folder = Path(os.environ.get("STRATA_SCRATCH") or Path(tempfile.gettempdir()) / f"strata-{os.getuid()}")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def temporary_folder(what: str) -> tempfile.TemporaryDirectory[str]:
    """Return a folder in it that goes when the block ends, or a day after its process was killed."""
    return tempfile.TemporaryDirectory(prefix=f"strata-{what}-", dir=scratch_folder())


def matrix_path(name: str) -> Path:
    """Return where this machine has, or would have, the matrix of a name."""
    return scratch_folder() / f"{name}.npy"


def scratch_matrix(
    name: str, shape: tuple[int, int], fill: Callable[[Matrix], None]
) -> np.memmap[Any, np.dtype[np.float32]]:
    """Return this machine's matrix of a name, float32, mapped and read-only; filled first where there is none.

    The name must say all that decides the contents: whoever asks for it later gets what is there. A second run that
    fills the same at the same time does no harm: each writes a file of its own, and the last one whole stays.
    """
    path = matrix_path(name)
    with suppress(FileNotFoundError):
        return _mapped(path)
    clear()
    fresh = path.with_name(f".tmp-{uuid.uuid4().hex}.npy")
    try:
        matrix = np.lib.format.open_memmap(fresh, "w+", np.float32, shape)
        fill(matrix)
        matrix.flush()
        filled = _mapped(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    log.info("wrote %d x %d vectors to %s", *shape, path)
    return filled


def drop_matrix(name: str) -> None:
    """Take away this machine's matrix of a name, if it has one: nobody will ask for it again."""
    matrix_path(name).unlink(missing_ok=True)


def clear() -> None:
    """Take away matrices that nobody asked for in an hour, and what processes left that were killed a day ago."""
    now = time.time()
    for path in scratch_folder().iterdir():
        # Another process may be faster, and a folder that several people share may hold files of others.
        with suppress(FileNotFoundError, PermissionError):
            if _OUR_MATRIX.fullmatch(path.name) and _last_use(path) < now - _IDLE_S:
                log.info("%s is no longer used: %.1f GB of scratch freed", path, path.stat().st_size / 1e9)
                path.unlink()
            elif _OUR_FOLDER.fullmatch(path.name) and _last_change(path) < now - _LEFT_S:
                log.info("%s was left by a killed process", path)
                shutil.rmtree(path)


def _mapped(path: Path) -> np.memmap[Any, np.dtype[np.float32]]:
    """Map a matrix, and note that it is used: in its time of access, which `clear` reads."""
    matrix: np.memmap[Any, np.dtype[np.float32]] = np.load(path, mmap_mode="r")
    with suppress(FileNotFoundError, PermissionError):
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    return matrix


def _last_use(path: Path) -> float:
    """Return seconds since 1970."""
    state = path.stat()
    return max(state.st_atime, state.st_mtime)


def _last_change(folder: Path) -> float:
    """Return when anything in a folder changed last, in seconds since 1970."""
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
