"""The packed encoder on a GPU: float16, variable-length attention without padding, tokenising ahead.

Unmeasured: no GPU could be had when this was written. Its logic is tested on CPU with attention by torch's
ordinary means; what remains to be seen on a GPU is its speed and `varlen_attn` (flash attention) itself.

A GPU is faster than one core tokenises, so a thread tokenises ahead on all cores (`tokenizers` leaves Python's
lock while it works, so no second process is needed), lays texts into packs in pinned memory, and the copy to the
GPU runs beside the computation. Before its first text the encoder compares itself with the exact one on CPU.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strata.encoders.models import Model
from strata.encoders.packed import PackedEncoder, positions, shift_of
from strata.encoders.packed import refusal as packed_refusal
from strata.encoders.packing import Pack, plan
from strata.encoders.protocol import Encoded, Progress
from strata.encoders.recipe import Recipe
from strata.encoders.tokens import Tokens, load_tokenizer, set_tokenizer_threads, tokenize
from strata.encoders.weights import Layer, Linear, Norm, Weights, read_weights
from strata.errors import BadVectors

if TYPE_CHECKING:
    import torch
    from torch import Tensor

log = logging.getLogger(__name__)

TOKENS_PER_PACK = 131_072
_TEXTS_AHEAD = 8192
_PACKS_AHEAD = 4
# Half precision must stay this close to float32.
LEAST_COSINE = 0.9999

# (query, key, value) of (tokens, heads, size), the starts of the texts (texts + 1,), the longest: the attended.
Attention = Callable[["Tensor", "Tensor", "Tensor", "Tensor", int], "Tensor"]


@dataclass(frozen=True)
class Step:
    """One pack on its way to the device: which texts, and int64/int32 tensors of the token axis."""

    pack: Pack
    ids: Tensor
    places: Tensor
    starts: Tensor
    truncated: NDArray[np.bool_]


def refusal(recipe: Recipe) -> str | None:
    """Why this encoder cannot compute a model; None when it can."""
    if recipe.config.get("model_type") == "mpnet":
        return "variable-length attention takes no bias, which MPNet needs"
    return packed_refusal(recipe)


def varlen_attention(query: Tensor, key: Tensor, value: Tensor, starts: Tensor, longest: int) -> Tensor:
    """Flash attention within each text; one split, so that a text's bits do not depend on its neighbours."""
    from torch.nn.attention.varlen import varlen_attn

    out = varlen_attn(query, key, value, starts, starts, longest, longest, scale=1.0, num_splits=1)
    return out[0] if isinstance(out, tuple) else out


def moved(part: Any, device: str, dtype: torch.dtype) -> Any:
    """A copy of weights (any nesting of dataclasses, tuples and tensors) on a device in another precision."""
    import torch

    if isinstance(part, torch.Tensor):
        return part.to(device=device, dtype=dtype)
    if isinstance(part, tuple):
        return tuple(moved(item, device, dtype) for item in part)
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        fields = {item.name: getattr(part, item.name) for item in dataclasses.fields(part)}
        return dataclasses.replace(part, **{name: moved(value, device, dtype) for name, value in fields.items()})
    return part


def _linear(x: Tensor, part: Linear) -> Tensor:
    import torch

    return torch.nn.functional.linear(x, part.weight, part.bias)


def _norm(x: Tensor, part: Norm, epsilon: float) -> Tensor:
    import torch

    return torch.nn.functional.layer_norm(x, (x.shape[-1],), part.weight, part.bias, epsilon)


def _layer(x: Tensor, layer: Layer, weights: Weights, starts: Tensor, longest: int, attention: Attention) -> Tensor:
    import torch

    query, key, value = _linear(x, layer.qkv).view(len(x), 3, weights.heads, -1).unbind(1)
    attended = attention(query, key, value, starts, longest).reshape(len(x), -1)
    x = _norm(x + _linear(attended, layer.attended), layer.attended_norm, weights.epsilon)
    wide = torch.nn.functional.gelu(_linear(x, layer.wide))
    return _norm(x + _linear(wide, layer.narrow), layer.narrow_norm, weights.epsilon)


def _pooled(x: Tensor, pooling: str, starts: Tensor) -> Tensor:
    """Float32 unit vectors (texts, d) from the last layer's (tokens, d)."""
    import torch

    if pooling == "cls":
        out = x[starts[:-1].long()].float()
    else:
        counts = starts.diff().long()
        text = torch.repeat_interleave(torch.arange(len(counts), device=x.device), counts, output_size=len(x))
        out = x.new_zeros((len(counts), x.shape[1]), dtype=torch.float32).index_add_(0, text, x.float())
    return torch.nn.functional.normalize(out, dim=1)


class CudaEncoder:
    """Texts to unit vectors with a BERT-like model on a GPU."""

    def __init__(
        self,
        model: Model,
        recipe: Recipe,
        threads: int,
        reason: str,
        device: str = "cuda",
        dtype: torch.dtype | None = None,
        attention: Attention = varlen_attention,
    ) -> None:
        import torch

        self.model = model
        self.reason = reason
        self._device = device
        self._attention = attention
        folder = model.folder / recipe.transformer_folder
        set_tokenizer_threads(threads)
        self._tokenizer = load_tokenizer(folder, recipe.max_tokens)
        exact = read_weights(folder, recipe.config, recipe.max_tokens)
        self._weights: Weights = moved(exact, device, dtype or torch.float16)
        self._pooling = recipe.pooling
        self._padding = shift_of(recipe)
        self._check(PackedEncoder(model, recipe, threads, "the measure"))

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        """Embed texts; see `Encoder`."""
        import torch

        started = time.monotonic()
        vectors = np.empty((len(texts), self.model.dimension), dtype=np.float32)
        truncated = np.zeros(len(texts), dtype=np.bool_)
        waiting: list[tuple[list[int], Tensor]] = []
        done = 0
        with torch.inference_mode():
            for step in self._ahead(texts):
                chosen = list(step.pack.texts)
                truncated[chosen] = step.truncated
                waiting.append((chosen, self._compute(step)))
                done += len(chosen)
                if len(waiting) > _PACKS_AHEAD:
                    self._collect(waiting.pop(0), vectors)
                if progress is not None:
                    progress(done)
            for pair in waiting:
                self._collect(pair, vectors)
        if not np.isfinite(vectors).all():
            raise BadVectors(f"{self.model.name} leaves the range of half precision; use STRATA_DEVICE=cpu.")
        seconds = max(time.monotonic() - started, 1e-9)
        log.info("%d texts in %.1f s: %.1f texts/s", len(texts), seconds, len(texts) / seconds)
        return Encoded(vectors, truncated)

    @staticmethod
    def _collect(pair: tuple[list[int], Tensor], vectors: NDArray[np.float32]) -> None:
        vectors[pair[0]] = pair[1].cpu().numpy()

    def _compute(self, step: Step) -> Tensor:
        ids, places, starts = (
            part.to(self._device, non_blocking=True) for part in (step.ids, step.places, step.starts)
        )
        weights = self._weights
        x = _norm(weights.words[ids] + weights.positions[places], weights.norm, weights.epsilon)
        for layer in weights.layers:
            x = _layer(x, layer, weights, starts, max(step.pack.lengths), self._attention)
        return _pooled(x, self._pooling, starts)

    def _ahead(self, texts: Sequence[str]) -> Iterator[Step]:
        """Steps of all texts, made by a thread that stays a few packs ahead."""
        ready: queue.Queue[Step | BaseException | None] = queue.Queue(maxsize=_PACKS_AHEAD)
        stopped = threading.Event()

        def offer(item: Step | BaseException | None) -> None:
            placed = False
            while not placed and not stopped.is_set():
                with suppress(queue.Full):
                    ready.put(item, timeout=0.1)
                    placed = True

        def work() -> None:
            try:
                for first in range(0, len(texts), _TEXTS_AHEAD):
                    tokens = tokenize(self._tokenizer, texts[first : first + _TEXTS_AHEAD], self.model.prompt)
                    for pack in plan([len(ids) for ids in tokens.ids], TOKENS_PER_PACK):
                        offer(self._step(tokens, pack, first))
                offer(None)
            except BaseException as error:  # handed to the caller's thread, which raises it
                offer(error)

        thread = threading.Thread(target=work, name="tokenize-ahead", daemon=True)
        thread.start()
        try:
            while (item := ready.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stopped.set()
            thread.join()

    def _step(self, tokens: Tokens, pack: Pack, first: int) -> Step:
        import torch

        ids = np.concatenate([tokens.ids[text] for text in pack.texts]).astype(np.int64)
        places = np.concatenate([positions(tokens.ids[text], self._padding) for text in pack.texts])
        starts = np.fromiter(accumulate(pack.lengths, initial=0), dtype=np.int32)

        def ready(part: NDArray[Any]) -> Tensor:
            tensor = torch.from_numpy(part)
            return tensor.pin_memory() if self._device == "cuda" else tensor

        whole = Pack(tuple(text + first for text in pack.texts), pack.lengths)
        return Step(whole, ready(ids), ready(places), ready(starts), tokens.truncated[list(pack.texts)])

    def _check(self, exact: PackedEncoder) -> None:
        """Raise BadVectors unless half precision stays close to float32 on texts of several lengths."""
        words = "spectral gap of a random graph and the mass of the lightest neutralino in one loop order".split()
        texts = [" ".join((words * 40)[start : start + 4 * start + 1]) for start in range(32)]
        cosines = (self.encode(texts).vectors * exact.encode(texts).vectors).sum(1)
        log.info("half precision against float32: smallest cosine %.6f over %d texts", cosines.min(), len(texts))
        if not cosines.min() >= LEAST_COSINE:
            raise BadVectors(
                f"{self.model.name} in half precision is too far from float32 (cosine {cosines.min():.6f}, at least "
                f"{LEAST_COSINE} is asked for); use STRATA_DEVICE=cpu."
            )
