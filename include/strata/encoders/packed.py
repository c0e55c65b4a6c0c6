"""The fast exact encoder for BERT-like models on CPU: no padding, and one thread a pack.

Each core takes whole packs and computes them by itself, rather than all cores sharing every matrix product.
Nothing is waited for inside a pack, the weights exist once however many cores work, and the bits of a vector do
not depend on the number of threads. No OpenMP team is ever started and MKL keeps no buffers by thread, so a later fork
of the process is harmless.

Memory beyond the weights, by thread, is one `Workspace`: for packs of 1,024 tokens 17 MB for MiniLM and
bge-small, 46 MB for RoBERTa-large; and 4 bytes a token of the texts given to one call.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from strata.encoders.forward import FEWEST_ROWS, Workspace, pooled
from strata.encoders.models import Model
from strata.encoders.packing import Pack, plan
from strata.encoders.protocol import Encoded, Progress
from strata.encoders.recipe import SHIFTED, Recipe, position_shift
from strata.encoders.tokens import Tokens, load_tokenizer, set_tokenizer_threads, tokenize
from strata.encoders.weights import read_weights
from strata.errors import BadVectors

log = logging.getLogger(__name__)

FAMILIES = ("bert", *SHIFTED)
TOKENS_PER_PACK = 1024

# MKL keeps freed buffers in lists by thread, and in a process that was forked afterwards it may go round in such a list
# for ever: 2 of 60 forks did, none of 60 without the lists, in the same processor time. MKL asks before its first
# product, not when torch is imported.
os.environ.setdefault("MKL_DISABLE_FAST_MM", "1")


def refusal(recipe: Recipe) -> str | None:
    """Why the packed encoder cannot compute this model exactly; None when it can."""
    config = recipe.config
    kind = str(config.get("model_type"))
    if kind not in FAMILIES:
        return f"its architecture is {kind!r}, not one of {', '.join(FAMILIES)}"
    others = [name for name in recipe.modules if name not in ("Transformer", "Pooling", "Normalize")]
    if others:
        return f"it has further parts ({', '.join(others)})"
    if recipe.pooling not in ("mean", "cls"):
        return f"its pooling is {recipe.pooling!r}"
    if recipe.prompt and not recipe.prompt_pooled:
        return "its prompt is left out of the pooling"
    if config.get("auto_map"):
        return "its configuration names code of its own"
    if recipe.shortened:
        return "its vectors are cut short"
    if config.get("hidden_act", "gelu") != "gelu":
        return f"its activation is {config['hidden_act']!r}"
    if config.get("position_embedding_type", "absolute") != "absolute":
        return f"its positions are {config['position_embedding_type']!r}"
    if config.get("is_decoder") or config.get("add_cross_attention"):
        return "it is a decoder"
    if recipe.lower_case:
        return "it asks for lower case before its tokenizer"
    return None


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let every torch call in the process compute on its caller's thread alone; put the setting back after."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def shift_of(recipe: Recipe) -> int | None:
    """The padding token that positions are counted from, for the families that do; else None."""
    return position_shift(recipe.config)


def positions(ids: NDArray[np.int32], padding: int | None) -> NDArray[np.int64]:
    """The position index of each token of one text: 0, 1, 2, … or, with a padding token, RoBERTa's way."""
    if padding is None:
        return np.arange(len(ids), dtype=np.int64)
    real = (ids != padding).astype(np.int64)
    places: NDArray[np.int64] = np.cumsum(real) * real + padding
    return places


class PackedEncoder:
    """Texts to unit vectors with a BERT-like model, computed without padding."""

    def __init__(self, model: Model, recipe: Recipe, threads: int, reason: str) -> None:
        self.model = model
        self.reason = reason
        self.threads = threads
        folder = model.folder / recipe.transformer_folder
        set_tokenizer_threads(threads)
        self._tokenizer = load_tokenizer(folder, recipe.max_tokens)
        self._weights = read_weights(folder, recipe.config, recipe.max_tokens)
        self._pooling = recipe.pooling
        self._padding = shift_of(recipe)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        """Embed texts; see `Encoder`. One call at a time a process, since torch's thread count is the process's."""
        started = time.monotonic()
        tokens = tokenize(self._tokenizer, texts, self.model.prompt)
        lengths = [len(ids) for ids in tokens.ids]
        vectors = np.empty((len(texts), self.model.dimension), dtype=np.float32)
        packs = plan(lengths, TOKENS_PER_PACK)
        with one_torch_thread():
            self._compute(vectors, tokens, packs, progress)
        if not np.isfinite(vectors).all():
            raise BadVectors(f"{self.model.name} gave a vector that is not finite: its weights are damaged.")
        seconds = max(time.monotonic() - started, 1e-9)
        log.info("%d texts, %d tokens in %.1f s: %.1f texts/s", len(texts), sum(lengths), seconds, len(texts) / seconds)
        return Encoded(vectors, tokens.truncated)

    def _compute(
        self, vectors: NDArray[np.float32], tokens: Tokens, packs: Sequence[Pack], progress: Progress | None
    ) -> None:
        rows = max([FEWEST_ROWS, *(pack.tokens for pack in packs)])
        longest = max((max(pack.lengths) for pack in packs), default=0)
        own = threading.local()

        def fill(pack: Pack) -> int:
            if not hasattr(own, "space"):
                own.space = Workspace(self._weights, rows, longest)
            self._fill(vectors, tokens, pack, own.space)
            return len(pack.texts)

        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="encode")
        try:
            done = 0
            for finished in as_completed([pool.submit(fill, pack) for pack in packs]):
                done += finished.result()
                if progress is not None:
                    progress(done)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _fill(self, vectors: NDArray[np.float32], tokens: Tokens, pack: Pack, space: Workspace) -> None:
        """Compute one pack and write its texts' rows."""
        import torch

        ids = np.zeros(max(FEWEST_ROWS, pack.tokens), dtype=np.int64)
        places = np.zeros_like(ids)
        start = 0
        for text, length in zip(pack.texts, pack.lengths, strict=True):
            ids[start : start + length] = tokens.ids[text]
            places[start : start + length] = positions(tokens.ids[text], self._padding)
            start += length
        with torch.inference_mode():
            out = pooled(
                self._weights, self._pooling, torch.from_numpy(ids), torch.from_numpy(places), pack.lengths, space
            )
            vectors[list(pack.texts)] = torch.nn.functional.normalize(out, dim=1).numpy()
