"""arXiv's categories: which names are the same, which archive they belong to, and choosing papers by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from strata.errors import BadRequest

# Categories that arXiv lists under two names, and the archives of the 1990s that others took in. Source: arXiv's own
# category taxonomy (arxiv-base, taxonomy/definitions.py).
ALIASES = {
    "math.MP": "math-ph",
    "stat.TH": "math.ST",
    "math.IT": "cs.IT",
    "q-fin.EC": "econ.GN",
    "cs.SY": "eess.SY",
    "cs.NA": "math.NA",
    "acc-phys": "physics.acc-ph",
    "adap-org": "nlin.AO",
    "alg-geom": "math.AG",
    "ao-sci": "physics.ao-ph",
    "atom-ph": "physics.atom-ph",
    "bayes-an": "physics.data-an",
    "chao-dyn": "nlin.CD",
    "chem-ph": "physics.chem-ph",
    "cmp-lg": "cs.CL",
    "comp-gas": "nlin.CG",
    "dg-ga": "math.DG",
    "funct-an": "math.FA",
    "mtrl-th": "cond-mat.mtrl-sci",
    "patt-sol": "nlin.PS",
    "plasm-ph": "physics.plasm-ph",
    "q-alg": "math.QA",
    "solv-int": "nlin.SI",
    "supr-con": "cond-mat.supr-con",
}

_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[A-Za-z]+(-[A-Za-z]+)*)?")
_WANTED = re.compile(r"[a-z]+(-[a-z]+)*(\.([A-Za-z]+(-[A-Za-z]+)*)?)?")


@lru_cache(maxsize=65536)
def split_categories(listed: str) -> tuple[str, ...] | None:
    """Split arXiv's space-separated list; None if it is empty or holds something that is no category."""
    names = tuple(listed.split())
    if not names or not all(_CATEGORY.fullmatch(name) for name in names):
        return None
    return names


def fold(category: str) -> str:
    """Return the one name under which a category is counted."""
    return ALIASES.get(category, category)


def archive_of(category: str) -> str:
    """Return the archive of a category: ``cs.CL`` is in ``cs``, ``hep-th`` is its own."""
    return fold(category).partition(".")[0]


@lru_cache(maxsize=4096)
def home_of(category: str) -> tuple[str, str]:
    """Return the name under which a category is counted, and its archive."""
    return fold(category), archive_of(category)


def parse_wanted(text: str) -> tuple[str, ...]:
    """Read a user's choice such as ``cs. math.NA``: sorted, without repeats.

    Raises:
        BadRequest: a word is neither a category, nor an archive, nor a prefix that ends in a dot.
    """
    words = text.replace(",", " ").split()
    for word in words:
        if not _WANTED.fullmatch(word):
            raise BadRequest(
                f"categories: {word!r} is neither a category (math.NA), an archive (cs) nor a prefix (cs.)"
            )
    return tuple(sorted(set(words)))


@lru_cache(maxsize=65536)
def chosen(categories: Sequence[str], wanted: tuple[str, ...]) -> bool:
    """Whether any of a paper's listed categories, under either of its names, is among those wanted.

    ``cs.`` and ``cs`` both choose the whole archive; ``math.NA`` chooses that category. Nothing wanted means all.
    """
    if not wanted:
        return True
    names, words = {*categories, *map(fold, categories)}, {*wanted, *map(fold, wanted)}
    return any(name == word or name.startswith(word.rstrip(".") + ".") for word in words for name in names)
