"""The record as one HTML file that opens anywhere: no network, no fonts, no service, readable without JavaScript.

A folder, because a page is more than one thing: ``reading`` turns tables into topics with a history, ``sections`` says
what each section shows, ``charts`` draws, ``points`` packs the map, ``wording`` writes numbers and dates, ``tex`` makes
titles readable, and ``templates`` holds the HTML, the style and the scripts. Titles are hostile text: the templates
escape all they are given, and the page's own policy (Content-Security-Policy) lets no script run but the one named by
its digest.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa

from strata.report.page import charts, sections, wording
from strata.report.page.reading import Record
from strata.report.page.tex import readable

_TEMPLATES = Path(__file__).parent / "templates"


def render(summary: dict[str, Any], record: dict[str, pa.Table]) -> str:
    """Return the record's page, the same text for the same record.

    Args:
        summary: as `strata.report.make` returns it.
        record: the record's tables by name; see `strata.report.tables`.
    """
    read = Record(summary, record)
    shown = [(section, section.contents(read)) for section in sections.SECTIONS]
    style = (_TEMPLATES / "style.css").read_text("utf-8")
    script = "".join((_TEMPLATES / name).read_text("utf-8") for name in ("report.js", "map.js"))
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            record=read,
            summary=summary,
            sections=[(section, contents) for section, contents in shown if contents is not None],
            carded=_carded({section.anchor: contents for section, contents in shown}),
            style=style,
            script=script,
            style_digest=_digest(style),
            script_digest=_digest(script),
            draw_profile=lambda topic: sections.draw_profile(read, topic),
            draw_spark=lambda topic: sections.draw_spark(read, topic),
            draw_gauge=lambda value, limit: charts.gauge(value, limit, read.thresholds.fade_ratio),
        )
    )


def _carded(shown: dict[str, dict[str, Any] | None]) -> set[int]:
    """Return the topics that have a card of their own: there their permalink leads, for all others to the table."""
    contents = (shown.get(anchor) for anchor in ("faded", "risen"))
    return {topic.number for content in contents if content for topic in content["topics"]}


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(wording.FILTERS, readable=readable)
    return environment


def _digest(text: str) -> str:
    """Return how a Content-Security-Policy names a script or style that may be there."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
