"""The record as one HTML file that opens anywhere: no network, no fonts, no service, readable without JavaScript.

A folder, because a page is more than one thing: ``reading`` turns tables into topics with a history, ``sections`` says
what each section shows, ``charts`` draws, ``points`` packs the map, ``wording`` writes numbers and dates, ``tex`` makes
titles readable, and ``templates`` holds the HTML, the style and the scripts, which ``templating`` fills. Titles are
hostile text: the templates escape all they are given, and the page's own policy (Content-Security-Policy) lets no
script run but the one named by its digest.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
from markupsafe import Markup

from strata.report.page import charts, points, sections
from strata.report.page.reading import Record
from strata.report.page.templating import environment_of

_TEMPLATES = Path(__file__).parent / "templates"
_HEAD_BYTES = 40_000  # headline, menu, footer, the headings; and the map's counts of each topic


def render(summary: dict[str, Any], record: dict[str, pa.Table]) -> str:
    """Return the record's page, the same text for the same record.

    Args:
        summary: as `strata.report.make` returns it.
        record: the record's tables by name; see `strata.report.tables`.
    """
    read = Record(summary, record)
    shown = {section.anchor: section.contents(read) for section in sections.SECTIONS}
    style = (_TEMPLATES / "style.css").read_text("utf-8")
    script = "".join((_TEMPLATES / name).read_text("utf-8") for name in ("report.js", "map.js"))
    environment = environment_of(_TEMPLATES)
    environment.globals.update(
        record=read,
        summary=summary,
        carded=_carded(shown),
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
        draw_profile=lambda topic: sections.draw_profile(read, topic),
        draw_spark=lambda topic: sections.draw_spark(read, topic),
        draw_gauge=lambda value, limit: charts.gauge(value, limit, read.thresholds.fade_ratio),
    )
    return environment.get_template("report.html.j2").render(sections=_filled(environment, shown, len(style + script)))


def _filled(
    environment: jinja2.Environment, shown: dict[str, sections.Contents | None], rest: int
) -> list[tuple[sections.Section, sections.Contents, Markup]]:
    """Return the sections that there are, with their contents and HTML; the map gets the room that all others leave.

    Args:
        environment: with all that the templates ask for.
        shown: what each section shows.
        rest: bytes of what belongs to no section.
    """
    html: dict[str, Markup] = {}
    for anchor, contents in sorted(shown.items(), key=lambda item: item[0] == "map"):
        if contents is None:
            continue
        if "packed_rows" in contents:
            contents["packed"] = _packed(environment.get_template(f"{anchor}_rows.html.j2"), contents)
        if anchor == "map":
            room = points.room_for(_HEAD_BYTES + rest + sum(len(text.encode()) for text in html.values()))
            contents["points"] = points.pack(contents["placed"], contents["topic"], contents["topics"], room)
            contents["count"] = contents["points"].shown
        html[anchor] = Markup(environment.get_template(f"{anchor}.html.j2").render(contents=contents))
    found = ((section, shown[section.anchor]) for section in sections.SECTIONS)
    return [(section, contents, html[section.anchor]) for section, contents in found if contents is not None]


def _packed(template: jinja2.Template, contents: sections.Contents) -> str:
    """Return the rows that a long table has compressed, base64 of zlib's bytes of their HTML; empty without any."""
    rows = contents["packed_rows"]
    html = template.render(contents=contents, rows=rows).encode() if rows else b""
    return base64.b64encode(zlib.compress(html, 9)).decode() if rows else ""


def _carded(shown: dict[str, dict[str, Any] | None]) -> set[int]:
    """Return the topics that have a card of their own: there their permalink leads, for all others to the table."""
    contents = (shown.get(anchor) for anchor in ("faded", "risen"))
    return {topic.number for content in contents if content for topic in content["topics"]}


def _digest(text: str) -> str:
    """Return how a Content-Security-Policy names a script or style that may be there."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
