"""
### The fossil record of arXiv, month by month

Takes a snapshot of arXiv's metadata (one JSON object a line), cuts it into shards in order of time, embeds every
abstract (one mapped task a shard), and publishes the month's record: topics that have faded, papers that stand alone.

**When it runs.** On the 1st of each month it makes the record of the month that just ended; find_snapshot waits
(deferred, at most `STRATA_WAIT_DAYS`) until a snapshot made after that month's end is there; under `make up` nothing
waits, and a scheduled run without its snapshot fails at once. Trigger it by hand with every field left alone for the
last complete month that the snapshot reaches; fill in *Month* for another one.
`airflow backfill create --dag-id fossil_record --from-date 2019-01-01 --to-date 2019-12-31 --max-active-runs 1` makes
one record a month. Vectors are kept and reused: only new and changed abstracts are embedded.

**Where things are.** Under the root set by the operator (`STRATA_ROOT`): `records/<month>/` holds what you came for
(`report.html`, tables, `manifest.json`), `snapshots/` the shards, `vectors/` the vectors.

**The fields.** *Month*: the record shows arXiv as it was at that month's end. *Snapshot*: path or `s3://` address of
the metadata file, plain or `.gz`, `.zst`, `.zip`; or `kaggle`, `kaggle:232`, `huggingface`, `huggingface@2024-06-30`.
*Model*: which sentence encoder. *Categories* and *Sample* narrow the corpus, *Shard size*, *Clusters*, *Clustering*
and *Seed* are for experiments; topics go on from the last record's unless *Fresh topics* is on;
*Refused share* is how many unreadable lines are still accepted. A snapshot that lost papers stops the run for you to
look at it; *Accept smaller* takes it nevertheless. *Export* writes the vectors as HDF5, .npy, Feather, Parquet or a
faiss index to `exports/<month>/` as well. *Mode*: a backfill reads one snapshot, cut at each month's end (`asof`), or
with *Snapshot* `huggingface` the true old ones (`true`, from October 2023).

**When a task is red.** Its log's last lines name the cause. Nothing is lost: mend it, then clear the task, and
everything that is already made is kept.

| red task | what it means | what to do |
|---|---|---|
| find_snapshot | the snapshot or model is not there, or a field makes no sense | correct the field, trigger again |
| shard | too many lines are refused, or the file is cut short | see `refused-manifest.json`; fetch the file again |
| shard: "Airflow maps" | more shards than Airflow makes tasks of | trigger again with a larger *Shard size* |
| embed | one shard failed; the others stand | clear the red index; memory: give the worker more or run fewer at once |
| cluster | a shard or its vectors are missing or damaged; the log names them | clear the embed index of that shard |
| report: "agree far less" | topics agree less with arXiv's categories than last time | *Largest drop* accepts it |
| spread, search, neighbors, map, report | see the log | clear the task; it goes on from what is there |
| export | the disk is full, or the month was published anew meanwhile | clear the task |
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, Asset, CronPartitionTimetable, ExceptionRetryPolicy, RetryAction, RetryRule, task

from operations.alert import tell, tell_of_run
from operations.connection import connected
from operations.form import FORM
from operations.label import PART, SHARD, labelled
from operations.mapping import mappable
from operations.patience import SnapshotOperator, patient
from operations.place import place
from operations.record_link import with_record_link
from strata import stages

ROOT = os.environ.get("STRATA_ROOT", "")
# A pool of your own keeps a backfill's shards from taking every slot: make it first, a missing one holds tasks up.
POOL = os.environ.get("STRATA_EMBED_POOL", "default_pool")
START = datetime.fromisoformat(os.environ.get("STRATA_START", "2025-01-01")).replace(tzinfo=timezone.utc)

# One table of what each stage needs: the Celery queue, and the processors, memory and GPUs of its Kubernetes pod.
PLACES = {
    "find_snapshot": ("reduce", "1", "1Gi", "0"),
    "shard": ("reduce", "2", "3Gi", "0"),
    "embed": ("embed", "1", "2Gi", os.environ.get("STRATA_EMBED_GPUS", "0")),
    "cluster": ("reduce", "2", "8Gi", "0"),
    "spread": ("reduce", "1", "1Gi", "0"),
    "search": ("reduce", "2", "8Gi", "0"),
    "neighbors": ("reduce", "2", "8Gi", "0"),
    "map": ("reduce", "2", "8Gi", "0"),
    "report": ("reduce", "2", "8Gi", "0"),
    "export": ("reduce", "1", "8Gi", "0"),
}

# Other DAGs can be scheduled on this: `PartitionedAssetTimetable` hands them the month as the partition's key.
RECORD = Asset("fossil_record", uri="x-strata://records")

# What a retry cannot mend fails at once; all else (a lost worker, a full disk) is tried again.
RETRY_POLICY = ExceptionRetryPolicy(rules=[RetryRule("strata.errors.StrataError", RetryAction.FAIL)])


def stage(function: Callable[..., Any], **how: Any) -> Any:
    """Make a stage a task in its place."""
    # Airflow takes each key of a returned dict for a result of its own unless told otherwise.
    options = place(*PLACES[function.__name__]) | how
    return task(multiple_outputs=False, **options)(patient(connected(function)))


with DAG(
    "fossil_record",
    description="Which topics of arXiv have faded, which papers stand alone: one record a month",
    doc_md=__doc__,
    schedule=CronPartitionTimetable("0 0 1 * *", timezone="UTC", run_offset=-1, key_format="%Y-%m"),
    start_date=START,
    catchup=False,
    params=FORM,
    tags=["arxiv", "strata"],
    # Beside the tasks' own below: one whose process was killed tells nothing.
    on_failure_callback=tell_of_run,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": 2.0,
        "retry_policy": RETRY_POLICY,
        "on_failure_callback": tell,
        # A run that has come far goes before one that begins: by Airflow's default the first tasks of a backfill's next
        # months take every slot from the last ones of the month under way.
        "weight_rule": "upstream",
    },
):
    found = SnapshotOperator(
        task_id="find_snapshot",
        python_callable=connected(stages.find_snapshot),
        op_kwargs={
            "root": ROOT,
            "month": "{{ params.month or partition_key or '' }}",
            "today": "{{ dag_run.run_after | ds }}",
        },
        **place(*PLACES["find_snapshot"]),
    )
    plan = found.output
    shards = stage(mappable(stages.shard))(root=ROOT, plan=plan)
    embed = stage(labelled(stages.embed), map_index_template=SHARD, pool=POOL)
    embedded = embed.partial(root=ROOT, plan=plan).expand(shard=shards)
    clustered = stage(stages.cluster)(root=ROOT, plan=plan, embedded=embedded)
    parts = stage(stages.spread)(root=ROOT, plan=plan, clustered=clustered)
    search = stage(stages.search, map_index_template=PART)
    searched = search.partial(root=ROOT, plan=plan, clustered=clustered).expand(part=parts)
    neighbored = stage(stages.neighbors)(root=ROOT, plan=plan, clustered=clustered)
    searched >> neighbored
    mapped = stage(stages.map)(root=ROOT, plan=plan, clustered=clustered)
    published = with_record_link(
        stage(stages.report, outlets=[RECORD])(
            root=ROOT, plan=plan, clustered=clustered, neighbored=neighbored, mapped=mapped
        )
    )
    with_record_link(stage(stages.export)(root=ROOT, published=published, formats="{{ params.export | join(' ') }}"))
