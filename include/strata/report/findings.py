"""The strongest findings of a record, each in a sentence that its tables bear out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strata.report.page.wording import counted, percent, percentile, similarity, upper, yearly, years
from strata.trends import NearMiss

_FADED = ("extinct", "faded")
_RISEN = ("rising", "newborn")


def strongest(record: dict[str, pa.Table], misses: Sequence[NearMiss], *, searched: bool) -> list[str]:
    """Return three sentences: what faded, which paper stands alone, what rises. "None" is a finding too.

    Args:
        record: the record's tables.
        misses: the topics nearest to having faded, nearest first.
        searched: whether neighbours were searched for rather than all pairs compared, so that percentiles are limits.
    """
    return [_faded(record["topics"], misses), _lonely(record["lonely"], searched), _rising(record["topics"])]


def _faded(topics: pa.Table, misses: Sequence[NearMiss]) -> str:
    faded = _with_verdict(topics, _FADED)
    if faded:
        top, others = faded[0], len(faded) - 1
        more = f" {counted(others, 'more topic has', 'more topics have')} faded." if others else ""
        return (
            f"The topic '{top['name']}' is {top['verdict']}: {yearly(top['x1'] / 3)} papers a year in its best years, "
            f"{years(top['peak_start'], top['peak_end'])}, and {yearly(top['x2'] / 3)} in the last three; its share of "
            f"all papers is surely below {upper(top['ratio_upper'])} of what it was.{more}"
        )
    if not misses:
        return "No topic could be judged: the corpus is too small or too short."
    nearest = topics.slice(misses[0].topic, 1).to_pylist()[0]
    but = "".join(f", but we could not show {reason}" for reason in misses[0].wanting[:1])
    return (
        f"No topic met the criteria of a faded one. The nearest, '{nearest['name']}', is {nearest['verdict']}: "
        f"its share of all papers is {percent(nearest['ratio'])} of what it was at its peak{but}."
    )


def _lonely(lonely: pa.Table, searched: bool) -> str:
    if not len(lonely):
        return "No paper is old enough and whole enough to be called lonely."
    top = lonely.slice(0, 1).to_pylist()[0]
    archive = top["field"].split(" ")[0]
    return (
        f"The loneliest paper is '{top['title']}' ({top['id']}): its ten nearest papers have a mean similarity of "
        f"{similarity(top['mean_10'])}; it is lonelier than "
        f"{'at least ' if searched else ''}{percentile(top['percentile'])} of the papers of its "
        f"length in {archive}."
    )


def _rising(topics: pa.Table) -> str:
    rising = _with_verdict(topics, _RISEN)
    if not rising:
        return "No topic met the criteria of a rising one."
    top = max(rising, key=lambda row: row["recent_share"] or 0)
    return (
        f"Of {counted(len(rising), 'rising topic')} the largest is '{top['name']}': "
        f"{percent(top['recent_share'])} of all papers of the last three years."
    )


def _with_verdict(topics: pa.Table, verdicts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the topics of these verdicts by their score, highest first."""
    rows = topics.filter(pc.is_in(topics["verdict"], pa.array(verdicts))).to_pylist()
    return sorted(rows, key=lambda row: (-(row["score"] or 0), row["topic"]))
