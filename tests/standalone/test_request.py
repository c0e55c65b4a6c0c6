"""A bad value must be refused before minutes are spent on starting Airflow; a good one must arrive unchanged."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from standalone.errors import Refused
from standalone.request import Request, read_request

TODAY = dt.date(2026, 11, 21)


def read(folder: Path, **environment: str) -> Request:
    return read_request(environment, folder, folder / "default root", TODAY)


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "my snap 100% é.jsonl.zst"
    path.write_bytes(b"")
    return path


def test_nothing_asked_is_the_demo_in_the_default_root(tmp_path: Path) -> None:
    asked = read(tmp_path, MONTH="", SNAPSHOT="  ", HOME="/somewhere")
    assert asked == Request(snapshot=None, root=str(tmp_path / "default root"))
    demo = tmp_path / "demo.jsonl"
    assert asked.conf(demo) == {"snapshot": str(demo), "shard_size": 500}


def test_all_that_is_asked_reaches_the_dag_as_its_own_type(tmp_path: Path, snapshot: Path) -> None:
    asked = read(
        tmp_path, SNAPSHOT=snapshot.name, MONTH="2015-06", CATEGORIES="math.NA, cs.", SAMPLE="5000",
        SHARD_SIZE="2500", MODEL="all-MiniLM-L6-v2", ROOT="out", TASKS="2",
    )  # fmt: skip
    assert asked.root == str(tmp_path / "out")
    assert asked.tasks == 2
    assert asked.conf(Path("demo")) == {
        "snapshot": str(snapshot), "month": "2015-06", "categories": "cs. math.NA", "sample": 5000,
        "shard_size": 2500, "model": "all-MiniLM-L6-v2",
    }  # fmt: skip


def test_only_the_demo_is_cut_small(tmp_path: Path, snapshot: Path) -> None:
    assert "shard_size" not in read(tmp_path, SNAPSHOT=str(snapshot)).conf(Path("demo"))
    assert read(tmp_path, SHARD_SIZE="100").conf(Path("demo"))["shard_size"] == 100


def test_paths_are_relative_to_where_the_command_was_given(tmp_path: Path, snapshot: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    assert read(below, SNAPSHOT=f"../{snapshot.name}").snapshot == str(snapshot)


@pytest.mark.parametrize("name", ["kaggle", "huggingface", "s3://bucket/arxiv/snapshot.json"])
def test_snapshots_that_are_not_files_are_passed_on(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, SNAPSHOT=name).snapshot == name


def test_a_bucket_can_be_the_root(tmp_path: Path) -> None:
    assert read(tmp_path, ROOT="s3://bucket/prefix/").root == "s3://bucket/prefix"


def test_a_models_folder_is_named_whole_as_tasks_run_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    assert read(tmp_path, MODEL="model").model == str(tmp_path / "model")
    assert read(tmp_path, MODEL="BAAI/bge-small-en-v1.5").model == "BAAI/bge-small-en-v1.5"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONTH", "2019-13"), ("MONTH", "2019-1"), ("MONTH", "June 2019"), ("MONTH", "2026-12"),
        ("SAMPLE", "0"), ("SAMPLE", "-5"), ("SAMPLE", "5k"), ("SAMPLE", "1_000"), ("SAMPLE", "5.0"), ("SAMPLE", "٣"),
        ("SHARD_SIZE", "0"), ("SHARD_SIZE", "100001"), ("TASKS", "none"),
        ("CATEGORIES", "cs.*"), ("CATEGORIES", "'; DROP TABLE papers"), ("CATEGORIES", "CS"),
        ("SNAPSHOT", "missing.json"), ("SNAPSHOT", "."), ("SNAPSHOT", "notes.txt"), ("SNAPSHOT", "ftp://host/x.json"),
        ("SNAPSHOT", "s3:///key"), ("SNAPSHOT", "~nobody-of-this-name/x.json"),
        ("ROOT", "notes.txt"), ("ROOT", "https://host/x"),
        ("MODEL", "./missing"), ("MODEL", "a/b/c"), ("MODEL", "{{ evil }}"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_one_line_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(Refused) as refused:
        read(tmp_path, **{name: value})
    message = str(refused.value)
    assert message.startswith(f"{name}={value}")
    assert "\n" not in message


def test_the_present_month_can_be_asked_for(tmp_path: Path) -> None:
    assert read(tmp_path, MONTH="2026-11").month == "2026-11"
