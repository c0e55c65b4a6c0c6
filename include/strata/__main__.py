"""``python -m strata``: the DAG's stages from a shell, one after another in one process, and what to do with a record.

For a laptop without Airflow and for looking into a failure; a run of the DAG and a run from here share one root and
reuse each other's work.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from strata.errors import IncompleteCorpus, StrataError, Unavailable
from strata.run_options import add_run_options
from strata.storage import connect

_ROOT_HELP = "folder of the records; default: STRATA_ROOT, else .strata/root"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status: 1 for an error that its message explains."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    try:
        asked.command(asked)
    except (StrataError, Unavailable) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def run(asked: argparse.Namespace) -> None:
    """Make one record and print its place."""
    from strata import stages  # here, as whoever only searches would wait for it
    from strata.claims import patiently

    plan = stages.find_snapshot(asked.root, vars(asked), asked.month or "", dt.date.today().isoformat())
    root = asked.root
    shards = patiently(stages.shard, root, plan)
    embedded = [patiently(stages.embed, root, plan, shard) for shard in shards]
    clustered = patiently(stages.cluster, root, plan, embedded)
    for part in stages.spread(root, plan, clustered):
        patiently(stages.search, root, plan, clustered, part)
    neighbored = patiently(stages.neighbors, root, plan, clustered)
    mapped = patiently(stages.map, root, plan, clustered)
    print(patiently(stages.report, root, plan, clustered, neighbored, mapped)["record"])


def similar(asked: argparse.Namespace) -> None:
    """Print the papers most like given ones or a text."""
    from strata import published
    from strata.similar import shown
    from strata.similar import similar as search

    storage = connect(asked.root, make=False)
    record = published.open_record(storage, published.latest_month(storage, asked.month))
    found = search(storage, record, asked.papers, asked.text or "", top=asked.top, categories=asked.categories or "")
    print(shown.show(found, asked.format))


def serve_sentences(asked: argparse.Namespace) -> None:
    """Answer to the page inside Airflow until a signal comes."""
    from strata.similar.service import serve

    serve(asked.root, asked.host, asked.port, os.environ.get("STRATA_SENTENCES_SECRET", ""))


def export(asked: argparse.Namespace) -> None:
    """Write a record's vectors in other formats and print the files' places."""
    from strata import export as exporting
    from strata import published

    storage = connect(asked.root, make=False)
    record = published.open_record(storage, published.latest_month(storage, asked.month))
    to = connect(asked.to) if asked.to else None
    for form in exporting.check_formats(asked.format):
        print(exporting.export(storage, record, form, *exporting.read_range(asked.rows), to))


def demo(asked: argparse.Namespace) -> None:
    """Write the generated snapshot and print its path."""
    from strata import synthetic

    synthetic.write_snapshot(asked.folder, asked.papers, asked.seed)
    print(asked.folder / synthetic.DEMO_NAME)


def prune(asked: argparse.Namespace) -> None:
    """List what a root no longer needs; remove it if that is asked for."""
    from strata import prune

    storage = connect(asked.root, make=False)
    unused = prune.find_unused(storage, keep_snapshots=asked.keep_snapshots, keep_days=asked.keep_days)
    for file in unused:
        print(f"{file.size:>12} {file.path}: {file.reason}")
    if asked.delete:
        prune.remove(storage, unused)
    left = storage.sweep(asked.keep_days * 86_400, dry_run=not asked.delete)
    for name in left:
        print(f"{'half made':>12} {name}")
    done = "removed" if asked.delete else "would go; --delete removes them"
    print(f"{len(unused) + len(left)} files, {sum(file.size for file in unused) / 1e9:.3f} GB: {done}")


def verify(asked: argparse.Namespace) -> None:
    """Check all that a root promises; say what is broken and how to make it again."""
    from strata import verify

    storage = connect(asked.root, make=False)
    broken = verify.show(verify.verify(storage, asked.month))
    if broken:
        raise IncompleteCorpus(f"{storage.root}: {broken} broken promises")
    print(f"{storage.root}: whole")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m strata", description="The fossil record of arXiv.")
    commands = parser.add_subparsers(required=True, metavar="command")
    making = commands.add_parser("run", help="make a month's record")
    add_run_options(making.add_argument)
    making.set_defaults(command=run)
    _add_similar(commands.add_parser("similar", help="papers most like given ones or a text, exactly"))
    serving = commands.add_parser("serve-sentences", help="search by a sentence for the page inside Airflow")
    serving.add_argument("--root", default=_default_root(), help=_ROOT_HELP)
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine alone")
    serving.add_argument("--port", type=int, default=8793)
    serving.set_defaults(command=serve_sentences)
    _add_export(commands.add_parser("export", help="write a record's vectors as HDF5, .npy, Feather, Parquet or faiss"))
    writing = commands.add_parser("demo", help="write a generated snapshot with planted topics and loners")
    writing.add_argument("folder", type=Path)
    writing.add_argument("--papers", type=int, default=4000)
    writing.add_argument("--seed", type=int, default=7)
    writing.set_defaults(command=demo)
    pruning = commands.add_parser("prune", help="list, or remove, what a root no longer needs")
    pruning.add_argument("--root", required=True, help="folder or s3://bucket/prefix")
    pruning.add_argument("--keep-snapshots", type=int, default=2, help="the newest ones, with their vectors")
    pruning.add_argument("--keep-days", type=float, default=7, help="whatever was changed in the last days stays")
    how = pruning.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="only list (the default)")
    how.add_argument("--delete", action="store_true", help="remove what is listed")
    pruning.set_defaults(command=prune)
    checking = commands.add_parser("verify", help="check all that a root, or one month's record, promises")
    checking.add_argument("root", help="folder or s3://bucket/prefix")
    checking.add_argument("--month", help="only this record, and the shards and vectors it was made from")
    checking.set_defaults(command=verify)
    return parser


def _add_similar(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("papers", nargs="*", help="ids such as 1706.03762 hep-th/9711200, or abs and pdf URLs")
    parser.add_argument("--text", help="a title, a sentence or an abstract, instead of papers or beside them")
    parser.add_argument("--top", type=int, default=10, help="how many are printed")
    parser.add_argument("--categories", help='only papers of these, such as "cs. math.NA"')
    parser.add_argument("--format", choices=["table", "json", "csv"], default="table")
    _add_record_options(parser)
    parser.set_defaults(command=similar)


def _add_export(parser: argparse.ArgumentParser) -> None:
    forms = ["hdf5", "npy", "feather", "parquet", "faiss"]
    parser.add_argument("--format", nargs="+", choices=forms, required=True, help="one or several")
    parser.add_argument("--rows", default=":", help="FIRST:END, in order of first submission; default: all")
    parser.add_argument("--to", help="folder or s3://bucket/prefix; default: exports/<month> in the root")
    _add_record_options(parser)
    parser.set_defaults(command=export)


def _default_root() -> str:
    return os.environ.get("STRATA_ROOT") or ".strata/root"


def _add_record_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", default=_default_root(), help=_ROOT_HELP)
    parser.add_argument("--month", help="whose record; default: the newest")


if __name__ == "__main__":
    sys.exit(main())
