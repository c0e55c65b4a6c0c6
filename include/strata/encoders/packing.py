"""Which texts are computed together: pure planning, no tensors.

Texts are laid end to end on one token axis without padding, so a pack is full whatever the lengths in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pack:
    """Texts computed in one step: their indices in the caller's order, and the token count of each."""

    texts: tuple[int, ...]
    lengths: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """The length of the token axis."""
        return sum(self.lengths)


def plan(lengths: Sequence[int], budget: int) -> list[Pack]:
    """Packs of at most `budget` tokens (a longer text is a pack of its own), in the order of the texts.

    There is nothing to gain from sorting by length, and in the order given a rate so far is a fair forecast.
    """
    packs: list[Pack] = []
    first = total = 0
    for text, length in enumerate(lengths):
        if text > first and total + length > budget:
            packs.append(Pack(tuple(range(first, text)), tuple(lengths[first:text])))
            first, total = text, 0
        total += length
    if len(lengths) > first:
        packs.append(Pack(tuple(range(first, len(lengths))), tuple(lengths[first:])))
    return packs
