"""Texts to token ids, exactly as sentence-transformers does it, for most models without importing transformers."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strata.encoders.recipe import read_json
from strata.errors import ModelUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

# `Encoding` objects hold offsets and strings, some 100 bytes a token: only this many texts exist in that form.
_TEXTS_AT_ONCE = 1024


@dataclass(frozen=True)
class Tokens:
    """The token ids of each text, int32, special tokens included, and whether the limit cut it."""

    ids: list[NDArray[np.int32]]
    truncated: NDArray[np.bool_]


def disagreement(folder: Path) -> str | None:
    """Why tokenizer.json alone may not tokenise as transformers does; None when it does.

    transformers builds its tokenizers anew from the vocabulary and tokenizer_config.json, so for the kinds we know
    the two files must say the same, and for the others we cannot tell.
    """
    file = folder / "tokenizer.json"
    if not file.is_file():
        return "there is no tokenizer.json"
    whole = json.loads(file.read_text(encoding="utf-8"))
    settings = read_json(folder / "tokenizer_config.json")
    normalizer: dict[str, Any] = whole.get("normalizer") or {}
    before: dict[str, Any] = whole.get("pre_tokenizer") or {}
    kind = (whole["model"].get("type"), normalizer.get("type"), before.get("type"))
    if kind == ("WordPiece", "BertNormalizer", "BertPreTokenizer"):
        pairs: tuple[tuple[str, Any, Any], ...] = (
            ("do_lower_case", normalizer.get("lowercase"), True),
            ("strip_accents", normalizer.get("strip_accents"), None),
            ("tokenize_chinese_chars", normalizer.get("handle_chinese_chars"), True),
        )
    elif kind == ("BPE", None, "ByteLevel"):
        pairs = (("add_prefix_space", before.get("add_prefix_space"), False),)
    else:
        return f"its kind {kind} is not one that we have compared"
    differing = [name for name, value, default in pairs if settings.get(name, default) != value]
    return f"tokenizer_config.json and tokenizer.json disagree on {', '.join(differing)}" if differing else None


def load_tokenizer(folder: Path, max_tokens: int) -> Tokenizer:
    """The model's tokenizer, cutting at the model's limit whatever its file says, and never padding.

    Long texts are cut on the side that the model's files name, the right one where they name none.

    From tokenizer.json alone where that is sure to be what transformers makes of the folder, since importing
    transformers takes seconds. Raises ModelUnavailable if transformers has no fast tokenizer for the model.
    """
    why = disagreement(folder)
    if why is None:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        # As transformers: what tokenizer_config.json says, else what tokenizer.json does.
        side = read_json(folder / "tokenizer_config.json").get("truncation_side")
        side = side or (tokenizer.truncation or {}).get("direction", "right")
    else:
        log.info("the tokenizer is made by transformers, since %s", why)
        tokenizer, side = _tokenizer_of_transformers(folder)
    if side not in ("left", "right"):
        raise ModelUnavailable(f"{folder} asks to cut long texts on the side {side!r}; it can be left or right.")
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=max_tokens, direction=side)
    return tokenizer


def _tokenizer_of_transformers(folder: Path) -> tuple[Tokenizer, str]:
    """The tokenizer, and the side on which it cuts long texts."""
    from transformers import AutoTokenizer

    made: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    tokenizer: Tokenizer | None = getattr(made, "backend_tokenizer", None)
    if tokenizer is None:
        raise ModelUnavailable(f"{folder} has no tokenizer of the fast kind (tokenizer.json).")
    return tokenizer, str(made.truncation_side)


def set_tokenizer_threads(threads: int) -> None:
    """Give `tokenizers` this many threads; it reads them once, at its first batch in the process."""
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
    os.environ.setdefault("RAYON_NUM_THREADS", str(threads))


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        yield texts[start : start + _TEXTS_AT_ONCE]


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], prompt: str = "") -> Tokens:
    """Token ids of each text with the model's prompt before it, in the order of the texts."""
    ids: list[NDArray[np.int32]] = []
    truncated = np.zeros(len(texts), dtype=np.bool_)
    for batch in _batches(texts):
        prompted = [prompt + text for text in batch] if prompt else list(batch)
        for encoding in tokenizer.encode_batch_fast(prompted):
            truncated[len(ids)] = bool(encoding.overflowing)
            ids.append(np.asarray(encoding.ids, dtype=np.int32))
    return Tokens(ids, truncated)
