"""Random choices that come out the same on every version of Python.

Only ``Random.random`` seeded with a string is used: the language reference promises that its sequence stays, which it
does not promise of ``choice``, ``shuffle`` or ``sample``.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


def stream(seed: int, *names: object) -> Random:
    """Return a generator of its own for one thing, so that a thing's text does not depend on what came before it."""
    return Random("/".join(str(name) for name in (seed, *names)))


def below(rng: Random, bound: int) -> int:
    """Draw an integer from 0 to ``bound`` - 1."""
    return int(rng.random() * bound)


def between(rng: Random, low: float, high: float) -> float:
    """Draw a number from [low, high)."""
    return low + (high - low) * rng.random()


def pick(rng: Random, items: Sequence[Item]) -> Item:
    """Draw one item."""
    return items[below(rng, len(items))]


def several(rng: Random, items: Sequence[Item], count: int) -> list[Item]:
    """Draw ``count`` different items in random order; all of them if there are fewer."""
    left = list(items)
    for place in range(min(count, len(left))):
        other = place + below(rng, len(left) - place)
        left[place], left[other] = left[other], left[place]
    return left[:count]


def chance(rng: Random, probability: float) -> bool:
    """Draw whether something of this probability happens."""
    return rng.random() < probability
