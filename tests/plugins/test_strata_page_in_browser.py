"""The page inside Airflow's own UI, in a real browser, below a sub-path: what a reader does with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.plugins.conftest import Server

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = [pytest.mark.airflow, pytest.mark.browser]

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_PATIENCE_MS = 180_000  # the UI is several megabytes of script, and machines are busy


@pytest.fixture(scope="module")
def signed_in(server: Server) -> Iterator[Any]:
    """A browser in which `reader` has signed in by Airflow's own form; arXiv is played, nothing else is reached."""
    # Chromium's own sandbox refuses to start for root, as which containers run.
    flags = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=flags)
        except sync_api.Error as missing:
            pytest.skip(f"no Chromium could be started: {str(missing).splitlines()[0]}")
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(_PATIENCE_MS)
        context.route("https://arxiv.org/**", lambda route: route.fulfill(status=200, body="a paper"))
        page = context.new_page()
        page.goto(f"{server.url}/auth/login")
        page.fill("input[name=username]", "reader")
        page.fill("input[name=password]", "reader")
        page.click("button[type=submit]")
        page.wait_for_url(lambda address: "login" not in address)
        page.close()
        yield context
        browser.close()


@pytest.fixture
def page(signed_in: Any) -> Iterator[Any]:
    """A tab that must not complain."""
    tab, troubles = signed_in.new_page(), []
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    yield tab
    tab.close()
    assert troubles == []


def _framed(page: Any) -> Any:
    """The page within Airflow's UI."""
    return page.frame_locator('iframe[title="Fossil record"]')


def _opens(page: Any, link: Any) -> str:
    """Click; return the address of the tab that opens."""
    with page.context.expect_page() as opened:
        link.click()
    address = str(opened.value.url)
    opened.value.close()
    return address


def test_a_reader_finds_the_page_a_topic_similar_papers_and_two_months(server: Server, page: Any) -> None:
    page.goto(f"{server.url}/plugin/fossil-record")
    frame = _framed(page)
    frame.get_by_role("heading", name="January 2012").wait_for()
    frame.locator("#topics tbody a").first.click()
    frame.locator(".years").wait_for()
    frame.locator(".years a").first.click()
    # The list of the latest year stands there until that of the first has come.
    frame.locator(".years tr").first.locator("a[aria-current]").wait_for()
    first = frame.locator(".papers li").first
    paper = first.locator(".id").first.inner_text()
    assert _opens(page, first.get_by_role("link").first) == f"https://arxiv.org/abs/{paper}"
    first.get_by_role("link", name="similar").click()
    frame.locator("#near tbody tr").first.wait_for()
    assert frame.get_by_label("Papers").input_value() == paper
    assert frame.locator("#near tbody tr").count() == 10
    frame.get_by_role("link", name="Compare months").click()
    frame.get_by_role("heading", name="January 2012 beside December 2009").wait_for()
    # Airflow's own address follows, so that it can be sent to somebody.
    page.wait_for_url("**/plugin/fossil-record/**/compare?month=2012-01")


def test_a_paper_is_found_by_its_id_and_arxiv_opens_beside_airflow(server: Server, page: Any) -> None:
    """Airflow's frame forbids what is in it to open windows: a plain link would do nothing at all."""
    page.goto(f"{server.url}/plugin/fossil-record")
    assert "allow-popups" not in page.locator('iframe[title="Fossil record"]').get_attribute("sandbox")
    frame = _framed(page)
    frame.get_by_role("link", name="Similar papers").click()
    frame.get_by_label("Papers").fill("https://arxiv.org/abs/0101.00003v1")
    frame.get_by_role("button", name="Find").first.click()
    link = frame.locator("#near tbody a").first
    address = link.get_attribute("href")
    before = page.url
    assert _opens(page, link) == address
    assert page.url.partition("?")[0].startswith(before.partition("?")[0][:40])
    frame.get_by_label("Sentence").fill("crystal film growth")
    frame.get_by_role("button", name="Find").last.click()
    frame.get_by_text("crystal film growth").wait_for()
    assert frame.locator("#near tbody tr").count() == 20


def test_the_report_is_read_in_the_frame_and_its_papers_open(server: Server, page: Any) -> None:
    """The report has no origin of its own: it may ask the page around it to open a paper, and nothing else."""
    page.goto(f"{server.url}/plugin/fossil-record")
    frame = _framed(page)
    frame.get_by_role("link", name="Read the report").click()
    report = frame.frame_locator("iframe.report")
    report.locator("h1").first.wait_for()
    link = report.locator("a[href^='https://arxiv.org/abs/']:visible").first
    assert _opens(page, link) == link.get_attribute("href")
    (inner,) = [each for each in page.frames if "report.html" in each.url]
    assert inner.evaluate("() => window.origin") == "null"
    with pytest.raises(sync_api.Error, match=r"SecurityError|Blocked a frame"):
        inner.evaluate("() => window.top.document.cookie")
    opened = []
    page.context.on("page", lambda tab: opened.append(tab.url))
    inner.evaluate("() => parent.postMessage({ open: 'https://elsewhere.example/' }, '*')")
    inner.evaluate("() => parent.postMessage({ open: 'javascript:alert(1)' }, '*')")
    page.wait_for_timeout(500)
    assert opened == []


def test_the_button_on_the_last_task_opens_the_runs_record(server: Server, page: Any) -> None:
    runs = page.request.get(f"{server.url}/api/v2/dags/fossil_record/dagRuns").json()["dag_runs"]
    page.goto(f"{server.url}/dags/fossil_record/runs/{quote(runs[0]['dag_run_id'])}/tasks/export/details")
    page.get_by_role("link", name="Open the record").click()
    _framed(page).get_by_role("heading", name="January 2012").wait_for()


def test_airflows_menu_has_the_page(server: Server, page: Any) -> None:
    page.goto(server.url + "/")
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("menuitem", name="Fossil record").click()
    _framed(page).get_by_role("heading", name="January 2012").wait_for()


def test_without_a_login_airflow_asks_for_one(server: Server, signed_in: Any, tmp_path: Path) -> None:
    context = signed_in.browser.new_context()
    context.set_default_timeout(_PATIENCE_MS)
    tab = context.new_page()
    answer = tab.goto(f"{server.page}/")
    assert answer.status == 401
    tab.goto(f"{server.url}/plugin/fossil-record")
    tab.locator("input[name=username]").wait_for()
    context.close()
