"""The stages in the DAG's order: each reads files, calls the pure functions, writes files, returns names and counts.

Every stage can be run again at any time: what is there and whole is not made twice. What another run is making just now
is not made beside it: the stage raises ``Busy`` and is called again later (``claims``). Between the stages of the
reduce, files lie under ``work/<digest>/``, named by what they are made from, so that two runs of one month share them
and two months never meet. ``python -m strata`` runs the same functions from a shell.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from strata import clustering, encoders, layout, refresh
from strata.allowance import peak_memory
from strata.claims import claimed
from strata.corpus import Corpus, open_corpus, shards_until
from strata.embed import embed_shard
from strata.errors import IncompleteCorpus
from strata.plan import MAX_DROP, Plan, last_day, make_plan, resolve_month
from strata.shards import shard_snapshot, snapshot_name
from strata.storage import Storage, connect, read_json

if TYPE_CHECKING:
    from strata import continuity

log = logging.getLogger(__name__)

Result = dict[str, Any]


def find_snapshot(root: str, params: Mapping[str, Any], month: str, today: str) -> Result:
    """Decide what the run will do, and check all that can be checked before hours are spent.

    Args:
        root: the folder for everything made.
        params: the run's parameters (``snapshot``, ``model``, ``categories``, ``sample``, ``seed``, ``shard_size``,
            ``max_refused``, ``clusters``, ``clustering``, ``fresh``, ``max_drop``).
        month: the month asked for; empty for the last complete one that the snapshot reaches.
        today: ISO date of the run.

    Returns:
        The plan.
    """
    storage = connect(root)
    with _measured() as measured:
        plan = _plan(params, month, today, storage)
    log.info("snapshot %s of %d bytes, model %s (%s)", plan.source, plan.source_size, plan.model, plan.model_directory)
    return replace(plan, cost=measured).to_dict()


def shard(root: str, plan: Result) -> list[str]:
    """Cut the snapshot into shards of papers in order of time.

    Returns:
        The names of the shards that the month's corpus needs, one embed task each.
    """
    run = Plan.from_dict(plan)
    storage = connect(root)
    source, selection = run.located(), run.selection()
    with claimed(storage, layout.snapshot_manifest(snapshot_name(source, selection))):
        manifest = shard_snapshot(source, selection, storage, max_refused=run.max_refused)
    refresh.compare(storage, manifest, accept_smaller=run.accept_smaller)
    month = _month(run, manifest)
    needed = [entry["shard"] for entry in shards_until(manifest, last_day(month))]
    log.info(
        "month %s: %d of %d shards; %d lines = %d papers + %d refused + %d not selected",
        *(month, len(needed), len(manifest["shards"])),
        *(manifest[count] for count in ("lines", "papers", "refused", "not_selected")),
    )
    for reason, count in sorted(manifest["refused_by_reason"].items()):
        log.warning("refused %d lines: %s", count, reason)
    return needed


def embed(root: str, plan: Result, shard: str) -> Result:
    """Make the vectors of one shard, embedding only texts that no earlier vectors file of the model holds."""
    run, storage = Plan.from_dict(plan), connect(root)
    manifest = _manifest(storage, run)
    entry = next((entry for entry in manifest["shards"] if entry["shard"] == shard), None)
    if entry is None:
        raise IncompleteCorpus(f"shard {shard} is not in the manifest of {run.snapshot}")
    with _measured() as measured:
        made = embed_shard(storage, run.snapshot, entry, _model(run))
    return asdict(made) | measured


def cluster(root: str, plan: Result, embedded: Sequence[Result]) -> Result:
    """Put every paper of the month into a topic and a theme, going on from the last record's where there is one."""
    from strata import continuity, reduce

    run, storage = Plan.from_dict(plan), connect(root)
    made = list(embedded[:])
    with _measured() as measured:
        corpus = _corpus(storage, run)
        _check_embedded(corpus, made)
        levels = clustering.levels_for(corpus.papers, run.clusters)
        if run.clustering == "minibatch":
            count = min(run.clusters or clustering.MOST_THEMES, corpus.papers)
            levels = clustering.Levels(count, count)
        # The shards' own digests as well as the vectors': a comment that says "withdrawn" changes flags, and no vector.
        papers = [layer.entry["sha256"] for layer in corpus.layers]
        decides = [reduce.VERSION, corpus.digest, f"{corpus.month_end}", *papers, run.clustering, *levels, run.seed]
        start = None
        last = None if run.fresh else continuity.last_record(storage, corpus, _key(run))
        if last and continuity.goes_on(last, levels, run.clustering):
            start = continuity.start_from(storage, last)
            levels = continuity.steady_levels(levels, start)
            decides += [last.month, last.manifest["files"][continuity.CENTROIDS]["sha256"], *levels]
            log.info("going on from the topics of %s", last.month)
        work = _digest(*decides)
        with claimed(storage, layout.work(work, "cluster")):
            reduce.cluster(storage, corpus, work, levels, run.seed, method=run.clustering, start=start)
    return {"work": work, "clusters": levels.topics, "themes": levels.themes, "embed": _sum_up(made)} | measured


def spread(root: str, plan: Result, clustered: Result) -> list[str]:
    """Name the parts in which neighbours are searched, one search task each: one part for all of arXiv."""
    from strata import reduce

    run, storage = Plan.from_dict(plan), connect(root)
    return reduce.parts(storage, _corpus(storage, run), clustered["work"])


def search(root: str, plan: Result, clustered: Result, part: str) -> Result:
    """Find likely neighbours of the papers of one part; nothing to do where all pairs are compared."""
    from strata import reduce

    run, storage = Plan.from_dict(plan), connect(root)
    with _measured() as measured, claimed(storage, layout.work(clustered["work"], f"search-{part}")):
        pieces = reduce.search_part(storage, _corpus(storage, run), clustered["work"], part)
    return {"part": part, "pieces": pieces} | measured


def neighbors(root: str, plan: Result, clustered: Result) -> Result:
    """Find the nearest papers of every paper of the month: exactly for whoever is printed, with the proof.

    Goes on from what the search tasks left; what they did not, it searches itself.
    """
    from strata import reduce

    run, storage = Plan.from_dict(plan), connect(root)
    with _measured() as measured, claimed(storage, layout.work(clustered["work"], "neighbors")):
        reduce.neighbors(storage, _corpus(storage, run), clustered["work"])
    return measured


def map(root: str, plan: Result, clustered: Result) -> Result:
    """Give every paper of the month a place in two dimensions."""
    from strata import reduce

    run, storage = Plan.from_dict(plan), connect(root)
    with _measured() as measured, claimed(storage, layout.work(clustered["work"], "map")):
        reduce.draw_map(storage, _corpus(storage, run), clustered["work"], run.seed)
    return measured


def report(root: str, plan: Result, clustered: Result, neighbored: Result, mapped: Result | None = None) -> Result:
    """Judge the topics, rank the lonely papers, and publish the month's record whole.

    Returns:
        ``month`` and ``record``, the record's place.
    """
    from strata import continuity
    from strata.report import publish

    run, storage = Plan.from_dict(plan), connect(root)
    manifest = _manifest(storage, run)
    month = _month(run, manifest)
    stages = {"find_snapshot": run.cost, "shard": manifest.get("cost", {}), "embed": clustered["embed"]}
    stages |= {"cluster": _cost(clustered), "neighbors": _cost(neighbored)}
    if mapped:
        stages["map"] = _cost(mapped)
    with _measured() as measured, claimed(storage, layout.record(month)):
        corpus = _corpus(storage, run)
        last = continuity.last_record(storage, corpus, _key(run))
        publish(storage, run, manifest, corpus, month, clustered["work"], stages, last)
    log.info("published %s", storage.uri(layout.record(month)))
    return {"month": month, "record": storage.uri(layout.record(month))} | measured


def export(root: str, published: Result, formats: str) -> list[str]:
    """Write the published month's vectors in some formats, such as ``hdf5 npy``; return the files' places."""
    from strata import export as exporting
    from strata.published import open_record

    storage = connect(root)
    record = open_record(storage, published["month"])
    return [exporting.export(storage, record, form) for form in exporting.check_formats(formats.split())]


def _plan(params: Mapping[str, Any], month: str, today: str, storage: Storage) -> Plan:
    return make_plan(
        snapshot=params["snapshot"] or "",
        month=month or None,
        today=today,
        model=params["model"],
        categories=params["categories"],
        sample=params["sample"],
        seed=params["seed"],
        shard_size=params["shard_size"],
        max_refused=params["max_refused"],
        clusters=params["clusters"],
        accept_smaller=params.get("accept_smaller", False),
        method=params.get("clustering") or "faiss",
        fresh=params.get("fresh", False),
        max_drop=params.get("max_drop", MAX_DROP),
        mode=params.get("mode", "asof"),
        storage=storage,
    )


def _key(run: Plan) -> continuity.Key:
    from strata import continuity

    return continuity.Key(run.model_key, tuple(run.categories), run.sample, run.seed)


def _manifest(storage: Storage, run: Plan) -> Result:
    path = layout.snapshot_manifest(run.snapshot)
    if not storage.exists(path):
        raise IncompleteCorpus(f"{storage.uri(path)} is missing: clear the shard task to cut the snapshot again")
    return dict(read_json(storage, path))


def _month(run: Plan, manifest: Result) -> str:
    first, last = (dt.date.fromisoformat(manifest[end]) for end in ("first_date", "last_date"))
    return resolve_month(run.month, dt.date.fromisoformat(run.today), first, last)


def _model(run: Plan) -> encoders.Model:
    """Return this worker's copy of the model, which must be the one that the run was planned with."""
    model = encoders.describe(run.model)
    if model.key != run.model_key:
        from strata.errors import ModelUnavailable

        raise ModelUnavailable(
            f"{run.model} on this worker has other files than where the run was planned "
            f"({model.key[:8]} instead of {run.model_key[:8]}): give all workers the same model"
        )
    return model


def _corpus(storage: Storage, run: Plan) -> Corpus:
    manifest = _manifest(storage, run)
    end = last_day(_month(run, manifest))
    return open_corpus(storage, manifest, end, run.model_directory, run.model_key, _model(run).dimension)


def _check_embedded(corpus: Corpus, made: Sequence[Result]) -> None:
    """Hold the embed tasks' own reports against the manifest, as mapped results come by position and may have gaps."""
    told = {result["shard"]: result for result in made}
    needed = {layer.entry["shard"]: layer for layer in corpus.layers}
    if set(told) != set(needed):
        missing, strange = sorted(set(needed) - set(told)), sorted(set(told) - set(needed))
        raise IncompleteCorpus(f"embed tasks do not match the month's shards: missing {missing}, unknown {strange}")
    for name, layer in needed.items():
        if told[name]["vectors"] != layer.vectors or told[name]["papers"] != layer.entry["papers"]:
            raise IncompleteCorpus(f"shard {name} was embedded from other papers than the manifest's; clear its task")


def _sum_up(made: Sequence[Result]) -> Result:
    counts = {key: sum(result[key] for result in made) for key in ("papers", "reused", "embedded", "truncated")}
    seconds = round(sum(result["seconds"] for result in made), 2)
    return counts | {"seconds": seconds, "peak_memory": max(result["peak_memory"] for result in made)}


def _cost(result: Result) -> Result:
    return {key: result[key] for key in ("seconds", "peak_memory")}


def _digest(*decides: Any) -> str:
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:32]


@contextmanager
def _measured() -> Iterator[Result]:
    """Fill in what the block cost: wall seconds, and the process's peak resident memory in bytes."""
    cost: Result = {}
    start = time.monotonic()
    yield cost
    cost["seconds"] = round(time.monotonic() - start, 2)
    cost["peak_memory"] = peak_memory()
    log.info("took %.1f s, peak memory %.0f MB (process %d)", cost["seconds"], cost["peak_memory"] / 1e6, os.getpid())
