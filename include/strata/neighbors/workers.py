"""Work on all processors this process may use, and how far it is."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

logger = logging.getLogger(__name__)
Progress = Callable[[float, float], None]
Item = TypeVar("Item")
Result = TypeVar("Result")
SECONDS_BETWEEN_LINES = 30.0


def allowed_threads() -> int:
    """Processors this process may run on: its affinity, or OMP_NUM_THREADS where that is lower."""
    try:
        processors = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        processors = os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(processors, int(asked))) if asked.isdigit() else max(1, processors)


@contextmanager
def one_thread_products() -> Iterator[None]:
    """Keep each matrix product on the thread that asks for it.

    The searches run one Python thread a processor, each with its own product and its own filter: numpy lets
    go of the interpreter in both, so filters run side by side too, which threads inside the product would not
    give.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1, user_api="blas"):
        yield


def in_turn(work: Callable[[Item], Result], items: Iterable[Item], threads: int | None = None) -> Iterator[Result]:
    """Results in the order of the items; threads run only a little ahead of the reader: memory is bounded."""
    workers = threads or allowed_threads()
    waiting: deque[Future[Result]] = deque()
    with one_thread_products(), ThreadPoolExecutor(workers) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class Meter:
    """Says how far a step is and how long the rest may take: to a callback always, to the log at times."""

    def __init__(self, name: str, steps: float, progress: Progress | None = None) -> None:
        self.name, self.steps, self.done, self.progress = name, max(steps, 1e-9), 0.0, progress
        self.started = self.said = time.monotonic()

    def step(self, size: float = 1.0) -> None:
        """More is done."""
        self.done += size
        share, now = min(self.done / self.steps, 1.0), time.monotonic()
        left = (now - self.started) * (1 - share) / max(share, 1e-9)
        if self.progress is not None:
            self.progress(share, left)
        if now - self.said >= SECONDS_BETWEEN_LINES:
            self.said = now
            logger.info("%s: %.0f%% done, about %.0f s left", self.name, 100 * share, left)
