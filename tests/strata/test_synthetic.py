"""The generated snapshot is the yardstick of every end-to-end test: if it lies, they all prove nothing."""

from __future__ import annotations

import datetime as dt
import email.utils
import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from strata.errors import BadRequest
from strata.papers import Refused, parse_line
from strata.synthetic import DEMO_NAME, FEW_TOPICS, Truth, next_month, read_truth, truth_path, write_snapshot
from strata.synthetic.records import ids_of
from strata.synthetic.sketches import Sketch

DEFAULT_PAPERS = 4000
LONG_LINE = 20_000  # short enough to be quick; the default is longer than any reader must accept
REASONS = {
    "not JSON",
    "not an object",
    "missing id",
    "bad id",
    "bad date",
    "missing title",
    "empty abstract",
    "bad categories",
    "invalid UTF-8",
    "superseded",
    "blank line",
    "line too long",
}
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
ID = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a snapshot of the default size."""
    folder = tmp_path_factory.mktemp("demo")
    write_snapshot(folder, long_line_bytes=LONG_LINE)
    return folder


@pytest.fixture(scope="module")
def truth(demo: Path) -> Truth:
    return read_truth(demo / "truth.json")


@pytest.fixture(scope="module")
def records(demo: Path, truth: Truth) -> dict[str, dict[str, Any]]:
    """The sound records by id, in the file's order."""
    return {record["id"]: record for record in sound_records(demo / DEMO_NAME, truth)}


def sound_records(snapshot: Path, truth: Truth) -> list[dict[str, Any]]:
    bad = {line.line for line in truth.bad_lines}
    lines = snapshot.read_bytes().splitlines()
    return [json.loads(line) for number, line in enumerate(lines, start=1) if number not in bad]


def day_of(record: dict[str, Any]) -> dt.date:
    return email.utils.parsedate_to_datetime(record["versions"][0]["created"]).date()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def small(folder: Path, **options: Any) -> Truth:
    return write_snapshot(folder, 600, long_line_bytes=LONG_LINE, **options)


# The file


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


# Lines to refuse


def reason_of(line: bytes, number: int, last_with: dict[str, int]) -> str | None:
    """Judge a line with the standard library alone."""
    if len(line) >= LONG_LINE - 1:
        return "line too long"
    if not line.strip():
        return "blank line"
    try:
        record = json.loads(line.decode())
    except UnicodeDecodeError:
        return "invalid UTF-8"
    except json.JSONDecodeError:
        return "not JSON"
    if not isinstance(record, dict):
        return "not an object"
    if not record.get("id"):
        return "missing id"
    if not isinstance(record["id"], str) or not ID.fullmatch(record["id"]):
        return "bad id"
    if not (record.get("title") or "").strip():
        return "missing title"
    if not (record["abstract"] or "").strip():
        return "empty abstract"
    if not re.fullmatch(r"[a-zA-Z.-]+( [a-zA-Z.-]+)*", record["categories"] or ""):
        return "bad categories"
    try:
        day_of(record)
    except (IndexError, ValueError):
        return "bad date"
    return "superseded" if last_with[record["id"]] != number else None


def test_every_bad_line_is_bad_for_the_reason_the_truth_gives(demo: Path, truth: Truth) -> None:
    """Otherwise a parser that refuses the wrong lines would be praised, and a right one blamed."""
    lines = (demo / DEMO_NAME).read_bytes().splitlines()
    last_with: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        found = re.search(rb'^\{"id": "([^"]+)"', line)
        if found and line.endswith(b"}"):
            last_with[found[1].decode()] = number
    reasons = {
        number: reason
        for number, line in enumerate(lines, start=1)
        if (reason := reason_of(line, number, last_with)) is not None
    }
    assert reasons == {bad.line: bad.reason for bad in truth.bad_lines}
    assert set(reasons.values()) == REASONS
    assert len(lines) == truth.lines == truth.papers + len(truth.bad_lines)
    assert 15 <= len(reasons) < 0.01 * len(lines)


def test_the_parser_refuses_exactly_the_planted_lines(demo: Path, truth: Truth) -> None:
    """Otherwise `make run` would report refusals that its own demo does not hold."""
    found = {}
    for number, line in enumerate((demo / DEMO_NAME).read_bytes().splitlines(), start=1):
        paper = parse_line(line)
        if isinstance(paper, Refused):
            found[number] = paper.reason
    by_reader = ("superseded", "line too long")
    assert found == {bad.line: bad.reason for bad in truth.bad_lines if bad.reason not in by_reader}


def test_small_snapshots_hold_every_reason_once(tmp_path: Path) -> None:
    """Otherwise quick tests would miss a way in which a line can be bad."""
    truth = small(tmp_path)
    assert Counter(bad.reason for bad in truth.bad_lines) == Counter(REASONS) + Counter({"not JSON": 1})


def test_the_last_line_breaks_off_unless_told_otherwise(tmp_path: Path) -> None:
    """Otherwise nobody would notice a reader that takes a broken download for a whole one."""
    truth = small(tmp_path / "cut")
    cut = (tmp_path / "cut" / DEMO_NAME).read_bytes()
    assert not cut.endswith(b"\n")
    assert (truth.bad_lines[-1].line, truth.bad_lines[-1].reason) == (truth.lines, "not JSON")
    whole = small(tmp_path / "whole", truncate_last_line=False)
    assert (tmp_path / "whole" / DEMO_NAME).read_bytes().endswith(b"}\n")
    assert whole.lines == truth.lines - 1
    clean = small(tmp_path / "clean", defects=False)
    assert clean.bad_lines == () and clean.lines == clean.papers == 600


def test_the_overlong_line_can_be_left_out_or_is_longer_than_16_mib(tmp_path: Path) -> None:
    """Otherwise the limit of the line reader would never be reached."""
    truth = write_snapshot(tmp_path, 200)
    longest = max((tmp_path / DEMO_NAME).read_bytes().splitlines(), key=len)
    assert len(longest) > 1 << 24
    assert "line too long" in {bad.reason for bad in truth.bad_lines}
    without = write_snapshot(tmp_path, 200, long_line_bytes=0)
    assert "line too long" not in {bad.reason for bad in without.bad_lines}


# The texts


def test_titles_are_distinct_and_abstracts_of_ordinary_length(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise near-duplicates that nobody planted would spoil the lists of lonely papers and of duplicates."""
    repeated = {pair.second for pair in truth.duplicates}
    titles = Counter(" ".join(record["title"].split()) for paper, record in records.items() if paper not in repeated)
    assert [title for title, count in titles.items() if count > 1] == []
    for paper in truth.topic_of:
        assert 60 <= len(records[paper]["abstract"].split()) <= 200, paper
    assert sum("$" in record["title"] for record in records.values()) > 100
    assert sum("$" in record["abstract"] for record in records.values()) > 1000
    assert not any(re.search(r"<[a-z]+>", record["title"] + record["abstract"]) for record in records.values())


def test_key_words_belong_to_their_topic(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise a topic's name could not be checked against the truth."""
    words = {paper: set(re.findall(r"[a-z][a-z-]*", records[paper]["abstract"].lower())) for paper in truth.topic_of}
    for topic in truth.topics:
        inside = [bool(words[paper] & set(topic.keys)) for paper in topic.ids]
        assert sum(inside) > 0.9 * len(inside), topic.name
        shares = []
        for key in topic.keys:
            papers = sum(key in words[paper] for paper in topic.ids)
            elsewhere = sum(key in found for found in words.values()) - papers
            shares.append((papers / len(topic.ids), elsewhere / (len(words) - len(topic.ids))))
        assert any(here > 0.4 and here > 5 * there for here, there in shares), (topic.name, shares)


def test_every_paper_is_planted_as_one_thing(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise papers without a truth would go unjudged, and others be judged twice."""
    planted = [paper for topic in truth.topics for paper in topic.ids]
    planted += [loner.id for loner in truth.loners]
    planted += [paper for ids in truth.junk.values() for paper in ids]
    assert sorted(planted) == sorted(records)
    assert set(truth.innocents) <= set(truth.topic_of)
    assert set(truth.withdrawn_in_comments) <= set(truth.junk["withdrawn"])
    for paper in truth.withdrawn_in_comments:
        assert "withdrawn" in records[paper]["comments"].lower()
        assert "withdrawn" not in records[paper]["abstract"].lower()


def test_duplicates_are_as_alike_as_they_claim(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the table of duplicates would be tested on pairs that are none."""
    kinds = Counter(pair.kind for pair in truth.duplicates)
    assert set(kinds) == {"identical", "edited", "series"} and min(kinds.values()) >= 3
    for pair in truth.duplicates:
        first, second = records[pair.first], records[pair.second]
        assert day_of(first) <= day_of(second)
        assert (first["abstract"] == second["abstract"]) == (pair.kind == "identical")
        assert first["authors"] == second["authors"]
        if pair.kind == "series":
            assert second["title"].split()[-1] == "II"


def test_two_of_the_loners_are_young_and_two_are_one_work(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the age rule and the rule about parts I and II would go untested."""
    two_years = dt.date(2023, 1, 1)
    assert {loner.id for loner in truth.loners if loner.young} == {
        loner.id for loner in truth.loners if day_of(records[loner.id]) >= two_years
    }
    assert sum(loner.young for loner in truth.loners) == 2
    parts = [loner.id for loner in truth.loners if loner.series]
    assert len(parts) == 2 and len({records[part]["authors"] for part in parts}) == 1


# The fates


def yearly(truth: Truth, records: dict[str, dict[str, Any]], name: str) -> Counter[int]:
    return Counter(day_of(records[paper]).year for paper in truth.topic(name).ids)


def test_counts_in_the_truth_are_those_of_the_file(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise verdicts would be compared with numbers that the file does not hold."""
    for topic in truth.topics:
        counts = yearly(truth, records, topic.name)
        assert {year: count for year, count in topic.by_year.items() if count} == {
            str(year): count for year, count in counts.items()
        }
        first, last = topic.peak_years
        assert topic.peak_papers == sum(counts[year] for year in range(first, last + 1))
        assert topic.recent_papers == counts[2022] + counts[2023] + counts[2024]
        assert last <= 2021


def test_each_fate_can_be_found_at_the_default_size(truth: Truth) -> None:
    """Otherwise the demo would show a list of faded topics that nobody can tell from noise."""
    assert [topic.name for topic in truth.topics if not topic.detectable] == []
    fates = Counter(topic.fate for topic in truth.topics)
    assert set(fates) == {"extinct", "faded", "diluted", "cooling", "steady", "rising", "newborn", "revived"}
    assert fates["extinct"] + fates["faded"] >= 8
    assert 30 <= len(truth.topics) <= 40


def test_fates_are_what_their_names_say(truth: Truth) -> None:
    """Otherwise right verdicts would be called wrong."""
    for topic in truth.topics:
        ratio, counts = topic.ratio, topic.count_ratio
        if topic.fate == "newborn":
            assert 2 * topic.recent_papers >= len(topic.ids)
            continue
        assert ratio is not None and counts is not None
        if topic.fate == "extinct":
            assert ratio <= 0.1 and counts <= 0.25 and topic.ratio_upper < 0.5
        elif topic.fate == "faded":
            assert 0.02 < ratio < 0.2 and counts < 1 and topic.ratio_upper < 0.5
        elif topic.fate == "diluted":
            assert ratio < 0.3 and counts >= 1
        elif topic.fate == "cooling":
            assert 0.5 <= ratio < 0.8 and topic.ratio_upper < 1
        elif topic.fate == "revived":
            assert ratio > 0.8
        elif topic.fate == "steady":
            assert topic.ratio_upper > 1


def test_fades_hold_within_their_fields(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise a faded topic whose whole archive faded would rightly be called diluted."""
    archives = {paper: record["categories"].split()[0].partition(".")[0] for paper, record in records.items()}
    archives = {paper: {"q-alg": "math", "cmp-lg": "cs"}.get(name, name) for paper, name in archives.items()}
    years = {paper: day_of(record).year for paper, record in records.items()}
    sizes = Counter(archives.values())
    by_archive_and_year = Counter((archives[paper], years[paper]) for paper in records)
    for topic in truth.with_fate("faded"):
        weights = {name: count / sizes[name] for name, count in Counter(archives[p] for p in topic.ids).items()}

        def ratio(first: int, last: int, weights: dict[str, float] = weights, ids: Any = topic.ids) -> float:
            span = range(first, last + 1)
            expected = sum(
                weight * by_archive_and_year[name, year] for name, weight in weights.items() for year in span
            )
            return sum(years[paper] in span for paper in ids) / expected

        assert ratio(2022, 2024) < 0.5 * ratio(*topic.peak_years), topic.name


def test_difficult_cases_are_there(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the verdicts would be proved on easy cases alone."""
    assert {topic.trait for topic in truth.topics} >= {
        "flat counts",
        "field launched late",
        "double peak",
        "ends where the window begins",
        "bursts",
        "renamed field",
        "pioneer with followers",
    }
    radar = yearly(truth, records, "planetary radar")
    assert radar[2021] >= 20 and max(radar) == 2021
    meteors = yearly(truth, records, "meteor showers")
    assert meteors[2022] > 2 * (meteors[2021] + meteors[2023]) / 2
    revived = yearly(truth, records, "stellarators")
    assert revived[2009] + revived[2010] < 0.5 * (revived[2003] + revived[2004]) < revived[2018]


def test_categories_bear_the_names_of_their_time(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise folding aliases and late archives would go untested."""
    primary = {paper: (day_of(record), record["categories"].split()[0]) for paper, record in records.items()}
    for paper, (day, category) in primary.items():
        assert not (category.startswith("q-fin") and day < dt.date(2008, 12, 1)), paper
        assert not (category.startswith("stat.") and day < dt.date(2007, 4, 1)), paper
        assert not (category.startswith("q-bio") and day < dt.date(2003, 9, 1)), paper
        assert not (category.startswith("astro-ph.") and day < dt.date(2009, 1, 1)), paper
    used = {category for _, category in primary.values()}
    assert {"cmp-lg", "cs.CL", "q-alg", "math.QA", "alg-geom", "math.AG", "astro-ph", "astro-ph.EP"} <= used
    assert {"math.IT", "cs.IT", "math.NA", "cs.NA"} <= used


def test_pioneers_are_alone_for_years(truth: Truth, records: dict[str, dict[str, Any]]) -> None:
    """Otherwise the list of pioneers would be tested on papers that were in company from the start."""
    assert len(truth.pioneers) == 2
    for pioneer in truth.pioneers:
        ids = truth.topic(pioneer.topic).ids
        assert ids[0] == pioneer.id and ids[1] == pioneer.follower
        assert (day_of(records[pioneer.follower]) - day_of(records[pioneer.id])).days > 8 * 365
        assert pioneer.followers == len(ids) - 1 >= 50


def test_a_few_topics_show_their_fates_in_a_small_corpus(tmp_path: Path) -> None:
    """Otherwise no quick end-to-end test could tell faded topics from living ones."""
    truth = write_snapshot(tmp_path, 900, topics=FEW_TOPICS, long_line_bytes=LONG_LINE)
    assert {topic.name for topic in truth.topics} == set(FEW_TOPICS)
    found = {topic.fate for topic in truth.topics if topic.detectable}
    assert {"extinct", "faded", "newborn", "revived", "steady"} <= found
    assert not [topic.name for topic in truth.with_fate("steady") if topic.ratio_upper < 1]


def test_fates_stand_at_the_end_of_any_range_of_months(tmp_path: Path) -> None:
    """Otherwise a backfill test that generates an older corpus would find no fates in it."""
    truth = write_snapshot(tmp_path, 3000, months=("1999-03", "2019-06"), long_line_bytes=LONG_LINE)
    records = {record["id"]: record for record in sound_records(tmp_path / DEMO_NAME, truth)}
    days = [day_of(record) for record in records.values()]
    assert (min(days) >= dt.date(1999, 3, 1)) and dt.date(2019, 6, 20) < max(days) <= dt.date(2019, 6, 30)
    last = max(day_of(records[paper]) for paper in truth.topic("planetary radar").ids)
    assert dt.date(2016, 6, 1) <= last <= dt.date(2016, 6, 30)
    assert {topic.fate for topic in truth.topics if topic.detectable} >= {"extinct", "faded", "newborn", "revived"}


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


# The month after


def by_id(snapshot: Path, truth: Truth) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in sound_records(snapshot, truth)}


def test_the_next_month_changes_and_adds_exactly_what_it_says(demo: Path, tmp_path: Path) -> None:
    """Otherwise "embeds exactly those 100" could not be tested."""
    before_truth = read_truth(demo / "truth.json")
    after = next_month(demo / DEMO_NAME, tmp_path / "later.jsonl", changed=100, added=30, seed=5)
    old, new = by_id(demo / DEMO_NAME, before_truth), by_id(tmp_path / "later.jsonl", after.truth)
    assert len(set(after.changed)) == 100 and len(set(after.added)) == 30
    assert set(new) - set(old) == set(after.added) and set(old) <= set(new)

    def text(record: dict[str, Any]) -> str:
        return " ".join(f"{record['title']} {record['abstract']}".split())

    assert {paper for paper in old if text(old[paper]) != text(new[paper])} == set(after.changed)
    assert {paper for paper in old if old[paper] != new[paper]} == set(after.changed)
    assert all(day_of(old[paper]) == day_of(new[paper]) for paper in old)
    assert all(f"{day_of(new[paper]):%Y-%m}" == after.month == "2025-01" for paper in after.added)
    assert list(new) == sorted(new)
    titles = Counter(" ".join(record["title"].split()) for record in new.values())
    assert all(titles[" ".join(new[paper]["title"].split())] == 1 for paper in after.added)


def test_the_next_month_keeps_its_books(demo: Path, tmp_path: Path) -> None:
    """Otherwise a chain of months could not be judged by its truth."""
    before = read_truth(demo / "truth.json")
    target = tmp_path / "later.jsonl"
    after = next_month(demo / DEMO_NAME, target, changed=10, added=20, seed=5)
    assert read_truth(truth_path(target)) == after.truth
    assert after.truth.papers == before.papers + 20
    assert after.truth.lines == before.lines + 20 == len(target.read_bytes().splitlines())
    old, new = (demo / DEMO_NAME).read_bytes().splitlines(), target.read_bytes().splitlines()
    assert [(new[bad.line - 1], bad.reason) for bad in after.truth.bad_lines] == [
        (old[bad.line - 1], bad.reason) for bad in before.bad_lines
    ]
    again = next_month(target, tmp_path / "later still.jsonl", changed=3, added=4, seed=5)
    assert again.month == "2025-02" and again.truth.papers == before.papers + 24
    assert not set(again.added) & set(after.added)


def test_the_next_month_is_the_same_for_the_same_arguments(demo: Path, tmp_path: Path) -> None:
    """Otherwise two runs of a test would embed different papers."""
    digests = set()
    for folder in ("one", "two"):
        next_month(demo / DEMO_NAME, tmp_path / folder / "later.jsonl", changed=10, added=20, seed=5)
        digests.add(digest(tmp_path / folder / "later.jsonl"))
    assert len(digests) == 1


def test_the_next_month_refuses_what_it_cannot_do(demo: Path, tmp_path: Path) -> None:
    """Otherwise a test could count on more changes than there are papers, or lose its source."""
    with pytest.raises(BadRequest, match="cannot be changed"):
        next_month(demo / DEMO_NAME, tmp_path / "later.jsonl", changed=10_000, added=0, seed=1)
    with pytest.raises(BadRequest, match="file of its own"):
        next_month(demo / DEMO_NAME, demo / DEMO_NAME, changed=1, added=0, seed=1)
