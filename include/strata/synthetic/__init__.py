"""A generated arXiv metadata snapshot with planted truth, for the demo, the tests and the benchmarks.

A folder, because the words alone are long. In the order of use::

    calendar     months and twelve-month windows
    draws        random choices that are the same on every Python
    vocabulary/  what each planted topic is written with
    histories    how each topic fared, and how many papers it has in each window
    loners, oddities  papers written by hand: without company; junk and what looks like junk
    sketches     which papers there are and when
    prose        the title and abstract of one paper
    fields, people, records  one paper -> one record
    defects      lines that must be refused
    evidence     what the planted counts show
    truth        what was planted, as a file
    snapshot     all of it written
    revision     the snapshot of the month after
"""

from __future__ import annotations

from strata.synthetic.histories import FEW_TOPICS
from strata.synthetic.revision import NextMonth, next_month
from strata.synthetic.snapshot import write_snapshot
from strata.synthetic.truth import (
    DEMO_NAME,
    BadLine,
    PlantedDuplicate,
    PlantedLoner,
    PlantedPioneer,
    PlantedTopic,
    Truth,
    read_truth,
    truth_path,
)

__all__ = [
    "DEMO_NAME",
    "FEW_TOPICS",
    "BadLine",
    "NextMonth",
    "PlantedDuplicate",
    "PlantedLoner",
    "PlantedPioneer",
    "PlantedTopic",
    "Truth",
    "next_month",
    "read_truth",
    "truth_path",
    "write_snapshot",
]
