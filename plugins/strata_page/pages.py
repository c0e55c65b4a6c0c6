"""The routes of the page: HTML made from a record, every one behind Airflow's own permission."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag, requires_access_view
from airflow.models.xcom import XComModel
from fastapi import Depends, FastAPI, Query, Request, Response
from sqlalchemy import select

from strata.errors import BadRequest, StrataError, Unavailable
from strata.published import latest_month, months
from strata.report.page import wording
from strata.report.page.sections import LAYERS
from strata.report.page.templating import environment_of
from strata.storage import Storage, connect
from strata.trends.windows import window_edges
from strata_page import matching, reading, sentences

_TEMPLATES = Path(__file__).parent / "templates"
# Nothing is loaded from elsewhere, and nobody else may frame the page.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "Cache-Control": "private, no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# The report comes from the root, where others write: it is given no origin, so that nothing in it can act as the
# reader towards Airflow. It brings a policy of its own against everything else.
_REPORT_HEADERS = _HEADERS | {
    "Content-Security-Policy": "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; "
    "frame-ancestors 'self'"
}

app = FastAPI(
    title="Fossil record",
    dependencies=[Depends(requires_access_view(AccessView.PLUGINS))],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)

Month = Annotated[str, Query(max_length=7)]
Asked = Annotated[str, Query(max_length=2000)]
Name = Annotated[str, Query(max_length=300)]
Number = Annotated[int, Query(ge=0, le=10**6)]


@app.exception_handler(StrataError)
@app.exception_handler(Unavailable)
@app.exception_handler(FileNotFoundError)
@app.exception_handler(sentences.ServiceUnavailable)
def explain(request: Request, error: Exception) -> Response:
    """Say what is wrong on a page of its own; a path of the server's is nobody's business."""
    if isinstance(error, FileNotFoundError):
        return _message("A file of this record is not there: it may just have been published anew.", 404)
    return _message(str(error), 404 if isinstance(error, StrataError) else 503)


@app.get("/")
def front(month: Month = "") -> Response:
    """A month's findings, and the ways from there."""
    storage = _storage()
    if not months(storage):
        return _message("There is no record yet: trigger the DAG fossil_record.", 200)
    shown = latest_month(storage, month or None)
    topics = sorted(reading.topics(storage, shown), key=lambda row: (LAYERS.index(row["verdict"]), row["name"]))
    return _page("front.html.j2", storage, shown, summary=reading.summary(storage, shown), topics=topics)


@app.get("/report")
def report(month: Month = "") -> Response:
    """The record's own page below this one's heading."""
    storage = _storage()
    return _page("report.html.j2", storage, latest_month(storage, month or None))


@app.get("/report.html")
def report_alone(month: Month = "") -> Response:
    """The record's own page, as it is."""
    storage = _storage()
    page = storage.read(f"records/{latest_month(storage, month or None)}/report.html")
    return Response(page, media_type="text/html; charset=utf-8", headers=_REPORT_HEADERS)


@app.get("/topic")
def topic(number: Number, month: Month = "", until: Annotated[dt.date | None, Query()] = None) -> Response:
    """One topic: its years, and its papers of one of them, by default of the last that has any."""
    storage = _storage()
    shown = latest_month(storage, month or None)
    found = next((row for row in reading.topics(storage, shown) if row["topic"] == number), None)
    if found is None:
        raise BadRequest(f"{shown} has no topic {number}.")
    windows = reading.windows(storage, shown, number)
    filled = [row["end"] for row in windows if row["papers"]]
    end = until or (filled[-1] if filled else None)
    start, papers = None, []
    if end:
        start = window_edges(end, 1)[0].astype(object)
        papers = reading.papers_between(storage, shown, number, start, end)
    first = next((place for place, row in enumerate(windows) if row["papers"]), 0)
    return _page(
        "topic.html.j2", storage, shown, topic=found, windows=windows[first:], end=end, start=start, papers=papers,
        pruned=not reading.shards(storage, shown), most=reading.SHOWN,
    )  # fmt: skip


@app.get("/similar")
def similar(id: Asked = "", text: Asked = "", month: Month = "") -> Response:
    """The papers nearest to one, as the record has them; to several, or to a sentence, as the service finds them."""
    storage = _storage()
    shown = latest_month(storage, month or None)
    asked = id.replace(",", " ").split()
    paper, near = None, []
    if text.strip() or len(asked) > 1:
        near = sentences.ask(shown, asked, text)
    elif asked:
        paper, near = reading.nearest(storage, shown, asked[0])
    return _page(
        "similar.html.j2", storage, shown, asked=id, text=text, paper=paper, near=near,
        search=reading.summary(storage, shown)["search"], sentences=sentences.configured(),
    )  # fmt: skip


@app.get("/compare")
def compare(month: Month = "", other: Month = "") -> Response:
    """The topics of two months side by side; the month before, where no other is named."""
    storage = _storage()
    known = months(storage)
    shown = latest_month(storage, month or None)
    earlier = [each for each in known if each < shown]
    before = latest_month(storage, other) if other else (earlier or known)[0]
    return _page(
        "compare.html.j2", storage, shown, other=before, comparison=matching.compare(storage, shown, before),
        summaries=[reading.summary(storage, each) for each in (shown, before)],
    )  # fmt: skip


@app.get("/run", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.XCOM))])
def run(dag_id: Name, run_id: Name, session: SessionDep) -> Response:
    """The record that a DAG run has made: what the tab on the run shows."""
    made = session.scalar(
        select(XComModel.value).where(
            XComModel.dag_id == dag_id,
            XComModel.run_id == run_id,
            XComModel.task_id == "report",
            XComModel.key == "return_value",
        )
    )
    month = _month_in(made)
    return front(month) if month else _message("This run has not published a record, or not yet.", 200)


@app.get("/style.css")
def style() -> Response:
    """The look of the pages."""
    return Response((_TEMPLATES / "style.css").read_text("utf-8"), media_type="text/css", headers=_HEADERS)


@app.get("/links.js")
def links() -> Response:
    """What opens links from inside Airflow's frame."""
    return Response((_TEMPLATES / "links.js").read_text("utf-8"), media_type="text/javascript", headers=_HEADERS)


def _storage() -> Storage:
    return connect(os.environ.get("STRATA_ROOT", ""))


def _month_in(value: Any) -> str:
    """The month in what the task ``report`` returned, as Airflow stores it."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    return str(found.get("month", "")) if isinstance(found, dict) else ""


def _page(template: str, storage: Storage, month: str, **shown: Any) -> Response:
    return _render(template, 200, month=month, months=months(storage), **shown)


def _message(text: str, status: int) -> Response:
    return _render("message.html.j2", status, message=text, month="", months=[])


def _render(template: str, status: int, **shown: Any) -> Response:
    text = _environment.get_template(template).render(**shown)
    return Response(text, status, _HEADERS, media_type="text/html; charset=utf-8")


_environment = environment_of(_TEMPLATES)
_environment.filters["years"] = wording.years
