"""Two months side by side: which topic of the one is which of the other."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata import layout
from strata.storage import Storage
from strata_page.reading import Row, batches, topics

_MOST = 300_000  # papers of a month that are compared


@dataclass(frozen=True)
class Comparison:
    """The topics of a month, each with ``then``: the topic of another month that it shares most papers with.

    ``shared`` is the part of its papers found there that were in that one, ``compared`` how many were looked for.
    """

    rows: list[Row]
    gone: list[Row]  # topics of the other month that had a paper compared, and that none of this one is matched with
    one_in: int  # papers that were compared: all, or one in ten, or in a hundred


def compare(storage: Storage, month: str, other: str) -> Comparison:
    """Return the topics of a month beside those of another.

    Topics go on from record to record and keep their keys; but they split and merge, a month may be clustered anew, and
    equal keys say nothing where two records differ in model or selection or the later month was made first. Papers keep
    their ids whatever happens, so topics are matched by them. Of more than `_MOST` papers only those are compared whose
    id ends in a 7 (or 77): numbers are given as papers come, so they are as good as drawn by lot, and memory stays
    bounded. A small topic may then have no paper that is compared, which says nothing of it.
    """
    ending = "7" * _digits(storage, month)
    now, then = (_labels(storage, each, ending) for each in (month, other))
    joined = now.join(then.rename_columns(["id", "topic_then"]), "id", join_type="inner")
    counts: dict[int, dict[int, int]] = {}
    for pair in joined.group_by(["topic", "topic_then"]).aggregate([("id", "count")]).to_pylist():
        counts.setdefault(pair["topic"], {})[pair["topic_then"]] = pair["id_count"]
    drawn, drawn_then = _sizes(now), _sizes(then)
    before = {row["topic"]: row for row in topics(storage, other)}
    rows, matched = [], set()
    for row in topics(storage, month):
        shared = counts.get(row["topic"], {})
        match = min(shared, key=lambda topic: (-shared[topic], topic)) if shared else None
        matched.add(match)
        share = shared[match] / sum(shared.values()) if match is not None else None
        found = {"then": before.get(match) if match is not None else None, "shared": share}
        rows.append(row | found | {"compared": drawn.get(row["topic"], 0)})
    gone = [row for number, row in sorted(before.items()) if number in drawn_then and number not in matched]
    return Comparison(rows, gone, 10 ** len(ending))


def _digits(storage: Storage, month: str) -> int:
    """Return how many last digits choose few enough papers."""
    with storage.open(f"{layout.record(month)}/papers.parquet") as file:
        papers = pq.read_metadata(file).num_rows
    digits = 0
    while papers > _MOST * 10**digits:
        digits += 1
    return digits


def _sizes(labels: pa.Table) -> dict[int, int]:
    """Return how many papers each topic has; a topic without any is not there."""
    return {row["topic"]: row["id_count"] for row in labels.group_by("topic").aggregate([("id", "count")]).to_pylist()}


def _labels(storage: Storage, month: str, ending: str) -> pa.Table:
    """Return id and topic of the papers whose id ends so."""
    schema = pa.schema([("id", pa.string()), ("topic", pa.int32())])
    found = [
        batch.filter(pc.ends_with(batch["id"], ending)) if ending else batch
        for batch in batches(storage, month, schema.names)
    ]
    return pa.Table.from_batches(found, schema)
