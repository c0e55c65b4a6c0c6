"""What one run will do, decided once at its start: which month, which papers of which snapshot, which model."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from strata import encoders
from strata.categories import parse_wanted
from strata.clustering import METHODS, Method
from strata.errors import BadRequest, BadSnapshot
from strata.layout import MONTH
from strata.shards import Selection, snapshot_name
from strata.sources import Source, locate
from strata.sources.files import file_at
from strata.storage import Storage

# Mirrors of arXiv's metadata are renewed about once a week: one that ends less than this before the month does is
# taken for whole.
LAG = dt.timedelta(days=7)
_LARGEST_SHARD = 100_000
_SEEDS = 2**31  # faiss takes a C int
MAX_DROP = 0.03


@dataclass(frozen=True)
class Plan:
    """The parameters of a run after all that can be checked beforehand has been checked; plain values only."""

    month: str | None  # None: the last complete month that the snapshot reaches
    today: str  # ISO date of the run: a month that is not over by then is not made unasked
    source: str
    source_digest: str
    source_size: int
    source_modified_ns: int
    snapshot: str
    categories: list[str]
    sample: int | None
    seed: int
    shard_size: int
    max_refused: float
    model: str
    model_key: str
    model_directory: str
    clusters: int | None
    clustering: Method = "faiss"  # or "minibatch", as the reference did
    fresh: bool = False  # topics are not to go on from the last record's
    max_drop: float = MAX_DROP  # of the agreement with arXiv's categories since the last record
    accept_smaller: bool = False  # a snapshot that holds fewer papers than an earlier one
    mode: str = "asof"  # or "true": the snapshot as it was at the month's end, not the newest cut at it
    cost: dict[str, float] = field(default_factory=dict)  # of making the plan: seconds, peak_memory in bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as Airflow can pass it on."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Plan:
        """Read a plan that ``to_dict`` made."""
        return cls(**fields)

    def located(self) -> Source:
        """Return the snapshot's file."""
        return Source(file_at(self.source), self.source_digest, self.source_size, self.source_modified_ns)

    def selection(self) -> Selection:
        """Return which papers are taken and how they are cut."""
        return Selection(tuple(self.categories), self.sample, self.seed, self.shard_size)


def make_plan(
    *,
    snapshot: str,
    month: str | None,
    today: str,
    model: str | None,
    categories: str | None,
    sample: int | None,
    seed: int,
    shard_size: int,
    max_refused: float,
    clusters: int | None,
    accept_smaller: bool = False,
    method: str = "faiss",
    fresh: bool = False,
    max_drop: float = MAX_DROP,
    mode: str = "asof",
    storage: Storage | None = None,
) -> Plan:
    """Check a run's parameters, find its snapshot and its model.

    Args:
        snapshot: path of the metadata file, or the source from which it is fetched; see ``sources.locate``.
        month: ``2019-12``, or nothing for the last complete month that the snapshot reaches.
        today: the ISO date on which the run was asked for.
        model: a model's name or folder, or nothing for the bundled one.
        categories: such as ``cs. math.NA``, or nothing for all.
        sample: this many papers, or nothing for all.
        seed: decides the sample and the clusters' start.
        shard_size: papers a shard.
        max_refused: the largest share of refused lines that is accepted.
        clusters: how many topics, or nothing for the rule of ``clustering.levels_for``.
        accept_smaller: take a snapshot that holds fewer papers than an earlier one did.
        method: ``faiss`` for topics inside themes, ``minibatch`` for the one level of the published reference.
        fresh: cluster anew instead of going on from the last record's topics.
        max_drop: the largest drop of the agreement with arXiv's categories (AMI) since the last record.
        mode: ``asof`` for the papers of the snapshot up to the month's end, ``true`` for those of the snapshot that was
            made at the month's end.
        storage: the root, in which a fetched snapshot is kept.

    Raises:
        BadRequest: a parameter makes no sense.
        BadSnapshot: the file cannot be read.
        ModelUnavailable: the model is not on this machine and cannot be had.
    """
    _check_when(month, today, mode)
    sample, clusters = _whole("sample", sample), _whole("clusters", clusters)
    seed, shard_size = _given("seed", seed), _given("shard_size", shard_size)
    _check_numbers(sample, seed, shard_size, max_refused, clusters, max_drop)
    if method not in METHODS:
        raise BadRequest(f"clustering: {method!r} is none of {', '.join(METHODS)}")
    wanted = parse_wanted(categories or "")
    described = encoders.describe(model or encoders.DEFAULT)
    source = locate(_true_snapshot(snapshot, month) if mode == "true" else snapshot, storage)
    selection = Selection(wanted, sample, seed, shard_size)
    return Plan(
        month=month or None,
        today=today,
        source=str(source.path),
        source_digest=source.digest,
        source_size=source.size,
        source_modified_ns=source.modified_ns,
        snapshot=snapshot_name(source, selection),
        categories=list(wanted),
        sample=sample,
        seed=seed,
        shard_size=shard_size,
        max_refused=max_refused,
        model=described.name,
        model_key=described.key,
        model_directory=described.directory,
        clusters=clusters,
        clustering=method,
        fresh=fresh,
        max_drop=max_drop,
        accept_smaller=accept_smaller,
        mode=mode,
    )


def _check_when(month: str | None, today: str, mode: str) -> None:
    if month and not MONTH.fullmatch(month):
        raise BadRequest(f"month: {month!r} is not a month such as 2019-12")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", today):
        raise BadRequest(f"today: {today!r} is not a date such as 2019-12-31")
    if mode not in {"asof", "true"}:
        raise BadRequest(f"mode: {mode!r} is neither asof nor true")


def _given(name: str, value: float) -> int:
    number = _whole(name, value)
    if number is None:
        raise BadRequest(f"{name}: a whole number is needed")
    return number


def _whole(name: str, value: float | None) -> int | None:
    """Return a number as an integer: to JSON's schemas, which check what the API is sent, 50.0 is one as well."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, float) or not value.is_integer():
        raise BadRequest(f"{name}: {value!r} is not a whole number")
    return int(value)


def _check_numbers(
    sample: int | None, seed: int, shard_size: int, max_refused: float, clusters: int | None, max_drop: float
) -> None:
    if not 0 <= seed < _SEEDS:
        raise BadRequest(f"seed: {seed} is not between 0 and {_SEEDS - 1}")
    if sample is not None and sample < 1:
        raise BadRequest(f"sample: {sample} is not a number of papers")
    if not 1 <= shard_size <= _LARGEST_SHARD:
        raise BadRequest(f"shard_size: {shard_size} is not between 1 and {_LARGEST_SHARD}")
    if not 0 <= max_refused <= 1:
        raise BadRequest(f"max_refused: {max_refused} is not a share between 0 and 1")
    if clusters is not None and clusters < 1:
        raise BadRequest(f"clusters: {clusters} is not a number of clusters")
    if not 0 <= max_drop <= 1:
        raise BadRequest(f"max_drop: {max_drop} is not between 0 and 1")


def _true_snapshot(snapshot: str, month: str | None) -> str:
    """Return the name of a source's snapshot as it was at a month's end; only the hub keeps old ones by date.

    The newest of the week that follows the month: the last one within it lacks the month's last days, which would be
    counted as a fall.
    """
    if snapshot != "huggingface":
        raise BadRequest(f"mode: true old snapshots are to be had of huggingface only, not of {snapshot!r}; use asof")
    if not month:
        raise BadRequest("mode: a true old snapshot needs a month")
    return f"huggingface@{last_day(month) + LAG}"


def last_day(month: str) -> dt.date:
    """Return the last day of a month such as ``2019-12``."""
    year, number = map(int, month.split("-"))
    return dt.date(year + number // 12, number % 12 + 1, 1) - dt.timedelta(days=1)


def resolve_month(asked: str | None, today: dt.date, first: dt.date, last: dt.date) -> str:
    """Return the month that a record is made for.

    Args:
        asked: the month asked for, or None for the last one that is over by ``today`` and that the snapshot reaches
            to its end, give or take a week.
        today: the date of the run.
        first: date of the snapshot's earliest paper.
        last: date of its latest paper.

    Raises:
        BadSnapshot: the snapshot has no paper that early, or ends before the month begins.
    """
    if asked is None:
        month = _month_before(min(today, last + LAG + dt.timedelta(days=1)))
        # A snapshot shorter than a month still has a month: its own.
        return max(month, f"{first:%Y-%m}")
    if f"{last:%Y-%m}" < asked:
        raise BadSnapshot(
            f"the snapshot's latest paper is of {last}: it cannot show arXiv as it was in {asked}. "
            f"Use a newer snapshot, or leave the month blank"
        )
    if last_day(asked) < first:
        raise BadSnapshot(f"the snapshot's first paper is of {first}: there is no corpus as of {asked}")
    return asked


def _month_before(day: dt.date) -> str:
    return f"{day.replace(day=1) - dt.timedelta(days=1):%Y-%m}"
