"""sentence-transformers itself, for every model that the packed encoder does not compute.

Texts are sorted by their true token count (sentence-transformers sorts by characters) and computed in batches of
a bounded number of tokens, padding included, so that memory does not grow with the length of texts: about 1 GB
beyond the weights for a model of the size of Qwen3-Embedding-0.6B.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strata.encoders.models import Model
from strata.encoders.protocol import Encoded, Progress
from strata.encoders.recipe import Recipe
from strata.encoders.tokens import set_tokenizer_threads
from strata.errors import BadVectors, ModelUnavailable

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

_TEXTS_AT_ONCE = 512
_TOKENS_PER_BATCH = {"cpu": 4096, "cuda": 65_536}


def batches(lengths: NDArray[np.int64], budget: int) -> Iterator[NDArray[np.int64]]:
    """Indices of texts, longest first, in batches of at most `budget` tokens with padding (or one text)."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        count = max(1, budget // max(1, int(lengths[order[start]])))
        yield order[start : start + count]
        start += count


def _make_unit(vectors: NDArray[np.float32]) -> None:
    """Divide each row by its length, in place; a row of zeros stays one, as in torch's normalize.

    A length taken in bfloat16, which keeps 8 bits, is off by up to 0.25%: too much for the check of vectors files.
    """
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.where(lengths > 0, lengths, 1)[:, None]


class ReferenceEncoder:
    """Texts to unit vectors with sentence-transformers: float32 on CPU, bfloat16 on a GPU."""

    def __init__(
        self,
        model: Model,
        recipe: Recipe,
        threads: int,
        reason: str,
        device: str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        self.model = model
        self.reason = reason
        self._budget = _TOKENS_PER_BATCH[device]
        set_tokenizer_threads(threads)
        torch.set_num_threads(threads)
        # Weights stored in half precision (Qwen3's) are computed in float32 on CPU: most CPUs are far slower in half.
        dtype = dtype or (torch.bfloat16 if device == "cuda" else torch.float32)
        self._half = dtype != torch.float32
        try:
            self._model = SentenceTransformer(
                str(model.folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": dtype},
            )
        except (ValueError, OSError, ImportError) as error:
            raise ModelUnavailable(f"sentence-transformers cannot load {model.name}: {error}") from error
        self._model.max_seq_length = recipe.max_tokens
        self._set_pooling(recipe.pooling)

    def _set_pooling(self, pooling: str) -> None:
        modes = pooling.split("+")
        parts: list[Any] = [part for part in self._model.modules() if type(part).__name__ == "Pooling"]
        for part in parts:
            part.pooling_mode = modes[0] if len(modes) == 1 else tuple(modes)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        """Embed texts; see `Encoder`."""
        started = time.monotonic()
        vectors = np.empty((len(texts), self.model.dimension), dtype=np.float32)
        lengths = self._lengths(texts)
        done = 0
        for chosen in batches(np.minimum(lengths, self.model.max_tokens), self._budget):
            vectors[chosen] = self._model.encode(
                [texts[text] for text in chosen],
                batch_size=len(chosen),
                prompt=self.model.prompt,
                normalize_embeddings=not self._half,
                show_progress_bar=False,
            )
            done += len(chosen)
            if progress is not None:
                progress(done)
        if not np.isfinite(vectors).all():
            raise BadVectors(f"{self.model.name} gave a vector that is not finite: its weights are damaged.")
        if self._half:
            _make_unit(vectors)
        seconds = max(time.monotonic() - started, 1e-9)
        log.info("%d texts in %.1f s: %.1f texts/s", len(texts), seconds, len(texts) / seconds)
        return Encoded(vectors, lengths > self.model.max_tokens)

    def _lengths(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The true token count of each text, prompt and special tokens included, before any limit."""
        tokenizer: Any = self._model.tokenizer
        counts: list[int] = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            batch = [self.model.prompt + text for text in texts[start : start + _TEXTS_AT_ONCE]]
            counts += [len(ids) for ids in tokenizer(batch, truncation=False, verbose=False)["input_ids"]]
        return np.asarray(counts, dtype=np.int64)
