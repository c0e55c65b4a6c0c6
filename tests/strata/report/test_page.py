"""The page as text: whole, safe, small and the same every time. What it looks like is for ``test_page_browser``."""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import shlex
import zlib
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pyarrow as pa
import pytest
from tests.strata.report.invented import record, title_of

from strata import flags, report, trends
from strata.plan import Plan
from strata.report.page import render, sections
from strata.run_options import add_run_options

_VOID = {"meta", "link", "base", "input", "br", "img", "hr"}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script></style>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% for x in range(9) %}",
    "\u202egnp.exe \u2067 right to left",
    "A" * 10_000,
    "$" * 500 + "{" * 500 + "\\" * 500,
    "javascript:alert(1)",
    "\x00\x1b[31m\ue000",
)


class Reader(HTMLParser):
    """Reads a page as a browser would begin to: elements, their attributes, their texts; and that all are closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.elements if name in attributes]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def page() -> str:
    return render(*record(20))


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    return Reader(page)


def test_page_is_the_same_for_the_same_record(page: str) -> None:
    """Else a reader could not tell a changed record from a rewritten one."""
    assert page == render(*record(20))


def test_every_element_is_closed_and_every_anchor_is_there_once(read: Reader) -> None:
    """Else a browser guesses, and a permalink leads nowhere or to the wrong topic."""
    assert read.open == []
    ids = Counter(read.values("id"))
    assert [name for name, number in ids.items() if number > 1] == []
    inner = [link["href"] for link in read.all("a") if (link["href"] or "").startswith("#")]
    pointed = {link[1:] for link in inner if link}
    pointed |= {*read.values("aria-labelledby"), *read.values("aria-controls")}
    assert {f"topic-{number}" for number in range(20)} <= pointed
    assert pointed <= set(ids)


def test_sections_come_in_the_order_of_a_reading(read: Reader) -> None:
    """Findings first, method last: a reader who stops early has read what matters."""
    anchors = [attributes["id"] for attributes in read.all("section")]
    assert anchors == [section.anchor for section in sections.SECTIONS]
    assert anchors.index("faded") < anchors.index("risen") < anchors.index("topics") < anchors.index("lonely")
    assert anchors.index("lonely") < anchors.index("pioneers") < anchors.index("map") < anchors.index("changes")
    assert anchors[-2:] == ["refused", "method"]


def test_nothing_is_fetched_from_anywhere(page: str, read: Reader) -> None:
    """The file must open from a disk without a network, and tell nobody that it was opened."""
    for tag in ("script", "img", "iframe", "object", "embed", "video", "audio", "source", "use"):
        assert all("src" not in attributes for attributes in read.all(tag))
    assert all((link["href"] or "").startswith("data:") for link in read.all("link"))
    assert all((link["href"] or "").startswith(("#", "https://arxiv.org/abs/")) for link in read.all("a"))
    assert not re.search(r"@import|@font-face|url\(", page)
    assert not re.search(r"fetch\(|XMLHttpRequest|innerHTML|eval\(|document\.write", page)


def test_own_policy_names_the_only_script_and_style(page: str) -> None:
    """If the digest were wrong the page would stand without sorting and colours; if it were missing, a slip in
    escaping would run."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    for tag in ("script", "style"):
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1]
    assert " style=" not in page  # the policy would drop it


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_texts_stay_text(title: str) -> None:
    """A title, a file name or a reason is written by strangers: none may become an element or an attribute."""
    plain, hostile = Reader(render(*record(10, title="plain"))), Reader(render(*record(10, title=title)))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    assert [sorted(attributes) for _, attributes in hostile.elements] == [
        sorted(attributes) for _, attributes in plain.elements
    ]
    assert all((link["href"] or "").startswith(("#", "https://arxiv.org/abs/")) for link in hostile.all("a"))


def test_hostile_title_is_shown_as_it_is() -> None:
    """Safe must not mean gone: the reader sees what the author wrote."""
    assert "<script>alert(1)</script>" in Reader(render(*record(5, title=HOSTILE[0]))).text


def test_four_hundred_topics_fit_into_three_megabytes() -> None:
    """A page that does not open on a phone is not read."""
    assert len(render(*record(400, lonely=200, pairs=250)).encode()) < 3_000_000


def test_all_of_arxiv_fits_into_three_megabytes_and_nothing_is_left_out() -> None:
    """2.7 million papers make 2,700 topics: what has least to tell is compressed, and the map gets the room left."""
    page = render(*record(2700, lonely=200, pairs=250, a_topic=38, a_theme=7))
    assert len(page.encode()) < 3_000_000
    packed = [zlib.decompress(base64.b64decode(found)).decode() for found in re.findall(r'data-packed="([^"]+)"', page)]
    assert [len(re.findall("<tr[^>]* id=.(?:theme|topic|row)-", rows)) for rows in packed] == [286, 2500]
    assert (page + "".join(packed)).count(' class="topic"') == 2700
    shown = re.search(r"([0-9,]+) of the 102,600 papers", page)
    assert shown
    assert int(shown[1].replace(",", "")) > 30_000


def test_faded_topic_is_told_with_numbers_drawing_and_papers() -> None:
    """Name, verdict, papers then and now, three ratios with their limits, and papers to look at."""
    summary, tables = record(20)
    read = Reader(render(summary, tables))
    topic = next(row for row in tables["topics"].to_pylist() if row["verdict"] == "extinct")
    assert (
        "article",
        {"class": "card", "id": f"topic-{topic['topic']}", "aria-labelledby": f"name-{topic['topic']}"},
    ) in (read.elements)
    assert topic["name"] in read.text
    assert f"papers a year in {topic['peak_start'].year}\u2013{topic['peak_end'].year}" in read.text
    for kind in ("peak_exemplars", "last_exemplars"):
        for paper in topic[kind]:
            assert f"https://arxiv.org/abs/{paper}" in read.values("href")
    assert "Share of arXiv" in read.text
    assert "Within its fields" in read.text


def test_none_faded_is_said_with_the_nearest_misses() -> None:
    """An empty list looks like a fault; that nothing faded is a finding, and so is what came near."""
    summary, tables = record(20)
    verdicts = tables["topics"]["verdict"].to_pylist()
    living = tables["topics"].filter([verdict not in ("extinct", "faded") for verdict in verdicts])
    place = living.column_names.index("topic")
    numbers = {old: new for new, old in enumerate(living["topic"].to_pylist())}
    living = living.set_column(place, "topic", [list(numbers.values())])
    read = Reader(render(summary, {**tables, "topics": living}))
    assert "No topic met the criteria." in read.text
    assert "The nearest misses" in read.text
    assert "surely below 0.5" in read.text


def test_a_small_corpus_without_topics_or_lonely_papers_has_a_page() -> None:
    """The first run of a new user may be tiny; it must say so, not fail."""
    summary, tables = record(0, lonely=0, pairs=0)
    text = Reader(render(summary, tables)).text
    assert "No topic met the criteria." in text
    assert "No paper is listed." in text
    assert "No two papers are nearly the same." in text


def test_what_changed_who_came_first_and_how_well_it_agrees_are_told() -> None:
    """A reader of last month's record wants the difference; a sceptic, the agreement and the other rule."""
    text = Reader(render(*record(20))).text
    assert "Since the record of October 2024, a gap of 2 months." in text
    assert "T-009999" in text and "newly lonely" in text
    assert "topics and primary categories" in text and "0.417" in text
    assert "Years until the tenth" in text
    assert "Its best year" in text


def test_flagged_papers_are_shown_apart_with_their_reason() -> None:
    """A withdrawn paper is no lonely one; but who looks for it must find it, and why it is not listed."""
    text = Reader(render(*record(5))).text
    assert "Flagged papers that would be lonely" in text and "withdrawn" in text


def test_a_first_record_says_that_it_is_the_first() -> None:
    """Nothing to compare with is not the same as nothing changed."""
    summary, tables = record(5)
    summary["changes"] = {"since": None, "months": None, "next_key": 5}
    tables["changes"] = tables["changes"].slice(0, 0)
    assert "This is the first record of its kind here." in Reader(render(summary, tables)).text


def test_section_of_a_missing_table_is_left_out() -> None:
    """Records of an older release stay readable, and later tables bring their own sections."""
    summary, tables = record(5)
    del tables["lonely"]
    anchors = [attributes["id"] for attributes in Reader(render(summary, tables)).all("section")]
    assert "lonely" not in anchors
    assert "duplicates" in anchors


def test_old_ids_keep_their_slash_and_titles_are_readable() -> None:
    """hep-th%2F9711200 is not a page at arXiv, and nobody reads $\\alpha$."""
    summary, tables = record(5)
    read = Reader(render(summary, tables))
    assert "https://arxiv.org/abs/hep-th/9711200" in read.values("href")
    assert title_of(1).replace("$\\alpha$", "\u03b1") in read.text


def test_screen_readers_get_headers_captions_and_words_for_drawings(read: Reader) -> None:
    """A table without headers and a drawing without words are nothing to who cannot see them."""
    assert all(cell.get("scope") in ("row", "col") for cell in read.all("th"))
    assert len(read.all("caption")) == len(read.all("table"))
    top = [svg for svg in read.all("svg") if "class" in svg]
    assert top
    assert all(svg.get("aria-hidden") == "true" or svg.get("aria-label") for svg in top)
    assert read.all("html")[0]["lang"] == "en"


def test_every_verdict_has_its_rule_and_place() -> None:
    """A new verdict must not appear without a word on what it means."""
    assert tuple(sections.rules(trends.Thresholds())) == trends.VERDICTS
    assert sorted(sections.LAYERS) == sorted(trends.VERDICTS)


def test_every_flag_is_explained() -> None:
    """A reader who meets a flag wants to know what it means."""
    assert set(sections.FLAGS) == flags.HARD | flags.SOFT


def test_books_add_up_before_the_readers_eyes() -> None:
    """Lines read are papers, refused, not selected, and later than the month: nothing is dropped in silence."""
    summary, tables = record(5)
    summary |= {"papers": 90, "lines": 112, "refused": 12, "not_selected": 4}
    assert (
        "112 lines read: 90 papers in this record, 12 refused, 4 not selected, 6 later than the month"
        in Reader(render(summary, tables)).text
    )


def plan(**changes: Any) -> Plan:
    """A plan in which nothing but the month and the model differs from the defaults."""
    asked: dict[str, Any] = {"month": "2024-12", "today": "2025-01-01", "source": "/data/invented.jsonl.zst"}
    asked |= {"source_digest": "", "source_size": 1, "source_modified_ns": 1, "snapshot": "invented-1234"}
    asked |= {"categories": [], "sample": None, "seed": 0, "shard_size": 10_000, "max_refused": 0.01, "clusters": None}
    return Plan(**asked | {"model": "a/model", "model_key": "k", "model_directory": "d"} | changes)


def summary_of(run: Plan) -> dict[str, Any]:
    """The summary of a record that was made by this plan."""
    summary, _ = record(5)
    selection = {name: getattr(run, name) for name in ("categories", "sample", "seed", "shard_size")}
    return summary | {"selection": selection, "parameters": report.parameters(run), "model": run.model}


def asked_by(command: str) -> dict[str, Any]:
    """What the shell's command line understands of a command that it is given."""
    start = ["PYTHONPATH=include", ".venv/bin/python", "-m", "strata", "run"]
    words = shlex.split(command)
    assert words[: len(start)] == start
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_run_options(parser.add_argument)
    return vars(parser.parse_args(words[len(start) :]))


def test_command_makes_this_record_and_is_safe_to_paste() -> None:
    """The snapshot's name is a stranger's: pasted into a shell it must stay one word."""
    summary, _ = record(5)
    summary["source"] = "a b; rm -rf ~.jsonl"
    summary["selection"] |= {"sample": 5000, "categories": ["cs.", "math.NA"]}
    made = sections.command(summary)
    assert made.startswith("make run SNAPSHOT='a b; rm -rf ~.jsonl' MONTH=2024-12 ")
    assert "CATEGORIES='cs. math.NA' SAMPLE=5000" in made
    summary["selection"]["seed"] = 5
    made = sections.command(summary)
    assert asked_by(made)["snapshot"] == "a b; rm -rf ~.jsonl"
    assert asked_by(made)["categories"] == "cs. math.NA"


DIFFERING = {
    "seed": 5,
    "clusters": 100,
    "clustering": "minibatch",
    "fresh": True,
    "max_refused": 0.25,
    "max_drop": 0.5,
    "accept_smaller": True,
    "mode": "true",
}


@pytest.mark.parametrize("name", DIFFERING)
def test_command_has_each_parameter_that_differs_from_its_default(name: str) -> None:
    """Without it, whoever makes the record again gets other tables, or a run that stops where this one went on."""
    defaults = asked_by(sections.command(summary_of(plan(fresh=True)))) | {"fresh": False}
    made = asked_by(sections.command(summary_of(plan(**{name: DIFFERING[name]}))))
    expected = defaults | {name: DIFFERING[name]}
    # A snapshot of then is fetched by its source's name: with a file's, the run would be refused.
    assert made == expected | ({"snapshot": "huggingface"} if name == "mode" else {})


def test_command_has_all_parameters_of_a_run_that_had_its_own_everywhere() -> None:
    """One option too few, or a value that the shell reads otherwise, and the tables are others."""
    selection = {"categories": ["cs.", "math.NA"], "sample": 5000, "shard_size": 500}
    made = asked_by(sections.command(summary_of(plan(**DIFFERING, **selection, model="my models/a b"))))
    assert made == DIFFERING | selection | {
        "snapshot": "huggingface",
        "root": ".strata/root",
        "month": "2024-12",
        "model": "my models/a b",
        "categories": "cs. math.NA",
    }


def test_every_option_of_a_run_is_in_the_summary() -> None:
    """An option that comes later must not be left out of the command in silence."""
    parser = argparse.ArgumentParser()
    add_run_options(parser.add_argument)
    options = set(vars(parser.parse_args(["x", "--root", "x"]))) - {"snapshot", "root", "month", "model"}
    summary = summary_of(plan())
    assert options == {*summary["selection"], *summary["parameters"]}


def test_a_record_of_an_earlier_release_is_shown_with_the_defaults() -> None:
    """Its summary lacks most parameters; the page must stand, and ask for what there was then."""
    summary, tables = record(5)
    del summary["parameters"], summary["clustering"]["started_from"]
    whole = sections.command(summary_of(plan(model=summary["model"])))
    assert whole.startswith("make run SNAPSHOT=invented.jsonl.zst MONTH=2024-12 MODEL=")
    assert sections.command(summary) == whole
    assert whole in Reader(render(summary, tables)).text


def test_page_says_which_earlier_record_its_tables_rest_on() -> None:
    """The same command in an empty root gives other topics, or other keys; nobody would know why."""
    summary, tables = record(5)
    gone_on = Reader(render(summary, tables)).text
    assert "give the same tables after the record of October 2024" in gone_on
    assert "the topics went on from that record's" in gone_on
    summary["clustering"]["started_from"] = None
    anew = Reader(render(summary, tables)).text
    assert "give the same tables after the record of October 2024" in anew
    assert "the topics were clustered anew, but their keys and what has changed come from that record" in anew
    summary["changes"] = {"since": None, "months": None, "next_key": 5}
    tables["changes"] = tables["changes"].slice(0, 0)
    first = Reader(render(summary, tables)).text
    assert "give the same tables if that folder has no earlier record of its kind" in first
    assert "October 2024, if" not in first


def test_all_parameters_are_listed_as_they_were_asked_for() -> None:
    """How many topics were asked for, and that they were clustered anew, cannot be seen from the outcome."""
    summary, tables = record(5)
    summary["parameters"] |= {"clusters": 100, "fresh": True}
    text = Reader(render(summary, tables)).text
    assert "clusters 100 clustering faiss fresh yes max_drop 0.03 mode asof accept_smaller no max_refused 0.01" in text


def alone(topics: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record with one paper on its map."""
    summary, tables = record(topics)
    return summary, tables | {name: tables[name].slice(0, 1) for name in ("papers", "map")}


def test_one_topic_and_one_paper_are_told_in_the_singular() -> None:
    """The first run of a new user may be tiny; a page that says "1 papers" looks careless with its numbers too."""
    text = Reader(render(*alone(1))).text
    assert "The topic that once held, or now holds, the largest share of arXiv, and the years when it did." in text
    assert "The only paper there is." in text
    assert "1 cluster of near vectors is the topic" in text
    assert re.findall(r"\b1 (?:papers|topics|clusters|groups|months|rows)\b|one topics|topic are", text) == []
    many = Reader(render(*record(5))).text
    assert "The five topics that once held, or now hold, the largest shares" in many
    assert "All 45 papers, each beside" in many
    assert "5 clusters of near vectors are the topics" in many


@pytest.mark.parametrize(
    ("verdict", "one", "many"),
    [
        ("rising", "1 more topic is rising or newborn:", "2 more topics are rising or newborn:"),
        ("faded", "1 more topic has faded as well:", "2 more topics have faded as well:"),
    ],
)
def test_topics_beyond_the_cards_are_counted_in_words_that_fit(verdict: str, one: str, many: str) -> None:
    """Of more topics than there are cards, the rest is one line: with one left over it must read as well."""
    summary, tables = record(sections.CARDS + 2)
    place = tables["topics"].column_names.index("verdict")
    for left, told in ((1, one), (2, many)):
        verdicts = [verdict] * (sections.CARDS + left) + ["steady"] * (2 - left)
        topics = tables["topics"].set_column(place, "verdict", [verdicts])
        assert told in Reader(render(summary, tables | {"topics": topics})).text


def test_no_paper_has_more_company_than_everybody() -> None:
    """The most crowded paper of its archive has itself beside it in every count: it was told to exceed 100%."""
    summary, tables = record()
    rows = tables["pioneers"].to_pylist()
    rows[0]["now_percentile"], rows[1]["now_percentile"] = 0.0, 12.2
    page = render(summary, tables | {"pioneers": pa.Table.from_pylist(rows, tables["pioneers"].schema)})
    assert "nobody in its archive has more company" in page
    assert "12% of its archive have more company" in page
    assert "more company than" not in page
