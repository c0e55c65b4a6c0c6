"""What this process may use of the machine: not the host's processors but the container's and the worker's share."""

from __future__ import annotations

import math
import os
import resource
import sys
from pathlib import Path


def processors() -> int:
    """Return how many processors this process may keep busy, at least 1: of the machine's, as many as it is to use."""
    return min(machine(), asked() or machine())


def machine() -> int:
    """Return how many processors all processes here may keep busy together, at least 1.

    The lesser of the processors that this one is bound to and its control group's quota.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(bound, _quota() or bound))


def asked() -> int | None:
    """Return the most processors that one process is to use; None where nobody says so.

    ``OMP_NUM_THREADS``, by which a worker that runs several tasks side by side says what one of them may take.
    """
    number = os.environ.get("OMP_NUM_THREADS", "")
    return int(number) if number.isdigit() and int(number) > 0 else None


def peak_memory() -> int:
    """Return the largest resident memory of this process so far, in bytes.

    From Linux's own account of the process's memory where there is one: what ``getrusage`` tells also holds the peak of
    the process that this one was started from.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return _bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _bytes(peak: int) -> int:
    # macOS counts in bytes, Linux in KiB.
    return peak if sys.platform == "darwin" else peak * 1024


def _quota(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the processors that a control group grants (version 2, then 1), rounded up; None without a limit."""
    try:
        quota, period = (group / "cpu.max").read_text().split()[:2]
    except (OSError, ValueError):
        try:
            quota = (group / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (group / "cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if quota == "max" or int(quota) <= 0:
        return None
    return math.ceil(int(quota) / int(period))
