"""Whether the snapshot that shows a whole month is there yet: asked before anything is fetched."""

from __future__ import annotations

import datetime as dt
import re

from strata.errors import Unavailable
from strata.sources.files import file_at, state


def still_missing(snapshot: str, month_end: dt.date) -> str | None:
    """Say what a month's record still waits for; nothing if it can be made.

    A month's snapshot is one that was made after the month's last day: a file by the time of its last change, Kaggle's
    and the hub's by the day on which they were put there. A fixed version (``kaggle:232``, ``huggingface@2024-06-30``)
    is not waited for, and what is no snapshot at all is for ``locate`` to tell.

    Args:
        snapshot: as for ``locate``.
        month_end: the month's last day.
    """
    try:
        made = _made_on(snapshot)
    except FileNotFoundError:
        return f"there is no {snapshot} yet"
    except Unavailable as error:
        return str(error)
    if made is None or made > month_end:
        return None
    return f"{snapshot} was last renewed on {made}: it does not show the month up to {month_end}"


def _made_on(snapshot: str) -> dt.date | None:
    """Return the day (UTC) of the newest state; nothing for one that will not change."""
    if snapshot == "kaggle":
        from strata.sources import kaggle

        return kaggle.newest_date()
    if snapshot == "huggingface":
        from strata.sources import huggingface

        return huggingface.newest_commit().date.astimezone(dt.timezone.utc).date()
    if not snapshot.strip() or re.match(r"(kaggle|huggingface)[:@]|(?!s3:)[a-z0-9]+://", snapshot):
        return None
    return dt.datetime.fromtimestamp(state(file_at(snapshot))[1] / 1e9, dt.timezone.utc).date()
