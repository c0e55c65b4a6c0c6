"""Credentials from an Airflow connection. If these fail, tasks look for S3 with someone else's keys or none."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from operations.connection import connected, variables_of


def connection(**extra: str) -> SimpleNamespace:
    return SimpleNamespace(login="key", password="secret", extra_dejson=extra)


def test_a_connection_becomes_what_boto3_reads() -> None:
    found = variables_of(connection(region_name="eu-central-1", endpoint_url="http://store:9000"))
    assert found == {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": "http://store:9000",
    }


def test_a_connection_without_keys_leaves_the_usual_chain_alone() -> None:
    bare = SimpleNamespace(login=None, password=None, extra_dejson={"region_name": "eu-central-1"})
    assert not {name for name in variables_of(bare) if "KEY" in name}


def test_without_a_name_nothing_of_airflow_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRATA_S3_CONNECTION", raising=False)

    def stage(root: str, plan: str) -> str:
        """Do something."""
        return root + plan + os.environ.get("AWS_ACCESS_KEY_ID", "")

    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    wrapped = connected(stage)
    assert wrapped(root="a", plan="b") == "ab"
    assert wrapped.__name__ == "stage"
