"""Texts to embed: real ones from a snapshot, or generated ones with the lengths that real ones have."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np

# Words of title and abstract together at these percentiles, from 6,000 real papers.
_PERCENTILES = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
_WORDS = (13, 28, 45, 58, 87, 128, 178, 227, 257, 293, 353)

_PLAIN = """the of and a in to we is for that with on are by as this an be from which it show results model study
can have using two also these between at field theory state quantum energy method system data time group function
space order problem new large first present find properties case general number different non approach such where
analysis phase both our its been given paper not based set small under high mass into one structure points equation
algebra local finite class random matrix graph network learning spectrum stars galaxy light electron spin magnetic
temperature surface density wave interaction effect measured observed proposed obtained compared derived""".split()
_RARE = """renormalizable supersymmetry cohomological photoionization quasiparticle hyperelliptic magnetohydrodynamic
pseudodifferential thermalization semiclassical bremsstrahlung chromodynamics diffeomorphism ferromagnetism""".split()
_FORMULAE = (
    "$x$ $\\alpha$ $H_0$ $L^2(\\Omega)$ $\\mathbb{R}^n$ $10^{-3}$ $SU(2)$ $\\mathcal{N}=4$ $f_{ij}$ $\\sim 0.5\\sigma$"
).split(" ")


def generated(count: int, seed: int = 1) -> list[str]:
    """Texts with the word counts of real papers and about as many tokens a word (1.45; more where formulae are)."""
    chance = random.Random(seed)
    places = np.random.default_rng(seed).uniform(0, 100, count)
    texts = []
    for words in np.interp(places, _PERCENTILES, _WORDS).round().astype(int):
        formulae = chance.choice((0.0, 0.0, 0.01, 0.1))
        kinds = chance.choices((_PLAIN, _RARE, _FORMULAE), weights=(0.91 - formulae, 0.09, formulae), k=int(words))
        texts.append(" ".join(chance.choice(kind) for kind in kinds))
    return texts


def rounds_of(texts: list[str], rounds: int, wanted: int, batch: int = 128, seed: int = 1) -> list[list[str]]:
    """`wanted` of a shard's texts in so many rounds, such that whole batches of the reference are kept whole.

    The reference sorts a shard by characters and pads batches of 128. Fewer texts would differ more within a batch and
    be padded more, which would flatter everyone else. So batches are chosen evenly from the sorted whole; each round
    gets long and short ones, shuffled: who sorts them again gets the reference's own batches back.
    """
    ordered = sorted(texts, key=len, reverse=True)
    batches = [ordered[start : start + batch] for start in range(0, len(ordered) - batch + 1, batch)]
    count = min(len(batches), max(rounds, wanted // batch))
    chosen = [batches[int((place + 0.5) * len(batches) / count)] for place in range(count)]
    chance = random.Random(seed)
    found = []
    for number in range(rounds):
        mixed = [text for one in chosen[number::rounds] for text in one]
        found.append(chance.sample(mixed, len(mixed)))
    return found


def from_snapshot(path: Path, count: int, seed: int = 1) -> list[str]:
    """Title and abstract of `count` papers chosen at random from a snapshot in JSON lines, plain or .zst or .gz."""
    if path.suffix == ".zst":
        import io

        import zstandard

        with path.open("rb") as raw:
            stream = zstandard.ZstdDecompressor().stream_reader(raw)
            lines = list(io.TextIOWrapper(stream, encoding="utf-8"))
    elif path.suffix == ".gz":
        import gzip

        with gzip.open(path, "rt", encoding="utf-8") as text:
            lines = list(text)
    else:
        lines = path.read_text(encoding="utf-8").splitlines()
    chosen = random.Random(seed).sample(range(len(lines)), min(count, len(lines)))
    papers = [json.loads(lines[number]) for number in chosen]
    return [f"{paper['title']}\n{paper['abstract']}" for paper in papers]
