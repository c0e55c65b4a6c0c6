"""The page in a real browser, from a file and without a network: what a reader does with it, and what it looks like."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.strata.report.invented import record
from tests.strata.report.test_page import HOSTILE, alone

from strata.report.page import render
from strata.report.page.sections import SECTIONS

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = pytest.mark.browser

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_ROWS = "#topic-table tbody tr.topic:not([hidden])"

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # Chromium's own sandbox refuses to start for root, as which containers run.
    flags = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=_CHROMIUM, args=flags)
        except sync_api.Error as missing:
            pytest.skip(f"no Chromium could be started: {str(missing).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Open a record's page from a file; fails at the end if it asked for anything else or complained."""
    contexts, troubles, requests = [], [], []

    def refuse(dialog: Any) -> None:
        troubles.append(dialog.message)
        dialog.dismiss()

    def opened(made: Any, at: str = "", **options: Any) -> Any:
        file = tmp_path / "report.html"
        file.write_text(render(*made), encoding="utf-8")
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text))
        page.on("dialog", refuse)
        page.goto(file.as_uri() + at)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []
    assert [url for url in requests if not url.startswith(("file://", "data:"))] == []


def _column(page: Any, number: int) -> list[str]:
    return [text.strip() for text in page.locator(f"{_ROWS} > :nth-child({number})").all_inner_texts()]


def test_table_sorts_by_number_both_ways_and_says_so(visit: Open) -> None:
    """Sorted as text, 9 would come after 1,000; unsaid, a screen reader's user would not know of it."""
    page = visit(record(20))
    heading = page.locator("#topic-table thead th", has_text="Papers").first
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    falling = [int(text.replace(",", "")) for text in _column(page, 4)]
    assert falling == sorted(falling, reverse=True)
    assert len(falling) == 20
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert [int(text.replace(",", "")) for text in _column(page, 4)] == falling[::-1]
    assert page.locator("#topic-table thead th[aria-sort]").count() == 1


def test_details_stay_with_their_row(visit: Open) -> None:
    """After sorting, a row must open its own topic."""
    page = visit(record(20))
    page.locator("#topic-table thead th", has_text="Papers").first.get_by_role("button").click()
    button = page.locator(f"{_ROWS} button").nth(3)
    name = button.inner_text()
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    detail = page.locator(f"#{button.get_attribute('aria-controls')}")
    assert detail.is_visible()
    assert detail.evaluate("row => row.previousElementSibling.querySelector('button').textContent") == name
    button.click()
    assert not detail.is_visible()


def test_topic_with_a_card_opens_whole_in_the_table_too(visit: Open) -> None:
    """A row that opens to nothing but a link would break the thread of a comparison."""
    page = visit(record(20))
    row = page.locator('tr.topic[data-verdict="extinct"]').first
    row.get_by_role("button").click()
    number = (row.get_attribute("id") or "").removeprefix("row-")
    assert page.locator(f"#detail-{number} svg.profile").is_visible()
    assert page.locator(f"#topic-{number} svg.profile").is_visible()


def test_filter_by_verdict_and_by_a_word_of_a_title(visit: Open) -> None:
    """Who looks for a topic knows a paper of it rather than its name."""
    summary, tables = record(20)
    page = visit((summary, tables))
    kinds = tables["topics"]["verdict"].to_pylist()
    page.locator('.filter input[value="diluted"]').uncheck(force=True)
    assert page.locator(_ROWS).count() == 20 - kinds.count("diluted")
    assert "20 shown" in page.locator('[data-for="topic-table"] .shown').inner_text()
    title = tables["topics"]["peak_exemplar_titles"][0].as_py()[0].split("$")[0].strip()
    page.locator('[data-for="topic-table"] input[type=search]').fill(title)
    assert _column(page, 1) == [tables["topics"]["name"][0].as_py()]


def test_permalink_opens_its_topic_even_when_a_filter_hides_it(visit: Open) -> None:
    """A link in a mail must show what it points at."""
    summary, tables = record(20)
    steady = tables["topics"]["verdict"].to_pylist().index("steady")
    page = visit((summary, tables), f"#topic-{steady}")
    assert page.locator(f"#detail-{steady}").is_visible()
    page.goto(page.url.split("#")[0])
    page.locator('[data-for="topic-table"] input[type=search]').fill("no such word")
    assert page.locator(_ROWS).count() == 0
    page.evaluate(f"location.hash = 'topic-{steady}'")
    page.locator(f"#detail-{steady}").wait_for(state="visible")


def test_long_lists_show_their_first_rows_until_asked(visit: Open) -> None:
    """Two hundred rows bury what comes after them; but a search looks through all."""
    page = visit(record(20, lonely=60))
    rows = page.locator("#lonely-table tbody tr:not([hidden])")
    assert rows.count() == 20
    page.locator('[data-for="lonely-table"] input').fill("no00059 invented")
    assert rows.count() == 1
    page.locator('[data-for="lonely-table"] input').fill("")
    page.get_by_role("button", name="Show all 60").click()
    assert rows.count() == 60


def test_links_to_arxiv_leave_the_page_and_the_frame_it_may_stand_in(visit: Open) -> None:
    """arXiv refuses to be framed: a link that stayed inside Airflow's frame would show an error."""
    page = visit(record(5))
    assert page.locator("base").get_attribute("target") == "_blank"
    assert page.locator('a[href^="#"]:not([target="_self"])').count() == 0


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_do_nothing(visit: Open, title: str) -> None:
    """The fixture fails on any dialog, error or request; the page must stand and stay as wide as the window."""
    page = visit(record(10, title=title), viewport={"width": 390, "height": 800})
    assert page.locator("section").count() == len(SECTIONS)
    assert page.locator("body img, body script, body iframe").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_page_is_whole_without_javascript(visit: Open) -> None:
    """Where scripts are forbidden nothing may be out of reach."""
    page = visit(record(20), java_script_enabled=False)
    assert page.locator("tr.detail").first.is_visible()
    assert page.locator("#lonely-table tbody tr").last.is_visible()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_page_fits_its_window(visit: Open, width: int) -> None:
    """Reading must not need scrolling sideways; wide tables scroll by themselves."""
    page = visit(record(10), viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(visit: Open, scheme: str) -> None:
    """Text against its ground at 4.5 to 1 or better (WCAG AA), small print too."""
    page = visit(record(5), color_scheme=scheme)
    ratios = page.evaluate(
        """() => {
          const light = (colour) => {
            const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => part / 255)
              .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = light(getComputedStyle(document.body).backgroundColor);
          return [".story", ".intro", ".id", ".numbers dt", ".kicker", "td.n span", "thead th"].map((name) => {
            const ink = light(getComputedStyle(document.querySelector(name)).color);
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
          });
        }"""
    )
    assert min(ratios) >= 4.5
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 19, 17)"
    assert dark == (scheme == "dark")


def test_map_tells_the_paper_under_the_pointer_and_links_to_it(visit: Open) -> None:
    """A point that says nothing is decoration."""
    page = visit(record(20))
    canvas = page.locator(".map canvas")
    canvas.scroll_into_view_if_needed()
    page.locator(".map input").fill("hep-th/9711200")
    assert page.locator(".map .shown").inner_text() == "1 paper found"
    link = page.locator(".map .spot a").first
    assert link.get_attribute("href") == "https://arxiv.org/abs/hep-th/9711200"
    page.locator(".map input").fill("")
    box = canvas.bounding_box()
    page.get_by_role("button", name="Whole map").click()
    told = set()
    for across in range(4, 100, 3):
        for down in range(4, 100, 8):
            page.mouse.move(box["x"] + box["width"] * across / 100, box["y"] + box["height"] * down / 100)
        told.add(page.locator(".map .spot").inner_text())
    assert any(text.startswith("arXiv:") and " in quartz " in text for text in told)


def test_map_zooms_by_button_key_and_wheel_and_back(visit: Open) -> None:
    """Topics of a large map can only be told apart from near; and a wheel that only scrolls past must scroll."""
    page = visit(record(20))
    canvas = page.locator(".map canvas")
    canvas.scroll_into_view_if_needed()
    wait = "want => Math.abs(Number(document.querySelector('.map').dataset.zoom) - want) < 0.02"
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_function(wait, arg=1.6)
    canvas.focus()
    page.keyboard.press("+")
    page.wait_for_function(wait, arg=2.4)
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.wheel(0, -100)
    page.wait_for_function(wait, arg=3.0)
    page.get_by_role("button", name="Whole map").click()
    page.wait_for_function(wait, arg=1.0)
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.wheel(0, -100)
    page.wait_for_timeout(200)
    assert page.locator(".map").get_attribute("data-zoom") == "1.00"


def test_map_finds_topics_by_their_words(visit: Open) -> None:
    """Who looks for quartz wants to see where it lies."""
    page = visit(record(20))
    before = page.locator(".map canvas").evaluate("canvas => canvas.toDataURL()")
    page.locator(".map input").fill("quartz 19,")
    assert page.locator(".map .shown").inner_text() == "1 of 20 topics, 9 papers"
    page.wait_for_timeout(200)
    assert page.locator(".map canvas").evaluate("canvas => canvas.toDataURL()") != before


def test_map_tells_one_topic_and_one_paper_in_the_singular(visit: Open) -> None:
    """A tiny record's map that says "1 topics, 1 papers" looks careless."""
    page = visit(alone(1))
    page.locator(".map input").fill("quartz 0,")
    assert page.locator(".map .shown").inner_text() == "1 of 1 topic, 1 paper"
    page.locator(".map input").fill("no such word")
    assert page.locator(".map .shown").inner_text() == "0 of 1 topic, 0 papers"


def test_paper_has_what_matters_and_no_controls(visit: Open) -> None:
    """Buttons and menus are nothing on paper; the lists are."""
    page = visit(record(10))
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator(".filter").first.is_visible()
    assert page.locator("article.card").first.is_visible()
    assert page.locator("#topic-table").is_visible()


@pytest.fixture
def packing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compress all rows but a few, as in a record of thousands of topics."""
    for name, most in (("PLAIN", 10), ("DETAILED", 6), ("PLAIN_THEMES", 2)):
        monkeypatch.setattr(f"strata.report.page.sections.{name}", most)


@pytest.mark.usefixtures("packing")
def test_compressed_rows_are_as_good_as_the_others(visit: Open) -> None:
    """In the record of all of arXiv most topics are compressed: they must be found, opened, linked to and mapped."""
    summary, tables = record(20)
    steady = tables["topics"]["verdict"].to_pylist().index("steady")
    name = tables["topics"]["name"][steady].as_py()
    page = visit((summary, tables), at=f"#topic-{steady}")
    page.locator(f"#detail-{steady}.open").wait_for()
    assert page.locator(f"#detail-{steady} li a").count() == 3
    assert page.locator(_ROWS).count() == 20
    order = page.locator(f"{_ROWS} > :nth-child(2)").evaluate_all(
        "cells => cells.map((cell) => Number(cell.dataset.v))"
    )
    assert order == list(range(20))
    assert page.locator("#themes-table tbody tr").count() == 4
    assert not page.locator(".packed").first.is_visible()
    page.locator('[data-for="topic-table"] input[type=search]').fill(name.split(",")[0])
    assert name in _column(page, 1)
    page.locator(".map input[type=search]").fill(name.split(",")[0])
    assert page.locator(".map .shown").inner_text().split(" of ")[1].startswith("20 topics")


@pytest.mark.usefixtures("packing")
def test_hostile_titles_stay_text_when_they_are_unpacked(visit: Open) -> None:
    """The script puts the compressed rows into the page as HTML: they must be escaped as all others are."""
    page = visit(record(20, title="<img src=x onerror=alert(1)><script>alert(2)</script>"))
    # Not wait_for_function with an expression: to look again Playwright evaluates it in the page, which forbids that.
    sync_api.expect(page.locator("tr.topic")).to_have_count(20, timeout=60_000)
    assert page.locator("#topic-table img, #topic-table script").count() == 0


@pytest.mark.usefixtures("packing")
def test_without_a_script_the_page_says_that_rows_are_missing(visit: Open) -> None:
    """Nobody must take the most telling topics for all there are."""
    page = visit(record(20), java_script_enabled=False)
    assert "14 more rows" in page.locator("#topics-packed").inner_text()
    assert page.locator("tr.topic").count() == 6
