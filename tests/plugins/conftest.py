"""A published record, and an Airflow of its own that has the plugin: its users, and what they may."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.strata.conftest import record_root

__all__ = ["record_root"]

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, record_root: Path) -> dict[str, str]:
    """The environment of an Airflow whose user `reader` may see everything and whose user `stranger` nothing."""
    home = tmp_path_factory.mktemp("airflow")
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({"reader": "reader", "stranger": "stranger"}))
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "reader:viewer,stranger:",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__API_AUTH__JWT_SECRET": "s" * 64,
        "PYTHONPATH": str(REPOSITORY / "include"),
        "STRATA_ROOT": str(record_root),
    }
