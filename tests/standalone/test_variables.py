"""If these fail, Airflow listens to the network, takes the user's other Airflow for ours, or breaks in odd folders."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from standalone.plain_paths import plain_path
from standalone.state import State
from standalone.variables import Code, Placement, airflow_variables, place, start_date

NOW = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.timezone.utc)
# What breaks one of: os.path.expandvars, configparser, str.format, SQLAlchemy's URLs, shells.
ODD = [
    "a b",
    "émigré",
    'it\'s "quoted"',
    "100%",
    "%20",
    "%(home)s",
    "$HOME",
    "{AIRFLOW_HOME}",
    "q?x=1#y",
    "back\\slash",
]


def variables(folder: Path, **environment: str) -> dict[str, str]:
    state = State(folder / ".strata")
    state.prepare()
    for name in ("dags", "include"):
        (folder / name).mkdir(exist_ok=True)
    code = Code(folder / "dags", folder / "include", folder / "plugins")
    return airflow_variables(
        environment, state, code, state.secrets(), Placement(2, 3),
        port=12345, root="/the root", snapshot="/snap.jsonl", now=NOW, parse_every_s=30,
    )  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_airflow_finds_its_folders_whatever_the_checkout_is_called(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    folder = tmp_path / name
    folder.mkdir()
    made = variables(folder)
    home = folder / ".strata" / "airflow"
    for key, path in {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__DAGS_FOLDER": folder / "dags",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": home / "logs",
    }.items():
        # What Airflow does to every setting: expand, and for some of them format.
        assert os.path.expandvars(made[key]).format() == made[key]
        assert "%" not in made[key]
        assert Path(made[key]).samefile(path)
    database = make_url(made["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]).database
    assert database is not None
    assert Path(database).parent.samefile(home)


def test_a_plain_folder_keeps_its_name(tmp_path: Path) -> None:
    assert plain_path(tmp_path) == tmp_path.resolve()


def test_a_folder_made_by_someone_else_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "$x").mkdir()
    assert plain_path(tmp_path / "$x").samefile(tmp_path / "$x")
    private = next(path for path in tmp_path.iterdir() if path.name.startswith("arxiv-strata"))
    private.chmod(0o777)
    with pytest.raises(Exception, match="only this user can write"):
        plain_path(tmp_path / "$x")


def test_settings_of_another_airflow_do_not_leak_in_but_connections_do(tmp_path: Path) -> None:
    made = variables(
        tmp_path,
        AIRFLOW_HOME="/other", AIRFLOW_CONFIG="/other.cfg", AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
        AIRFLOW__CELERY__BROKER_URL="redis://", AIRFLOW_CONN_AWS_DEFAULT="aws://", HF_HOME="/models",
    )  # fmt: skip
    assert made["AIRFLOW__CORE__EXECUTOR"] == "standalone.executor.PreloadedExecutor"
    assert not {"AIRFLOW_CONFIG", "AIRFLOW__CELERY__BROKER_URL"} & set(made)
    assert made["AIRFLOW_HOME"] == str(tmp_path / ".strata" / "airflow")
    assert made["AIRFLOW_CONN_AWS_DEFAULT"] == "aws://"
    assert made["HF_HOME"] == "/models"


def test_everyone_is_admin_only_because_nobody_else_can_connect(tmp_path: Path) -> None:
    made = variables(tmp_path)
    assert made["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "True"
    assert made["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert made["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:12345/execution/"


def test_a_corpus_of_many_small_shards_can_be_mapped(tmp_path: Path) -> None:
    """Else SHARD_SIZE=2000 on all of arXiv fails after it is cut: Airflow's own limit is 1,024."""
    assert int(variables(tmp_path)["AIRFLOW__CORE__MAX_MAP_LENGTH"]) == 10_000


def test_a_proxy_does_not_come_between_tasks_and_the_api_server(tmp_path: Path) -> None:
    made = variables(tmp_path, http_proxy="http://proxy:3128", no_proxy="internal.example")
    assert made["NO_PROXY"] == made["no_proxy"] == "127.0.0.1,internal.example"


def test_tasks_get_the_library_the_root_and_their_share_of_the_machine(tmp_path: Path) -> None:
    made = variables(tmp_path, PYTHONPATH="include")
    assert made["PYTHONPATH"].split(os.pathsep)[0] == str(tmp_path / "include")
    assert (made["STRATA_ROOT"], made["STRATA_SNAPSHOT"]) == ("/the root", "/snap.jsonl")
    assert (made["AIRFLOW__CORE__PARALLELISM"], made["OMP_NUM_THREADS"]) == ("2", "3")


@pytest.mark.parametrize(
    ("processors", "tasks", "expected"),
    [(1, None, (1, 1)), (2, None, (1, 2)), (2, 2, (2, 1)), (7, None, (1, 7)), (16, None, (2, 8)), (2, 5, (5, 1))],
)
def test_the_machine_is_shared_out_and_never_oversold(
    processors: int, tasks: int | None, expected: tuple[int, int]
) -> None:
    assert place(processors, tasks) == Placement(*expected)


@pytest.mark.parametrize(("day", "start"), [(21, "2026-11-21"), (2, "2026-11-02"), (1, "2026-11-02")])
def test_unpausing_starts_no_scheduled_run(day: int, start: str) -> None:
    """The last tick, on the 1st at midnight, must lie before the start date."""
    assert start_date(NOW.replace(day=day)) == start


def test_a_scheduled_run_here_waits_for_nothing(tmp_path: Path) -> None:
    """Else `make up`, left open over a month's end, begins one that waits for ever: nothing would wake its task."""
    assert float(variables(tmp_path)["STRATA_WAIT_DAYS"]) == 0


@pytest.mark.parametrize(
    ("processors", "tasks", "most", "expected"),
    [(64, None, 1, (64, 1)), (64, None, 4, (16, 4)), (64, 2, 4, (2, 4)), (64, 64, 4, (64, 1)), (2, None, 16, (1, 2))],
)
def test_what_one_task_may_use_is_not_taken_for_the_machine(
    processors: int, tasks: int | None, most: int, expected: tuple[int, int]
) -> None:
    """Else OMP_NUM_THREADS=1, which many clusters set, embeds all of arXiv on one processor of 64."""
    assert place(processors, tasks, most) == Placement(*expected)
