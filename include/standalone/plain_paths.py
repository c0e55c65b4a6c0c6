"""Names for folders that Airflow can stand.

Airflow expands ``$NAME`` in every setting, interpolates ``%(name)s`` and ``{name}`` in others, and SQLAlchemy decodes
``%20`` and cuts at ``?`` in a database's URL. A checkout may lie in a folder with any of these in its name. Such a
folder is given a second name, a symbolic link in a private folder of the system's temporary folder.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from standalone.errors import StandaloneError

_UNSAFE = frozenset("$%?{}\\#|\"'\t\r\n")


def plain_path(folder: Path) -> Path:
    """Return a name of an existing folder that holds none of the characters above: its own, or a link to it."""
    whole = folder.resolve()
    if not _UNSAFE.intersection(str(whole)):
        return whole
    link = _private_folder() / hashlib.sha256(os.fsencode(whole)).hexdigest()[:16]
    try:
        link.symlink_to(whole)
    except FileExistsError:
        # The name is the digest of its target, in a folder that only this user can write to.
        if link.resolve() != whole:
            raise StandaloneError(f"{link} does not lead to {whole}: remove it and try again") from None
    return link


def _private_folder() -> Path:
    folder = Path(tempfile.gettempdir()).resolve() / f"arxiv-strata-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # Anyone can make a folder of this name in a shared /tmp before we do, and point its links elsewhere.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise StandaloneError(f"{folder} is not a folder that only this user can write to: remove it and try again")
    return folder
