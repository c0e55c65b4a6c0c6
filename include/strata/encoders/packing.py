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
    """Packs of at most `budget` tokens (a longer text is a pack of its own), longest texts first.

    The longest come first so that memory peaks at the start and threads finish together.
    """
    order = sorted(range(len(lengths)), key=lambda text: (-lengths[text], text))
    packs: list[Pack] = []
    members: list[int] = []
    total = 0
    for text in order:
        if members and total + lengths[text] > budget:
            packs.append(Pack(tuple(members), tuple(lengths[member] for member in members)))
            members, total = [], 0
        members.append(text)
        total += lengths[text]
    if members:
        packs.append(Pack(tuple(members), tuple(lengths[member] for member in members)))
    return packs
