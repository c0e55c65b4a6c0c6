"""One record -> one paper. If these fail, papers are lost, misdated or given a wrong identity."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records import ABSTRACT, created, line, record
from strata import papers
from strata.papers import Paper, Refused, hash_of, parse_date, parse_line, parse_record, text_of, to_table


def parsed(**changes: object) -> Paper:
    paper = parse_line(line(**changes))
    assert isinstance(paper, Paper), paper
    return paper


def test_a_whole_record_keeps_every_field() -> None:
    paper = parsed()
    assert paper.id == "0704.0001"
    assert paper.categories == ("cond-mat.mtrl-sci", "physics.chem-ph")
    assert (paper.primary, paper.archive) == ("cond-mat.mtrl-sci", "cond-mat")
    assert paper.date == dt.date(2007, 4, 2)
    assert paper.comments == "12 pages"
    assert to_table([paper])["flags"].to_pylist() == [[]]


def test_whitespace_is_collapsed_so_that_a_reflowed_abstract_is_not_embedded_again() -> None:
    reflowed = parsed(title="  On the growth\n of crystals\tin thin films ", abstract=ABSTRACT.replace(" ", "\n  "))
    rows = to_table([reflowed, parsed()]).to_pylist()
    assert rows[0]["title"] == "On the growth of crystals in thin films"
    assert rows[0]["text_hash"] == rows[1]["text_hash"]


def test_comments_of_nothing_but_spaces_are_no_comments() -> None:
    written = [" \n", "", None, " 5 pages "]
    assert to_table([parsed(comments=text) for text in written])["comments"].to_pylist() == [
        None,
        None,
        None,
        "5 pages",
    ]


def test_the_hash_is_of_title_newline_abstract() -> None:
    rows = to_table([parsed(), parsed(title="Another title"), parsed(abstract=f"Stra\u00dfe: {ABSTRACT}")]).to_pylist()
    assert [row["text_hash"] for row in rows] == [hash_of(text_of(row["title"], row["abstract"])) for row in rows]
    assert len({row["text_hash"] for row in rows}) == 3
    assert text_of("a", "b") == "a\nb"


def test_the_first_version_dates_a_paper_whatever_the_order_of_versions() -> None:
    later = {"version": "v2", "created": "Tue, 5 May 2009 00:00:00 GMT"}
    assert parsed(versions=[later, *created("2 Apr 2007")]).date == dt.date(2007, 4, 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ...}, papers.MISSING_ID),
        ({"id": ""}, papers.MISSING_ID),
        ({"id": None}, papers.MISSING_ID),
        ({"id": 704.0001}, papers.BAD_ID),
        ({"id": 1810}, papers.BAD_ID),
        ({"id": "705.1279"}, papers.BAD_ID),
        ({"id": "1810.1332100000002"}, papers.BAD_ID),
        ({"id": "../../etc/passwd"}, papers.BAD_ID),
        ({"id": "0704.0001\n"}, papers.BAD_ID),
        ({"id": "\u0660\u0667\u0660\u0664.\u0660\u0660\u0660\u0661"}, papers.BAD_ID),
        ({"title": ...}, papers.MISSING_TITLE),
        ({"title": " \n"}, papers.MISSING_TITLE),
        ({"title": ["a"]}, papers.MISSING_TITLE),
        ({"abstract": ""}, papers.EMPTY_ABSTRACT),
        ({"abstract": "\t "}, papers.EMPTY_ABSTRACT),
        ({"abstract": 7}, papers.EMPTY_ABSTRACT),
        ({"categories": ...}, papers.BAD_CATEGORIES),
        ({"categories": ""}, papers.BAD_CATEGORIES),
        ({"categories": "Physics!"}, papers.BAD_CATEGORIES),
        ({"categories": ["cs.LG"]}, papers.BAD_CATEGORIES),
        ({"versions": ...}, papers.BAD_DATE),
        ({"versions": []}, papers.BAD_DATE),
        ({"versions": {"version": "v1"}}, papers.BAD_DATE),
        ({"versions": [7]}, papers.BAD_DATE),
        ({"versions": [{"version": "v1"}]}, papers.BAD_DATE),
        ({"versions": [{"version": "v2", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}]}, papers.BAD_DATE),
        ({"versions": created("31 Feb 2007")}, papers.BAD_DATE),
        ({"versions": created("2 Abr 2007")}, papers.BAD_DATE),
        ({"versions": created("2 Apr 20071")}, papers.BAD_DATE),
        ({"versions": created("2 Apr 0007")}, papers.BAD_DATE),
        ({"versions": [{"version": "v1", "created": "2007-04-02"}]}, papers.BAD_DATE),
    ],
)
def test_a_bad_field_is_refused_for_its_own_reason(changes: dict[str, object], reason: str) -> None:
    refused = parse_record(record(**changes))
    assert isinstance(refused, Refused), refused
    assert refused.reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", papers.BLANK_LINE),
        (b"  \r", papers.BLANK_LINE),
        (b"{", papers.NOT_JSON),
        (b"<html>", papers.NOT_JSON),
        (line()[:-40], papers.NOT_JSON),
        (b"\x00" * 9, papers.NOT_JSON),
        (b'{"id": "\\ud800"}', papers.NOT_JSON),
        (b"[" * 5000, papers.NOT_JSON),
        (b"[1]", papers.NOT_OBJECT),
        (b"null", papers.NOT_OBJECT),
        (line(title="caf\xe9").replace(b"\\u00e9", b"\xe9"), papers.INVALID_UTF8),
    ],
)
def test_a_line_that_is_no_record_is_refused_for_its_own_reason(text: bytes, reason: str) -> None:
    refused = parse_line(text)
    assert isinstance(refused, Refused)
    assert refused.reason == reason


@pytest.mark.parametrize("paper_id", ["0704.0001", "1512.01234", "hep-th/9711200", "math.GT/0309136", "q-bio/0401001"])
def test_every_form_of_an_arxiv_id_stays_a_string(paper_id: str) -> None:
    table = to_table([parsed(paper_id=paper_id)])
    assert table["id"].to_pylist() == [paper_id]
    assert str(table.schema.field("id").type) == "string"


def test_aliases_are_counted_under_one_name() -> None:
    assert parsed(categories="cmp-lg").archive == "cs"
    assert parsed(categories="math.IT cs.IT").primary == "cs.IT"
    assert parsed(categories="alg-geom").primary == "math.AG"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=10,
    ),
    st.sampled_from(["id", "title", "abstract", "categories", "versions", "comments"]),
)
def test_no_value_of_any_field_ends_in_an_exception(value: object, name: str) -> None:
    assert isinstance(parse_line(json.dumps(record(**{name: value})).encode()), Paper | Refused)


@given(st.binary(max_size=300))
def test_no_bytes_end_in_an_exception(text: bytes) -> None:
    assert isinstance(parse_line(text), Paper | Refused)


@given(st.dates(min_value=dt.date(1986, 1, 1), max_value=dt.date(2099, 12, 31)))
def test_every_date_that_arxiv_writes_is_read(day: dt.date) -> None:
    name = papers._MONTH_NAMES[day.month - 1]
    assert parse_date(f"Mon, {day.day} {name} {day.year} 01:02:03 GMT") == day


@given(st.text(alphabet=st.sampled_from(" \n\t\x0b\x1c\x85\xa0\u2003\u200b\ufeff\x00a"), max_size=4))
def test_a_text_is_taken_exactly_if_something_is_left_of_it_without_whitespace(text: str) -> None:
    """A paper of nothing but spaces would have an empty text in its shard; one with any sign must not be lost."""
    found = parse_line(line(abstract=text))
    if text.split():
        assert isinstance(found, Paper)
        assert to_table([found])["abstract"].to_pylist() == [" ".join(text.split())]
    else:
        assert found == Refused(papers.EMPTY_ABSTRACT, "0704.0001")


LINE = json.dumps(record(comments="line one\nline two", authors="P. \u00d8rno"), ensure_ascii=False).encode()


@settings(max_examples=1000)
@given(
    st.integers(0, len(LINE)),
    st.integers(0, 12),
    st.binary(max_size=3)
    | st.sampled_from([b"\\ud800", b'"id":"1", ', b"\\u0000", b"\xef\xbb\xbf", b"NaN", b"01", b"-", b",", b"}", b" "]),
)
def test_a_damaged_line_is_refused_or_read_as_it_stands(at: int, removed: int, added: bytes) -> None:
    damaged = LINE[:at] + added + LINE[at + removed :]
    found = parse_line(damaged)
    if isinstance(found, Paper):
        told = json.loads(damaged)
        assert (found.id, found.title, found.abstract) == (told["id"], told["title"], told["abstract"])
    else:
        assert isinstance(found, Refused) and found.reason
