"""Asking the service that may run a model (``python -m strata serve-sentences``) for the papers like a sentence."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from typing import Any

import httpx

from strata.errors import BadRequest

_PATIENCE_S = 120.0  # a first search loads the model and reads a few gigabytes
Row = dict[str, Any]


class ServiceUnavailable(Exception):
    """The service is not there, is busy, or cannot run the model. Its message is written for the reader."""


def configured() -> bool:
    """Whether this installation has such a service."""
    return bool(os.environ.get("STRATA_SENTENCES_URL")) and bool(os.environ.get("STRATA_SENTENCES_SECRET"))


def ask(month: str, papers: Sequence[str], text: str, top: int = 20) -> list[Row]:
    """Return the papers most like the mean of the given ones and a text: id, title, date, similarity.

    Raises:
        BadRequest: what was asked for makes no sense; says why.
        ServiceUnavailable: there is no answer.
    """
    if not configured():
        raise ServiceUnavailable("this installation has no service that may run a model: see Operating it")
    address = os.environ["STRATA_SENTENCES_URL"].rstrip("/") + "/similar"
    secret = {"Authorization": f"Bearer {os.environ['STRATA_SENTENCES_SECRET']}"}
    asked = {"month": month, "papers": list(papers), "text": text, "top": top}
    try:
        answer = httpx.post(address, json=asked, headers=secret, timeout=_PATIENCE_S)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ServiceUnavailable(f"the service for sentences does not answer: {type(error).__name__}") from error
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        raise BadRequest(_message(body))
    if answer.status_code != httpx.codes.OK:
        raise ServiceUnavailable(_message(body))
    return [row | {"date": dt.date.fromisoformat(row["date"])} for row in body["found"]]


def _message(body: Any) -> str:
    told = body.get("error") if isinstance(body, dict) else None
    return str(told or "the service for sentences does not understand the question")
