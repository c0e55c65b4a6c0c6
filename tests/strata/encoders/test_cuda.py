"""The GPU's encoder, with its logic run on CPU: order, packing ahead, pooling, and the check before use."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.strata.encoders.conftest import ODD_TEXTS

from strata import encoders
from strata.encoders import cuda
from strata.encoders.locate import entry_of
from strata.encoders.recipe import Recipe, read_recipe
from strata.errors import BadVectors

Models = Callable[..., Path]


def plain_attention(query: Any, key: Any, value: Any, starts: Any, longest: int) -> Any:
    """What `varlen_attention` does, text by text."""
    import torch

    out = torch.empty_like(value)
    for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        assert last - first <= longest
        q, k, v = (part[first:last].transpose(0, 1).unsqueeze(0) for part in (query, key, value))
        done = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=1.0)
        out[first:last] = done[0].transpose(0, 1)
    return out


def parts(folder: Path) -> tuple[encoders.Model, Recipe]:
    return encoders.describe(str(folder)), read_recipe(folder, entry_of(str(folder)))


def make(folder: Path, dtype: Any) -> cuda.CudaEncoder:
    model, recipe = parts(folder)
    return cuda.CudaEncoder(model, recipe, 1, "test", device="cpu", dtype=dtype, attention=plain_attention)


@pytest.mark.parametrize(("family", "pooling"), [("bert", "cls_token"), ("roberta", "mean_tokens")])
def test_it_gives_the_exact_encoders_vectors_in_the_order_of_the_texts(
    models: Models, monkeypatch: pytest.MonkeyPatch, family: str, pooling: str
) -> None:
    import torch

    monkeypatch.setattr(cuda, "TOKENS_PER_PACK", 100)
    monkeypatch.setattr(cuda, "_TEXTS_AHEAD", 7)
    folder = models(family, pooling=pooling)
    seen: list[int] = []
    ours = make(folder, torch.float32).encode(ODD_TEXTS, progress=seen.append)
    exact = encoders.load(str(folder), threads=1).encode(ODD_TEXTS)
    np.testing.assert_allclose(ours.vectors, exact.vectors, atol=1e-6, rtol=0)
    assert (ours.truncated == exact.truncated).all() and ours.truncated.any()
    assert seen[-1] == len(ODD_TEXTS)


def test_half_precision_that_stays_close_is_accepted(models: Models) -> None:
    import torch

    encoder = make(models("bert", pooling="mean_tokens"), torch.float16)
    exact = encoders.load(str(models("bert", pooling="mean_tokens")), threads=1)
    cosines = (encoder.encode(ODD_TEXTS).vectors * exact.encode(ODD_TEXTS).vectors).sum(1)
    assert cosines.min() > cuda.LEAST_COSINE


def test_half_precision_that_goes_astray_is_refused_before_the_first_text(models: Models) -> None:
    import torch

    def wrong(query: Any, key: Any, value: Any, starts: Any, longest: int) -> Any:
        return value

    model, recipe = parts(models("bert", pooling="mean_tokens"))
    with pytest.raises(BadVectors, match="too far from float32"):
        cuda.CudaEncoder(model, recipe, 1, "test", device="cpu", dtype=torch.float32, attention=wrong)


def test_an_error_while_tokenising_ahead_reaches_the_caller(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    """It happens in another thread, where it would otherwise be lost and the caller would wait for ever."""
    import torch

    encoder = make(models("bert", pooling="mean_tokens"), torch.float32)

    def fail(*_: object) -> None:
        raise UnicodeError("half a character")

    monkeypatch.setattr(cuda, "tokenize", fail)
    with pytest.raises(UnicodeError, match="half a character"):
        encoder.encode(ODD_TEXTS)


def test_mpnet_is_left_to_sentence_transformers(models: Models) -> None:
    _, recipe = parts(models("mpnet"))
    assert "bias" in str(cuda.refusal(recipe))
    _, recipe = parts(models("bert"))
    assert cuda.refusal(recipe) is None
    assert "architecture" in str(cuda.refusal(dataclasses.replace(recipe, config={"model_type": "t5"})))
