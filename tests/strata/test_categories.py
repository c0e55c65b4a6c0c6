"""Choosing by category. If these fail, a study of one field holds papers of another."""

from __future__ import annotations

import pytest

from strata.categories import archive_of, chosen, parse_wanted, split_categories
from strata.errors import BadRequest


@pytest.mark.parametrize(
    ("listed", "wanted", "expected"),
    [
        ("cs.LG stat.ML", "cs.", True),
        ("stat.ML cs.LG", "cs.", True),
        ("stat.ML", "cs.", False),
        ("math.NA", "math.NA", True),
        ("cs.NA", "math.NA", True),
        ("math.NT", "math.NA", False),
        ("cmp-lg", "cs.", True),
        ("hep-th", "hep-th", True),
        ("hep-th", "hep-ph", False),
        ("cs.LG", "cs", True),
        ("physics.chem-ph", "physics.", True),
        ("math-ph", "math.", False),
        ("cs.LG", "", True),
    ],
)
def test_any_listed_category_under_either_name_chooses(listed: str, wanted: str, expected: bool) -> None:
    categories = split_categories(listed)
    assert categories is not None
    assert chosen(categories, parse_wanted(wanted)) is expected


@pytest.mark.parametrize("nonsense", ["cs.*", "../x", "CS.LG", "cs..", "1", "cs.LG;"])
def test_nonsense_is_refused_by_name(nonsense: str) -> None:
    with pytest.raises(BadRequest, match="categories"):
        parse_wanted(f"math.NA {nonsense}")


def test_the_order_and_repeats_of_a_choice_do_not_matter() -> None:
    assert parse_wanted("math.NA, cs. cs.") == parse_wanted("cs. math.NA")


def test_archives() -> None:
    assert [archive_of(c) for c in ("cs.CL", "hep-th", "cmp-lg", "math.IT", "q-fin.EC")] == [
        *("cs", "hep-th", "cs", "cs", "econ")
    ]
