"""The routes of the page: HTML made from a record, every one behind Airflow's own permission."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import jinja2
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from fastapi import Depends, FastAPI, Query, Request, Response

from strata.errors import StrataError
from strata.published import latest_month, months, open_record
from strata.report.page import wording
from strata.report.page.tex import readable
from strata.storage import Storage, connect
from strata_page import reading

_LINKS = (Path(__file__).parent / "templates" / "links.js").read_text("utf-8")
# Nothing is loaded from elsewhere, and nobody else may frame the page; the report brings a stricter policy of its own.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "Cache-Control": "private, no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_REPORT_HEADERS = _HEADERS | {"Content-Security-Policy": "frame-ancestors 'self'"}

app = FastAPI(
    title="Fossil record",
    dependencies=[Depends(requires_access_view(AccessView.PLUGINS))],
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
)

Month = Annotated[str, Query(max_length=7)]
Asked = Annotated[str, Query(max_length=300)]


def _storage() -> Storage:
    return connect(os.environ.get("STRATA_ROOT", ""))


@app.exception_handler(StrataError)
def explain(request: Request, error: StrataError) -> Response:
    """Say what is wrong on a page of its own."""
    return _page("message.html.j2", status=404, message=str(error), month="", months=[])


@app.get("/")
def front(month: Month = "") -> Response:
    """A month's findings, and the ways from there."""
    storage = _storage()
    known = months(storage)
    if not known:
        return _page(
            "message.html.j2", message="There is no record yet: trigger the DAG fossil_record.", month="", months=[]
        )
    shown = latest_month(storage, month or None)
    return _page(
        "front.html.j2",
        month=shown,
        months=known,
        summary=reading.summary(storage, shown),
        topics=sorted(reading.topics(storage, shown), key=lambda row: (row["verdict"], row["name"])),
    )


@app.get("/report")
def report(month: Month = "") -> Response:
    """The record's own page, as it is."""
    storage = _storage()
    page = reading.report(storage, latest_month(storage, month or None))
    return Response(page, media_type="text/html; charset=utf-8", headers=_REPORT_HEADERS)


@app.get("/topic")
def topic(
    number: Annotated[int, Query(ge=0)], month: Month = "", year: Annotated[int | None, Query(ge=1900, le=2100)] = None
) -> Response:
    """One topic: its years, and its papers of one of them."""
    storage = _storage()
    shown = latest_month(storage, month or None)
    found = next((row for row in reading.topics(storage, shown) if row["topic"] == number), None)
    if found is None:
        return _page(
            "message.html.j2",
            status=404,
            message=f"{shown} has no topic {number}.",
            month=shown,
            months=months(storage),
        )
    windows = reading.years(storage, shown, number)
    wanted = year or int(shown[:4])
    papers = reading.papers_of(storage, open_record(storage, shown), number, wanted)
    return _page(
        "topic.html.j2", month=shown, months=months(storage), topic=found, windows=windows, year=wanted, papers=papers
    )


@app.get("/similar")
def similar(id: Asked = "", month: Month = "") -> Response:
    """The papers nearest to one, as the record has them."""
    storage = _storage()
    shown = latest_month(storage, month or None)
    paper, near = reading.nearest(storage, open_record(storage, shown), id) if id.strip() else (None, [])
    return _page("similar.html.j2", month=shown, months=months(storage), asked=id, paper=paper, near=near)


@app.get("/compare")
def compare(month: Month = "", other: Month = "") -> Response:
    """The topics of two months side by side."""
    storage = _storage()
    shown = latest_month(storage, month or None)
    before = latest_month(storage, other or shown)
    rows = reading.compare(storage, shown, before)
    return _page("compare.html.j2", month=shown, months=months(storage), other=before, rows=rows)


@app.get("/run")
def run(dag_id: Asked, run_id: Asked) -> Response:
    """The record that a DAG run has made: what the tab on the run shows."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        made = session.query(XComModel.value).filter_by(
            dag_id=dag_id, run_id=run_id, task_id="report", key="return_value", map_index=-1
        )
        value = made.scalar()
    month = _month_in(value)
    if not month:
        return _page("message.html.j2", message="This run has not published a record.", month="", months=[])
    return front(month)


@app.get("/style.css")
def style() -> Response:
    """The look of the pages."""
    text = (Path(__file__).parent / "templates" / "style.css").read_text("utf-8")
    return Response(text, media_type="text/css", headers=_HEADERS)


@app.get("/links.js")
def links() -> Response:
    """What opens links from inside Airflow's frame."""
    return Response(_LINKS, media_type="text/javascript", headers=_HEADERS)


def _month_in(value: Any) -> str:
    import json

    found = json.loads(value) if isinstance(value, str | bytes) else value
    return str(found.get("month", "")) if isinstance(found, dict) else ""


def _page(template: str, status: int = 200, **shown: Any) -> Response:
    text = _environment.get_template(template).render(**shown)
    return Response(text, status, _HEADERS, media_type="text/html; charset=utf-8")


_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(wording.FILTERS, readable=readable)
