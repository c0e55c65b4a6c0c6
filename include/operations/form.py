"""The form that Airflow shows whoever triggers the DAG by hand: each field explains itself and refuses nonsense."""

from __future__ import annotations

import os

from airflow.sdk import Param

FORM = {
    "month": Param(
        None,
        type=["null", "string"],
        pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$",
        title="Month",
        description="Such as 2019-12. Blank: the last complete month that the snapshot reaches.",
    ),
    "snapshot": Param(
        os.environ.get("STRATA_SNAPSHOT", ""),
        type="string",
        title="Snapshot",
        description="Path or s3:// address of arXiv's metadata file (.json, .jsonl, plain or .gz, .zst, .zip); "
        "kaggle or kaggle:232; huggingface or huggingface@2024-06-30.",
    ),
    "model": Param(
        None,
        type=["null", "string"],
        maxLength=300,
        title="Model",
        description="Name or folder of a sentence encoder. Blank: the bundled all-MiniLM-L6-v2.",
    ),
    "categories": Param(
        None,
        type=["null", "string"],
        pattern=r"^[A-Za-z.,\- ]*$",
        title="Categories",
        description="Prefixes or whole categories, such as: cs. math.NA. Blank: all.",
    ),
    "sample": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Sample",
        description="Only this many papers, chosen by a hash of their id, the same in every month. Blank: all.",
    ),
    "seed": Param(0, type="integer", minimum=0, maximum=2**31 - 1, title="Seed", description="Of sample and clusters."),
    "shard_size": Param(
        10_000, type="integer", minimum=1, maximum=100_000, title="Shard size", description="Papers a shard."
    ),
    "clusters": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        maximum=10_000,
        title="Clusters",
        description="How many topics. Blank: by the corpus's size, 2,682 in 400 themes for all of arXiv.",
    ),
    "clustering": Param(
        "faiss",
        type="string",
        enum=["faiss", "minibatch"],
        title="Clustering",
        description="faiss: topics inside themes. minibatch: the one level of clusters of the published reference.",
    ),
    "fresh": Param(
        False,
        type="boolean",
        title="Fresh topics",
        description="Cluster anew instead of going on from the topics of the last record.",
    ),
    "max_drop": Param(
        0.03,
        type="number",
        minimum=0,
        maximum=1,
        title="Largest drop",
        description="The report fails if the agreement of topics (AMI) or nearest papers with arXiv's categories fell "
        "by more since the last record. Raise it to accept a drop.",
    ),
    "max_refused": Param(
        0.01,
        type="number",
        minimum=0,
        maximum=1,
        title="Refused share",
        description="A snapshot with a larger share of unreadable lines is turned away.",
    ),
    "mode": Param(
        "asof",
        type="string",
        enum=["asof", "true"],
        title="Mode",
        description="asof: the snapshot's papers up to the month's end. true: huggingface as it was then.",
    ),
    "accept_smaller": Param(
        False,
        type="boolean",
        title="Accept smaller",
        description="Take a snapshot that holds over 1% fewer papers than an earlier one did.",
    ),
    "export": Param(
        [],
        type="array",
        items={"type": "string", "enum": ["hdf5", "npy", "feather", "parquet", "faiss"]},
        examples=["hdf5", "npy", "feather", "parquet", "faiss"],
        title="Export",
        description="Formats in which the month's vectors are written to exports/<month>/ as well. Blank: none.",
    ),
}
