"""What a category was called when a paper was submitted, and the listed categories of one paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random

from strata.synthetic.draws import chance, pick

# Category or archive, the day its present name began, and the name before. Days from arXiv's taxonomy where it has
# them; bare astro-ph and cond-mat were the only choice before their subject classes.
_RENAMED = (
    ("cs.CL", dt.date(1998, 9, 1), "cmp-lg"),
    ("math.AG", dt.date(1998, 1, 1), "alg-geom"),
    ("math.QA", dt.date(1998, 1, 1), "q-alg"),
    ("physics.plasm-ph", dt.date(1996, 10, 1), "plasm-ph"),
    ("physics.flu-dyn", dt.date(1996, 10, 1), "chao-dyn"),
    ("nlin.CD", dt.date(2000, 1, 1), "chao-dyn"),
    ("physics", dt.date(1996, 10, 1), "adap-org"),
    ("astro-ph", dt.date(2009, 1, 1), "astro-ph"),
    ("cond-mat", dt.date(2004, 1, 1), "cond-mat"),
    ("q-bio", dt.date(2003, 9, 1), "physics.bio-ph"),
    ("stat.ML", dt.date(2007, 4, 1), "cs.LG"),
    ("stat", dt.date(2007, 4, 1), "math.ST"),
    ("q-fin", dt.date(2008, 12, 1), "physics.soc-ph"),
    ("eess", dt.date(2017, 9, 1), "cs.IT"),
)
# Categories that arXiv lists under two names at once.
_TWINS = {"cs.IT": "math.IT", "math.ST": "stat.TH", "math.NA": "cs.NA"}


def name_at(category: str, day: dt.date) -> str:
    """Return the name under which papers of a category were submitted on a day."""
    for present, since, before in _RENAMED:
        if day < since and category != before and (category == present or category.startswith(present + ".")):
            return name_at(before, day)
    return category


def listed(categories: Sequence[str], day: dt.date, rng: Random) -> str:
    """Return arXiv's blank-separated categories of one paper, its primary category first.

    One paper in seven is primarily in another category of its topic, and three in ten are cross-listed to each.
    """
    usual, *others = categories
    primary = pick(rng, others) if others and chance(rng, 0.15) else usual
    names = [primary, *(category for category in categories if category != primary and chance(rng, 0.3))]
    names = [name_at(category, day) for category in names]
    twin = _TWINS.get(names[0])
    if twin is not None:
        names[:1] = [twin, names[0]] if chance(rng, 0.3) else [names[0], twin]
    return " ".join(dict.fromkeys(names))


def archive(category: str) -> str:
    """Return the part of a category that old ids begin with."""
    return category.partition(".")[0]
