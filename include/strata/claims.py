"""So that of several runs that want the same thing made, one makes it and the others come back for it.

Who is at work leaves a small file in the root's ``claims`` and touches it now and then; who finds another's comes back
later. This is politeness, not safety: everything is stored whole under a name made of its content, so two that make the
same thing all the same, because they began in one moment, only waste time. A claim that nobody touches any more is a
dead process's, and is passed over.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from strata import layout
from strata.errors import Busy, Unavailable
from strata.storage import Storage

log = logging.getLogger(__name__)

TOUCH_S = 20.0
DEAD_S = 120.0
_ASK_AGAIN_S = 5.0

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def claimed(storage: Storage, path: str, *, touch_s: float = TOUCH_S, dead_s: float = DEAD_S) -> Iterator[None]:
    """Hold the claim on a path of the root while the block makes what belongs there.

    Args:
        storage: the root.
        path: what is made.
        touch_s: seconds between two signs of life.
        dead_s: seconds without one after which another's claim counts no more.

    Raises:
        Busy: another process is making it.
    """
    thing = hashlib.sha256(path.encode()).hexdigest()[:24]
    # The earlier claim has the smaller name. A worker whose clock is wrong may be taken for earlier: see above.
    name = f"{thing}-{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
    mine = layout.claim(name)
    storage.write(mine, path.encode())
    ended = threading.Event()
    heart = threading.Thread(target=_keep_touching, args=(storage, mine, path, ended, touch_s), daemon=True)
    try:
        _check_first(storage, thing, mine, path, dead_s)
        heart.start()
        yield
    finally:
        ended.set()
        if heart.ident is not None:
            heart.join()
        storage.remove(mine)


def patiently(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Return what a function returns, waiting as long as another process makes the same."""
    while True:
        try:
            return function(*arguments, **named)
        except Busy as busy:
            log.info("%s; asking again in %.0f s", busy, _ASK_AGAIN_S)
            time.sleep(_ASK_AGAIN_S)


def _check_first(storage: Storage, thing: str, mine: str, path: str, dead_s: float) -> None:
    """Raise Busy if somebody alive claimed it before; ages are told by the root's own clock."""
    entries = [entry for entry in storage.list(layout.CLAIMS) if entry.path.startswith(layout.claim(thing))]
    now = max((entry.modified for entry in entries if entry.path == mine), default=None)
    if now is None:
        return  # a store that lists late: nothing is known of others either
    for entry in entries:
        if entry.path < mine and entry.modified > now - dead_s:
            raise Busy(f"another run is making {path}")
        if entry.path < mine:
            storage.remove(entry.path)


def _keep_touching(storage: Storage, mine: str, path: str, ended: threading.Event, touch_s: float) -> None:
    while not ended.wait(touch_s):
        try:
            storage.write(mine, path.encode())
        except (OSError, Unavailable) as error:
            log.warning("no sign of life could be left for %s: %s", path, error)
