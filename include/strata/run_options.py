"""What a run may be told, and what it takes where nothing is said: the options of ``python -m strata run``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from strata import clustering
from strata.plan import MAX_DROP


def add_run_options(add: Callable[..., object]) -> None:
    """Name every option to a parser's ``add_argument``, or to whatever else wants to know them."""
    add("snapshot", help="a file (.json, .jsonl, plain or .gz, .zst, .zip), s3://..., kaggle[:N], huggingface[@DAY]")
    add("--root", required=True, help="folder or s3://bucket/prefix for shards, vectors and records")
    add("--month", help="such as 2019-12; default: the last complete month that the snapshot reaches")
    add("--model", help="name or folder of a sentence encoder; default: the bundled all-MiniLM-L6-v2")
    add("--categories", help='prefixes or whole categories, such as "cs. math.NA"')
    add("--sample", type=int, help="only this many papers")
    add("--seed", type=int, default=0, help="of sample and clusters")
    add("--shard-size", type=int, default=10_000, help="papers a shard")
    add("--clusters", type=int, help="how many topics")
    add("--clustering", choices=clustering.METHODS, default="faiss", help="minibatch: as the published reference did")
    add("--fresh", action="store_true", help="cluster anew instead of going on from the last record's topics")
    add("--max-drop", type=float, default=MAX_DROP, help="largest drop of the agreement with arXiv's categories")
    add("--mode", choices=["asof", "true"], default="asof", help="true: huggingface as it was at the month's end")
    add("--accept-smaller", action="store_true", help="take a snapshot that holds fewer papers than an earlier one")
    add("--max-refused", type=float, default=0.01, help="largest share of refused lines that is accepted")


def run_defaults() -> dict[str, Any]:
    """Return every option that may be left out, by its name in the plan, with what is then taken."""
    found: dict[str, Any] = {}

    def note(name: str, *, required: bool = False, default: Any = None, action: str = "store", **_: Any) -> None:
        if name.startswith("--") and not required:
            found[name.removeprefix("--").replace("-", "_")] = False if action == "store_true" else default

    add_run_options(note)
    return found
