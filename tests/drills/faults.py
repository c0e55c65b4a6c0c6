"""``python -m tests.drills.faults WHERE PATTERN NTH -- ...``: run ``python -m strata ...`` and die at one exact moment.

WHERE is ``half-written`` (half of a file's bytes are in its temporary file), ``written`` (right after a file appeared
under its own name), ``half-published`` (some of a record's files are copied) or ``exchanged`` (right after a new record
took the old one's place). PATTERN is matched against the file's name, NTH counts from 1. The process ends by SIGKILL,
as the kernel's out-of-memory killer or a lost node ends it: nothing is cleaned up.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strata.__main__ import main
from strata.storage import folder


def die() -> None:
    """End at once, without any cleaning up."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(where: str, pattern: str, nth: int) -> None:
    """Make this process die there."""
    left = [nth]

    def is_it(name: str) -> bool:
        # A temporary file is called .tmp-<32 digits>-<its name to be>.
        left[0] -= fnmatch.fnmatch(name.split("-", 2)[2] if name.startswith(".tmp-") else name, pattern)
        return left[0] == 0

    flush: Callable[[Path], None] = folder._flush
    replace, copyfile, exchange = Path.replace, shutil.copyfile, folder._exchange

    def half_written(path: Path) -> None:
        if where == "half-written" and is_it(path.name):
            os.truncate(path, path.stat().st_size // 2)
            die()
        flush(path)

    def written(self: Path, target: Any) -> Path:
        done = replace(self, target)
        if where == "written" and is_it(Path(target).name):
            die()
        return done

    def half_published(source: Any, target: Any, **how: Any) -> Any:
        files = sorted(Path(source).parent.iterdir())
        if where == "half-published" and Path(source) == files[len(files) // 2]:
            die()
        return copyfile(source, target, **how)

    def exchanged(one: Path, other: Path) -> bool:
        done = exchange(one, other)
        if where == "exchanged":
            die()
        return done

    folder._flush, folder._exchange = half_written, exchanged
    Path.replace, shutil.copyfile = written, half_published  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    arm(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    sys.exit(main(sys.argv[5:]))
