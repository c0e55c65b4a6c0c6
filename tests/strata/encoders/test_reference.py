"""Every model that the fast encoder does not know must still give its own vectors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strata.encoders.conftest import ODD_TEXTS

from strata import encoders
from strata.embed import check_unit
from strata.encoders import reference
from strata.encoders.recipe import read_recipe

Models = Callable[..., Path]


@pytest.mark.parametrize("pooling", ["lasttoken", "mean"])
def test_qwen3_as_its_authors_and_as_the_seed_study_pool_it(models: Models, pooling: str) -> None:
    """The vectors of sentence-transformers set up by hand, for both entries of the table."""
    import torch
    from sentence_transformers import SentenceTransformer

    folder = models("qwen3")
    name = "Qwen/Qwen3-Embedding-0.6B" + ("-mean" if pooling == "mean" else "")
    recipe = read_recipe(folder, encoders.KNOWN[name])
    model = dataclasses.replace(encoders.describe(str(folder)), pooling=recipe.pooling)
    ours = reference.ReferenceEncoder(model, recipe, 1, "test").encode(ODD_TEXTS)
    theirs = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    part: Any = theirs[1]
    part.pooling_mode = pooling
    expected = theirs.encode(ODD_TEXTS, normalize_embeddings=True, batch_size=3, show_progress_bar=False)
    np.testing.assert_allclose(ours.vectors, expected, atol=2e-6, rtol=0)
    tokens = [len(theirs.tokenizer(text, truncation=False)["input_ids"]) for text in ODD_TEXTS]
    assert ours.truncated.tolist() == [count > 40 for count in tokens]
    assert 0 < ours.truncated_share < 1


def test_a_model_of_another_family_is_left_to_sentence_transformers_and_the_reason_told(
    models: Models, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the reason in the task's log nobody would know why a model embeds at a third of the speed."""
    with caplog.at_level("INFO", "strata.encoders"):
        encoder = encoders.load(str(models("qwen3")), threads=1)
    assert isinstance(encoder, reference.ReferenceEncoder)
    assert encoder.reason in caplog.text
    assert "sentence-transformers" in encoder.reason and "qwen3" in encoder.reason
    seen: list[int] = []
    encoder.encode(["one", "two", "three"], progress=seen.append)
    assert seen[-1] == 3


@given(st.lists(st.integers(0, 300)), st.integers(1, 2000))
def test_batches_hold_every_text_once_and_stay_within_the_budget(lengths: list[int], budget: int) -> None:
    array = np.asarray(lengths, dtype=np.int64)
    found = list(reference.batches(array, budget))
    assert sorted(int(text) for batch in found for text in batch) == list(range(len(lengths)))
    assert all(len(batch) * array[batch].max() <= budget or len(batch) == 1 for batch in found)


@pytest.mark.parametrize("pooling", ["lasttoken", "mean"])
def test_half_precision_gives_vectors_that_pass_the_check_of_vectors_files(models: Models, pooling: str) -> None:
    """Lengths taken in bfloat16 are off by up to 0.25%: every model but BERT's kin would fail on a GPU."""
    import torch

    folder = models("qwen3")
    model = encoders.describe(str(folder))
    recipe = dataclasses.replace(read_recipe(folder, encoders.locate.entry_of(str(folder))), pooling=pooling)
    texts = [text for text in ODD_TEXTS if text]  # this small tokenizer has no tokens for an empty text
    half = reference.ReferenceEncoder(model, recipe, 1, "test", dtype=torch.bfloat16).encode(texts)
    assert half.vectors.dtype == np.float32
    check_unit(half.vectors, "half precision")
    whole = reference.ReferenceEncoder(model, recipe, 1, "test").encode(texts)
    assert (half.vectors != whole.vectors).any(), "the first must be computed in half precision for this test"
    assert (half.vectors * whole.vectors).sum(1).min() > 0.995
    assert (half.truncated == whole.truncated).all()


def test_a_row_of_zeros_stays_one() -> None:
    """Divided by its length it would be NaN, which hides in a vectors file until a search meets it."""
    rows = np.asarray([[3, 4], [0, 0]], dtype=np.float32)
    reference._make_unit(rows)
    np.testing.assert_allclose(rows, np.asarray([[0.6, 0.8], [0, 0]]), rtol=1e-6)
