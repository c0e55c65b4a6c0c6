"""The papers most like given papers or a text, exactly, from a month's record; no index, no model unless for a text.

``asked`` reads what a person writes for a paper, ``search`` finds the nearest rows in one pass over the vectors,
``shown`` prints them, ``service`` answers to the page inside Airflow. The vectors are streamed block by block, so
memory does not grow with the corpus, but for one byte a paper. What the record leaves out, such as withdrawn papers, is
not found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from strata import layout
from strata.categories import chosen, parse_wanted
from strata.corpus import hard_flagged, read_papers
from strata.errors import BadRequest, ModelUnavailable
from strata.published import Published, find_rows, read_ids, read_rows
from strata.similar.asked import explain, read_id
from strata.similar.search import Mask, Search, Vectors, mean_direction
from strata.storage import Storage, read_table
from strata.streaming import pieces, read_piece, scan

if TYPE_CHECKING:
    from strata.encoders import Encoder, Model

__all__ = ["MOST", "Similar", "encode_text", "model_of", "similar"]

MOST = 10_000
_LONGEST_TEXT = 100_000


@dataclass(frozen=True)
class Similar:
    """One found paper."""

    rank: int
    similarity: float
    id: str
    title: str
    date: dt.date
    primary: str

    @property
    def url(self) -> str:
        """Its page at arXiv."""
        return f"https://arxiv.org/abs/{self.id}"


def similar(
    storage: Storage,
    record: Published,
    papers: Sequence[str] = (),
    text: str = "",
    *,
    top: int = 10,
    categories: str = "",
    threads: int = 0,
    encoder: Encoder | None = None,
) -> list[Similar]:
    """Return the papers most like the mean of the given ones, most similar first; the given ones are left out.

    Args:
        storage: the root.
        record: the month to search.
        papers: ids, old or new style, with or without version, or URLs.
        text: a title, a sentence or an abstract, which joins the mean as one more vector; loads the record's model.
        top: how many.
        categories: only papers of these, such as ``cs. math.NA``.
        threads: how many to use; 0: the processors that this process may use.
        encoder: the record's model, for who has it loaded already.

    Raises:
        BadRequest: nothing is given, or an id is unknown (with the nearest known one).
        ModelUnavailable: the text needs a model that is not here.
    """
    if not papers and not text.strip():
        raise BadRequest("name at least one paper, or a text")
    if not 1 <= top <= MOST:
        raise BadRequest(f"top: {top} is not between 1 and {MOST}")
    rows = _rows_of(storage, record, papers)
    given = [_vectors_of(storage, record, rows)] if rows else []
    if text.strip():
        given.append(encode_text(record, text, encoder))
    query = mean_direction(np.concatenate(given))
    allowed = _allowed(storage, record, rows, parse_wanted(categories))
    search = Search(query, top, allowed)
    scan(storage, record.corpus, search, threads)
    best, similarities = search.best
    described = read_rows(storage, record.corpus, best.tolist(), ["id", "title", "date", "primary"])
    return [
        Similar(rank, float(near), **paper)
        for rank, (near, paper) in enumerate(zip(similarities, described, strict=True), start=1)
    ]


def encode_text(record: Published, text: str, encoder: Encoder | None = None) -> Vectors:
    """Return the unit vector of a text by the record's own model, (1, d) float32."""
    from strata import encoders

    known = encoder or encoders.load(model_of(record))
    return known.encode([" ".join(text[:_LONGEST_TEXT].split())]).vectors


def model_of(record: Published) -> Model:
    """Return this machine's copy of the model that a record was made with; raises ModelUnavailable."""
    from strata import encoders

    name, key = record.manifest["model"]["name"], record.manifest["model"]["key"]
    model = encoders.describe(name)
    if model.key != key:
        raise ModelUnavailable(f"{name} on this machine has other files than the one the record was made with")
    return model


def _rows_of(storage: Storage, record: Published, papers: Sequence[str]) -> list[int]:
    """Return the row numbers of the papers asked for, each once; reads all ids only to explain an unknown one."""
    wanted = list(dict.fromkeys(read_id(paper) for paper in papers))
    known = find_rows(storage, record, wanted)
    unknown = [paper for paper in wanted if paper not in known]
    if unknown:
        ids = read_ids(storage, record)
        raise BadRequest(" ".join(explain(paper, ids, record.month) for paper in unknown))
    return [known[paper] for paper in wanted]


def _vectors_of(storage: Storage, record: Published, rows: list[int]) -> Vectors:
    """Return the vectors of some rows, (m, d), opening only the files they are in."""
    found = []
    for row in rows:
        (piece,) = pieces(storage, record.corpus, row, row + 1)
        found.append(read_piece(storage, record.corpus, piece)[row - piece.start])
    return np.stack(found)


def _allowed(storage: Storage, record: Published, rows: list[int], wanted: tuple[str, ...]) -> Mask:
    """Return which papers may be found, (n,) bool: none that was withdrawn, or that the record leaves out as well."""
    allowed: Mask = ~hard_flagged(read_papers(storage, record.corpus, ["flags"])["flags"])
    if wanted:
        fitting = _of_categories(storage, record, wanted)
        if not fitting.any():
            raise BadRequest(
                f"no paper of {record.month} is in {' or '.join(wanted)}; categories are written such as cs.LG"
            )
        allowed &= fitting
    allowed[rows] = False
    return allowed


def _of_categories(storage: Storage, record: Published, wanted: tuple[str, ...]) -> Mask:
    """Return which papers have any of the wanted categories; each different name is judged once a shard."""
    found = []
    for layer in record.corpus.layers:
        path = layout.papers(record.corpus.snapshot, layer.entry["shard"])
        listed: Any = read_table(storage, path, ["categories"])["categories"].combine_chunks()
        names = pc.list_flatten(listed).dictionary_encode()
        fits = np.array([chosen((name,), wanted) for name in names.dictionary.to_pylist()], bool)
        begins = np.r_[0, np.cumsum(pc.list_value_length(listed).to_numpy(zero_copy_only=False))[:-1]]
        found.append(np.logical_or.reduceat(fits[names.indices.to_numpy()], begins)[: layer.rows])
    return np.concatenate(found)
