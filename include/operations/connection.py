"""S3 credentials from an Airflow connection, for those who keep theirs in Airflow rather than in the environment."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any


def connected(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a stage that first takes its credentials from the connection that ``STRATA_S3_CONNECTION`` names.

    They are set in the environment of the task's own process, where boto3 looks, and end with it. Without the variable
    nothing is done: the usual chain (environment, profile, role of the instance or pod) holds.
    """

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        name = os.environ.get("STRATA_S3_CONNECTION", "")
        if name:
            from airflow.sdk import BaseHook

            os.environ.update(variables_of(BaseHook.get_connection(name)))
        return function(*arguments, **named)

    return run


def variables_of(connection: Any) -> dict[str, str]:
    """Return the variables for boto3 from a connection of type ``aws``: login, password, region, endpoint."""
    extra = connection.extra_dejson
    found = {
        "AWS_ACCESS_KEY_ID": connection.login,
        "AWS_SECRET_ACCESS_KEY": connection.password,
        "AWS_SESSION_TOKEN": extra.get("aws_session_token"),
        "AWS_REGION": extra.get("region_name"),
        "AWS_DEFAULT_REGION": extra.get("region_name"),
        "AWS_ENDPOINT_URL": extra.get("endpoint_url"),
    }
    return {name: str(value) for name, value in found.items() if value}
