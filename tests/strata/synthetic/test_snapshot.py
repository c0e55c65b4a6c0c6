"""The generated snapshot is the yardstick of every end-to-end test: if it lies, they all prove nothing. Its file."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from pathlib import Path
from typing import Any

import pytest
from generated import ID, LONG_LINE, day_of, digest, small, sound_records

from strata.errors import BadRequest
from strata.synthetic import DEMO_NAME, Truth, read_truth, write_snapshot
from strata.synthetic.records import ids_of
from strata.synthetic.sketches import Sketch

DEFAULT_PAPERS = 4000
KEYS = [
    "id",
    "submitter",
    "authors",
    "title",
    "comments",
    "journal-ref",
    "doi",
    "report-no",
    "categories",
    "license",
    "abstract",
    "versions",
    "update_date",
    "authors_parsed",
]


def test_the_same_arguments_give_the_same_bytes_on_every_python(tmp_path: Path) -> None:
    """Otherwise a demo's findings, and cached vectors, would depend on the machine that ran it.

    A change of the generator's words changes these digests: then take the new ones from the failure.
    """
    for folder in ("one", "two"):
        write_snapshot(tmp_path / folder, 200, seed=3, long_line_bytes=LONG_LINE)
    assert digest(tmp_path / "one" / DEMO_NAME) == digest(tmp_path / "two" / DEMO_NAME)
    assert digest(tmp_path / "one" / DEMO_NAME)[:16] == "29e0be7a33d0a21d"
    assert digest(tmp_path / "one" / "truth.json") == digest(tmp_path / "two" / "truth.json")


def test_another_seed_gives_another_corpus(tmp_path: Path) -> None:
    """Otherwise tests over several seeds would test one corpus again and again."""
    one, two = small(tmp_path / "one", seed=1), small(tmp_path / "two", seed=2)
    first = {record["title"] for record in sound_records(tmp_path / "one" / DEMO_NAME, one)}
    second = {record["title"] for record in sound_records(tmp_path / "two" / DEMO_NAME, two)}
    assert len(first & second) < 60


def test_truth_reads_back_as_it_was_written(tmp_path: Path) -> None:
    """Otherwise tests that read truth.json would judge by something else than what was planted."""
    written = small(tmp_path)
    assert read_truth(tmp_path / "truth.json") == written


def test_records_have_the_schema_and_the_looks_of_the_real_snapshot(records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the demo would pass where the real file fails."""
    for record in records.values():
        assert list(record) == KEYS
        assert ID.fullmatch(record["id"])
        assert record["abstract"].startswith("  ") and record["abstract"].endswith("\n")
        stamps = [email.utils.parsedate_to_datetime(version["created"]) for version in record["versions"]]
        assert stamps == sorted(stamps)
        assert record["versions"][0]["version"] == "v1"
        assert (
            email.utils.format_datetime(stamps[0])
            .replace(" 0", " ")
            .startswith(record["versions"][0]["created"][:12].replace(" 0", " "))
        )
        assert dt.date.fromisoformat(record["update_date"]) >= stamps[-1].date()
        assert record["authors_parsed"]
        year_and_month = f"{stamps[0]:%y%m}"
        assert record["id"].rpartition("/")[2].startswith(year_and_month)
        assert ("/" in record["id"]) == (stamps[0].date() < dt.date(2007, 4, 1))


def test_old_ids_stay_distinct_and_valid_when_a_month_overflows() -> None:
    """Otherwise a large generated corpus would lose papers as superseded by others."""
    sketches = [Sketch(dt.datetime(1999, 5, 1), "topic", "lattice QCD", serial) for serial in range(2500)]
    ids = ids_of(sketches, ["hep-lat"] * len(sketches))
    assert len(set(ids)) == 2500
    assert all(re.fullmatch(r"hep-lat(\.[A-Z]{2})?/9905[0-9]{3}", paper) for paper in ids)


def test_lines_are_ordered_by_id_and_not_by_time(records: dict[str, dict[str, Any]]) -> None:
    """Otherwise nobody would notice a sharding that forgets to sort."""
    assert list(records) == sorted(records)
    days = [day_of(record) for record in records.values()]
    assert days != sorted(days)


def test_volume_grows_as_arxiv_did(truth: Truth) -> None:
    """Otherwise a rate by raw counts would look as good as one by shares."""
    assert truth.papers == DEFAULT_PAPERS
    assert 2.1 < truth.by_year["2024"] / truth.by_year["2014"] < 2.6  # 1.09^10 = 2.37
    assert sum(truth.by_year.values()) == truth.papers - sum(
        len(ids) for flag, ids in truth.junk.items() if flag not in ("short", "comment")
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"papers": 100},
        {"months": ("2020-01", "2024-12")},
        {"months": ("2024-12", "1995-01")},
        {"months": ("1995", "2024")},
        {"topics": ("alchemy",)},
        {"topics": ()},
        {"topics": ("planetary radar",)},
    ],
)
def test_nonsense_is_refused(tmp_path: Path, arguments: dict[str, Any]) -> None:
    """Otherwise a typing mistake would give a corpus in which nothing can be found."""
    with pytest.raises(BadRequest):
        write_snapshot(tmp_path, **{"papers": 600, **arguments})
