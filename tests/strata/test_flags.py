"""Flags. If these fail, withdrawn notices and errata lead the lonely list, or honest papers leave it."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strata import flags
from strata.flags import flag_column, flags_of

RESEARCH = (
    "We study the growth of crystals in thin films and show that the rate is set by the surface. The model has one "
    "free parameter, which we fit to new data, and it explains the anomalies that were reported before by others."
)


def flagged(abstract: str = RESEARCH, title: str = "The growth of crystals", comments: str | None = None) -> list[str]:
    return flags_of(title, abstract, comments, "physics")


@pytest.mark.parametrize(
    "notice",
    [
        "This paper has been withdrawn by the author due to a crucial error in equation 3.",
        "This paper has been withdrawn",
        "Withdrawn by the authors.",
        "This submission has been withdrawn by arXiv administrators.",
        "The article was retracted because of an error in the proof.",
        "Paper withdrawn due to a mistake in equation (12)",
        "12 pages; this paper has been withdrawn by the author",
    ],
)
def test_a_notice_of_withdrawal_is_found_in_abstract_and_comments(notice: str) -> None:
    assert flags.WITHDRAWN in flagged(comments=notice)
    assert flags.WITHDRAWN in flagged(abstract=notice)


@pytest.mark.parametrize(
    "innocent",
    [
        "Weyl geometry was withdrawn from physical theory in the 1920s and has come back in another form since.",
        "The hydrogen is replaced by deuterium and the bound is removed by a gauge transformation of the field.",
        "We study retractions of manifolds onto their boundary, and how a retract is removed from its ambient space.",
    ],
)
def test_research_that_uses_the_same_words_is_no_withdrawal(innocent: str) -> None:
    assert flags.WITHDRAWN not in flagged(abstract=f"{innocent} {RESEARCH}")


@pytest.mark.parametrize(
    ("title", "flag"),
    [
        ("Erratum: the growth of crystals", flags.ERRATUM),
        ("The growth of crystals (Erratum)", flags.ERRATUM),
        ("Corrigendum to 'The growth of crystals'", flags.ERRATUM),
        ("Correction to 'The growth of crystals'", flags.ERRATUM),
        ("Comment on 'The growth of crystals'", flags.COMMENT),
        ("Reply to a comment on crystals", flags.COMMENT),
        ("Proceedings of the 12th Workshop on Crystals", flags.FRONT_MATTER),
    ],
)
def test_titles_that_announce_no_research_of_their_own(title: str, flag: str) -> None:
    assert flagged(title=title) == [flag]


@pytest.mark.parametrize("title", ["Corrections to scaling in spin glasses", "QCD corrections to the decay of the top"])
def test_corrections_are_also_physics(title: str) -> None:
    assert flagged(title=title) == []


def test_other_languages_are_told_from_english() -> None:
    french = (
        "Nous montrons que la croissance des cristaux dans les couches minces est une fonction de la surface et que le "
        "taux de croissance dans un milieu est donne par les proprietes de la surface avec une precision qui est bonne"
    )
    assert flags.NOT_ENGLISH in flagged(abstract=french)
    assert flagged() == []


def test_length_counts_against_a_short_title_only_where_the_abstract_is_short_too() -> None:
    twenty = " ".join(RESEARCH.split()[:20])
    assert flagged(abstract=twenty) == [flags.TOO_SHORT]
    long_title = "A much longer title that says what the paper is about"
    assert flagged(abstract=twenty, title=long_title) == [flags.SHORT]
    assert flagged(abstract="Five words are too few", title=long_title) == [flags.TOO_SHORT]


def test_every_flag_is_either_hard_or_soft() -> None:
    names = {
        value for name, value in vars(flags).items() if name.isupper() and isinstance(value, str) and name[0] != "_"
    }
    assert names == flags.HARD | flags.SOFT
    assert not flags.HARD & flags.SOFT


PIECES = st.sampled_from(
    "the of and|we show that this is|withdrawn|This paper has been withdrawn|retract|removed by arXiv|Erratum:|Preface"
    "|Comment on|A reply to|Proceedings of the|Correction to 'x'|$x^2_{ij}$ = {{{|word|naïve é ü|и в на не что|12"
    "|der die das und|responses|\u00bfComment|List of|a".split("|")
)
TEXTS = st.lists(PIECES, min_size=1, max_size=30).map(" ".join)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.none() | TEXTS, st.sampled_from(["math", "test"])), max_size=12))
def test_many_papers_at_once_get_the_flags_that_each_gets_alone(papers: list[tuple[str, str, str | None, str]]) -> None:
    columns = [pa.array([paper[part] for paper in papers], pa.string()) for part in range(4)]
    assert flag_column(*columns).to_pylist() == [flags_of(*paper) for paper in papers]
