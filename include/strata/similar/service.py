"""``python -m strata serve-sentences``: the search that needs a model, for programs that must not load one.

A page in Airflow's API server asks it for the papers like a sentence, or like several papers; it answers from the root
it was started with. Whoever asks must know its secret. One search runs at a time, a few may wait: memory stays that of
one search beside the model, which is loaded at the first question and kept.
"""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field

from strata import encoders, published
from strata.encoders import Encoder
from strata.errors import BadRequest, ModelUnavailable, StrataError, Unavailable
from strata.published import Published
from strata.similar import similar
from strata.storage import Storage, connect

log = logging.getLogger(__name__)

LEAST_SECRET = 32  # characters
_WAITING = 4


class Question(BaseModel):
    """Papers, or a text, or both, and a month's record."""

    month: str = Field(max_length=7)
    papers: list[str] = Field(default=[], max_length=100)
    text: str = Field(default="", max_length=100_000)
    top: int = Field(default=20, ge=1, le=200)


class Busy(Exception):
    """More questions wait than will be answered soon."""


def make_service(root: str, secret: str) -> FastAPI:
    """Return the service of a root.

    Raises:
        BadRequest: the secret is too short to be one.
    """
    if len(secret) < LEAST_SECRET:
        raise BadRequest(f"STRATA_SENTENCES_SECRET must be a secret of at least {LEAST_SECRET} characters")
    search = _Search(connect(root))
    service = FastAPI(title="Sentences", docs_url=None, redoc_url=None, openapi_url=None)

    @service.middleware("http")
    async def admit(request: Request, follow: Callable[[Request], Any]) -> Response:
        """Let nobody in who does not know the secret, whatever the path."""
        told = request.headers.get("authorization", "")
        if not hmac.compare_digest(told.encode(), f"Bearer {secret}".encode()):
            return _answer(401, {"error": "the secret is wrong"})
        admitted: Response = await follow(request)
        return admitted

    @service.post("/similar")
    def find(question: Question) -> Response:
        """Return the papers found, most similar first."""
        try:
            return _answer(200, {"found": search(question)})
        except ModelUnavailable as error:
            return _answer(503, {"error": str(error)})
        except StrataError as error:
            return _answer(422, {"error": str(error)})
        except (Busy, Unavailable) as error:
            return _answer(503, {"error": str(error)})

    return service


def serve(root: str, host: str, port: int, secret: str) -> None:
    """Serve until a signal comes. Raises BadRequest without a secret."""
    import uvicorn

    uvicorn.run(make_service(root, secret), host=host, port=port, log_level="warning", access_log=False)


class _Search:
    """One search at a time, with the model of the record kept from one to the next."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._turn = threading.Lock()
        self._room = threading.BoundedSemaphore(_WAITING)
        self._encoder: tuple[str, Encoder] | None = None

    def __call__(self, question: Question) -> list[dict[str, Any]]:
        if not self._room.acquire(blocking=False):
            raise Busy("too many are asking at once: try again in a moment")
        try:
            with self._turn:
                month = published.latest_month(self._storage, question.month)
                record = published.open_record(self._storage, month)
                encoder = self._encoder_of(record) if question.text.strip() else None
                found = similar(
                    self._storage, record, question.papers, question.text, top=question.top, encoder=encoder
                )
        finally:
            self._room.release()
        return [asdict(paper) for paper in found]

    def _encoder_of(self, record: Published) -> Encoder:
        """Return the record's model, which is loaded once for all records of it."""
        from strata.similar import model_of

        model = model_of(record)
        if self._encoder is None or self._encoder[0] != model.key:
            self._encoder = (model.key, encoders.load(model))
        return self._encoder[1]


def _answer(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
