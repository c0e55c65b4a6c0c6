"""All pairs on a GPU: every list exact, for a corpus of any size that its memory takes a block at a time.

The products are float32 (no TF32), so they are within `similarity.error_bound` of the exact similarity, as on a CPU.
The device keeps a few more than k of each paper's best; their exact similarities are computed on the CPU. A list is
proven when whatever the device let go of is below its k-th by more than that bound. The few that are not (papers in
many copies, ties at the limit) are compared with everyone by `scan`. Nothing here needs a GPU but speed: any torch
device gives the same lists. Timed on none so far: no GPU could be had when it was written.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .lists import Neighbors, nearest_first
from .rules import Rules
from .scan import scan
from .similarity import Floats, Mask, Rows, Vectors, error_bound, exact
from .workers import Meter, Progress

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

SPARE = 6
OWNERS_AT_ONCE = 8_192
OTHERS_AT_ONCE = 65_536  # with the owners above a block of 2 GB


def gpu() -> str | None:
    """The torch name of this process's GPU; None if it has none."""
    import torch

    return "cuda" if torch.cuda.is_available() else None


def nearest_on(
    device: str,
    vectors: Vectors,
    k: int,
    rules: Rules,
    *,
    owners_at_once: int = OWNERS_AT_ONCE,
    others_at_once: int = OTHERS_AT_ONCE,
    progress: Progress | None = None,
) -> Neighbors:
    """The k nearest of every paper, by comparing all pairs on a torch device.

    vectors: float32 (n, d), unit rows. Device memory: the matrix, and 3 blocks of owners_at_once x others_at_once
    float32. The same lists as `exact.nearest`.
    """
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    plain = np.ascontiguousarray(vectors)
    on_device = torch.from_numpy(plain).to(device)
    rows = np.empty((len(plain), k), np.int32)
    similarities = np.empty((len(plain), k), np.float32)
    unproven = []
    meter = Meter("nearest of all pairs on the device", len(plain), progress)
    for start in range(0, len(plain), owners_at_once):
        owners = np.arange(start, min(start + owners_at_once, len(plain)), dtype=np.int32)
        candidates, fast = _best(on_device, owners, k + SPARE, rules, others_at_once)
        lists, proven = _settled(plain, owners, candidates, fast, k, rules)
        rows[owners], similarities[owners] = lists.rows, lists.similarities
        unproven.append(owners[~proven])
        meter.step(len(owners))
    again = np.concatenate(unproven) if unproven else np.empty(0, np.int32)
    if len(again):
        logger.info("%d lists of %d are not proven by the device: compared with everyone", len(again), len(plain))
        _, lists = scan(plain, again, k, rules)
        rows[again], similarities[again] = lists.rows, lists.similarities
    return Neighbors(rows, similarities)


def _best(vectors: torch.Tensor, owners: Rows, count: int, rules: Rules, others_at_once: int) -> tuple[Rows, Floats]:
    """The `count` others with the highest fast similarity of each owner, falling; -1 and -inf where there are fewer."""
    import torch

    first, last = int(owners[0]), int(owners[-1]) + 1
    asked = vectors[first:last]
    limit = rules.ignore_at_least
    best = torch.full((len(owners), count), -torch.inf, device=vectors.device)
    chosen = torch.full((len(owners), count), -1, dtype=torch.int64, device=vectors.device)
    own = torch.arange(first, last, device=vectors.device)
    before = None if rules.before is None else torch.from_numpy(rules.before[owners]).to(vectors.device)
    for start in range(0, len(vectors), others_at_once):
        stop = min(start + others_at_once, len(vectors))
        block = asked @ vectors[start:stop].T
        others = torch.arange(start, stop, device=vectors.device)
        block.masked_fill_(own[:, None] == others[None, :], -torch.inf)
        if rules.excluded is not None:
            block.masked_fill_(torch.from_numpy(rules.excluded[start:stop]).to(vectors.device)[None, :], -torch.inf)
        if before is not None:
            block.masked_fill_(others[None, :] >= before[:, None], -torch.inf)
        if limit is not None:  # what may be below the limit stays, and is settled exactly
            block.masked_fill_(block >= limit + error_bound(vectors.shape[1]), -torch.inf)
        near, place = block.topk(min(count, stop - start), dim=1)
        merged, order = torch.cat([best, near], dim=1).topk(count, dim=1)
        chosen = torch.cat([chosen, others[place]], dim=1).gather(1, order)
        best = merged
    found = chosen.masked_fill(best == -torch.inf, -1)
    return found.to("cpu", torch.int32).numpy(), best.to("cpu").numpy()


def _settled(
    vectors: Vectors, owners: Rows, candidates: Rows, fast: Floats, k: int, rules: Rules
) -> tuple[Neighbors, Mask]:
    """The k nearest of the candidates by exact similarity, and which lists are proven to be those of all papers."""
    count, width = candidates.shape
    slot, column = np.nonzero(candidates >= 0)
    near = np.full((count, width), -np.inf, np.float32)
    near[slot, column] = exact(vectors, owners[slot], candidates[slot, column])
    others = candidates
    if rules.ignore_at_least is not None:
        same = near >= rules.ignore_at_least
        others, near = np.where(same, -1, others), np.where(same, np.float32(-np.inf), near)
    order = nearest_first(np.repeat(np.arange(count), width), others.ravel(), near.ravel()).reshape(count, width)
    others, near = others.ravel()[order][:, :k], near.ravel()[order][:, :k]
    # The device let go of nothing nearer than its last; with room left it let go of nothing at all.
    let_go: npt.NDArray[np.float32] = fast[:, -1] + np.float32(error_bound(vectors.shape[1]))
    proven: Mask = near[:, -1] > let_go
    proven |= candidates[:, -1] < 0
    return Neighbors(others, np.where(others >= 0, near, np.float32(np.nan))), proven
