"""The fast encoder gives the vectors that sentence-transformers gives; else every finding rests on other vectors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.strata.encoders.conftest import ODD_TEXTS, SENTENCES

from strata import encoders
from strata.encoders import forward, packed
from strata.encoders.recipe import read_recipe
from strata.encoders.reference import ReferenceEncoder
from strata.errors import BadVectors

Models = Callable[..., Path]


def reference(folder: Path, texts: list[str]) -> np.ndarray:
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    return model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


@pytest.fixture(scope="module")
def minilm() -> encoders.Encoder:
    return encoders.load(threads=1)


CASES: list[tuple[str, dict[str, Any]]] = [
    ("bert", {"pooling": "cls_token"}),
    ("bert", {"pooling": "mean_tokens"}),
    ("roberta", {"pooling": "mean_tokens"}),
    ("roberta", {"pooling": "cls_token"}),
    ("xlm-roberta", {"pooling": "cls_token"}),
    ("mpnet", {"pooling": "mean_tokens"}),
    ("mpnet", {"pooling": "cls_token"}),
]


@pytest.mark.parametrize(("family", "choices"), CASES, ids=str)
def test_each_family_and_pooling_agrees_on_odd_texts(models: Models, family: str, choices: dict[str, Any]) -> None:
    folder = models(family, **choices)
    encoder = encoders.load(str(folder), threads=1)
    assert isinstance(encoder, packed.PackedEncoder)
    ours, theirs = encoder.encode(ODD_TEXTS).vectors, reference(folder, ODD_TEXTS)
    np.testing.assert_allclose(ours, theirs, atol=1e-6, rtol=0)
    assert (theirs @ theirs.T).min() < 0.9, "the texts must differ for this test, or agreement says nothing"


def test_the_bundled_model_agrees_on_odd_texts(minilm: encoders.Encoder) -> None:
    assert isinstance(minilm, packed.PackedEncoder)
    theirs = reference(minilm.model.folder, ODD_TEXTS)
    encoded = minilm.encode(ODD_TEXTS)
    np.testing.assert_allclose(encoded.vectors, theirs, atol=1e-6, rtol=0)
    assert encoded.vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(encoded.vectors, axis=1), 1, atol=1e-6)


def test_texts_beyond_the_models_limit_and_only_those_are_reported_as_cut(minilm: encoders.Encoder) -> None:
    """MiniLM's shipped tokenizer.json cuts at 128 tokens; the model reads 256, two of them [CLS] and [SEP]."""
    texts = ["x " * count for count in (127, 254, 255, 600)]
    encoded = minilm.encode(texts)
    assert encoded.truncated.tolist() == [False, False, True, True]
    assert encoded.truncated_share == 0.5
    assert (encoded.vectors[2] == encoded.vectors[3]).all(), "what is beyond the limit must not count"
    assert (encoded.vectors[0] != encoded.vectors[1]).any(), "what is within the limit must count"


def test_no_texts_give_no_vectors(minilm: encoders.Encoder) -> None:
    encoded = minilm.encode([])
    assert encoded.vectors.shape == (0, 384) and encoded.truncated_share == 0


def test_a_text_has_the_same_bits_whatever_its_neighbours(minilm: encoders.Encoder, models: Models) -> None:
    """Vectors files are named by content and compared between runs that embed other texts beside these."""
    folder = models("bert", pooling="cls_token", hidden_size=384, num_attention_heads=12, intermediate_size=1536)
    texts = [*ODD_TEXTS, *SENTENCES[:5]]
    for encoder in (minilm, encoders.load(str(folder), threads=1)):
        together = encoder.encode(texts * 4).vectors
        assert (together[: len(texts)] == together[-len(texts) :]).all()
        alone = np.concatenate([encoder.encode([text]).vectors for text in texts])
        assert (alone == together[: len(texts)]).all()
        backwards = encoder.encode(texts[::-1]).vectors[::-1]
        assert (backwards == together[: len(texts)]).all()


def test_the_number_of_threads_does_not_change_a_bit(minilm: encoders.Encoder) -> None:
    texts = (SENTENCES[:5] + ODD_TEXTS) * 3
    several = encoders.load(threads=3).encode(texts).vectors
    assert (several == minilm.encode(texts).vectors).all()


def test_every_text_is_computed_whatever_the_size_of_packs(
    minilm: encoders.Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = minilm.encode(ODD_TEXTS).vectors
    for budget in (1, 100, 300):
        monkeypatch.setattr(packed, "TOKENS_PER_PACK", budget)
        assert (minilm.encode(ODD_TEXTS).vectors == whole).all()


def test_attention_scores_beyond_plain_exponentials_are_computed_with_care(models: Models) -> None:
    """exp(100) overflows float32: a model with sharp attention must not give NaN or wrong vectors."""
    import torch
    from safetensors.torch import load_file, save_file

    source = models("bert", pooling="mean_tokens")
    folder = source.parent / "sharp"
    if not folder.exists():
        import shutil

        shutil.copytree(source, folder)
        weights = load_file(str(folder / "model.safetensors"))
        for name in weights:
            if "attention.self.query.weight" in name:
                weights[name] = weights[name] * 60
        save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    calls: list[int] = []

    def counted(*given: Any) -> None:
        calls.append(1)
        mend(*given)

    mend = forward._mend
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "_mend", counted)
        ours = encoders.load(str(folder), threads=1).encode(SENTENCES[:5]).vectors
    assert calls, "the scores must be large enough for this test"
    assert torch.isfinite(torch.from_numpy(ours)).all()
    np.testing.assert_allclose(ours, reference(folder, SENTENCES[:5]), atol=2e-5, rtol=0)


def test_progress_counts_up_to_all_texts(minilm: encoders.Encoder) -> None:
    seen: list[int] = []
    minilm.encode(SENTENCES, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == len(SENTENCES)


def test_a_failing_pack_ends_the_call_with_its_error(minilm: encoders.Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A swallowed error would leave rows of garbage in a vectors file."""

    def fail(*_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(packed.PackedEncoder, "_fill", fail)
    with pytest.raises(MemoryError, match="no room"):
        minilm.encode(SENTENCES)


def test_damaged_weights_are_refused_rather_than_written_as_vectors(models: Models, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    folder = tmp_path / "damaged"
    shutil.copytree(models("bert", pooling="mean_tokens"), folder)
    weights = load_file(str(folder / "model.safetensors"))
    weights["encoder.layer.1.output.dense.weight"][0, 0] = float("nan")
    save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    with pytest.raises(BadVectors, match="not finite"):
        encoders.load(str(folder), threads=1).encode(["text"])


def test_torchs_thread_count_is_as_it_was_afterwards(minilm: encoders.Encoder) -> None:
    """Other stages of the same process would otherwise run on one core from then on."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        minilm.encode(["text"])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


FORKING = """
import faulthandler
import os
from strata import encoders

encoder = encoders.load(threads=1)
expected = encoder.encode(["forked"]).vectors
for _ in range(20):
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(60, exit=True)  # says where it hangs
        os._exit(0 if (encoder.encode(["forked"]).vectors == expected).all() else 2)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_forked_after_embedding_can_embed() -> None:
    """A worker that forks its tasks after one has embedded in the parent would hang with OpenMP threads.

    In a process of its own: this one holds threads, and MKL's lists, of all the tests that ran before.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", FORKING], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


REFUSED = [
    ({"model_type": "distilbert"}, {}, "architecture"),
    ({"hidden_act": "relu"}, {}, "activation"),
    ({"position_embedding_type": "relative_key"}, {}, "positions"),
    ({"is_decoder": True}, {}, "decoder"),
    ({"auto_map": {"AutoModel": "modeling.MyBert"}}, {}, "code of its own"),
    ({}, {"pooling": "max"}, "pooling"),
    ({}, {"modules": ("Transformer", "Pooling", "Dense")}, "Dense"),
    ({}, {"prompt": "query: ", "prompt_pooled": False}, "prompt"),
    ({}, {"shortened": True}, "cut short"),
    ({}, {"lower_case": True}, "lower case"),
]


@pytest.mark.parametrize(("config", "changes", "why"), REFUSED)
def test_what_it_cannot_compute_exactly_it_leaves_to_sentence_transformers(
    models: Models, config: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    import dataclasses

    folder = models("bert", pooling="mean_tokens")
    recipe = read_recipe(folder, encoders.locate.entry_of(str(folder)))
    assert packed.refusal(recipe) is None
    recipe = dataclasses.replace(recipe, config={**recipe.config, **config}, **changes)
    assert why in str(packed.refusal(recipe))


def test_a_prompt_in_the_models_own_files_is_used(models: Models, tmp_path: Path) -> None:
    """Models with a default prompt give other vectors without it."""
    import shutil

    folder = tmp_path / "prompted"
    shutil.copytree(models("bert", pooling="mean_tokens"), folder)
    settings = {"prompts": {"document": "passage: "}, "default_prompt_name": "document"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    encoder = encoders.load(str(folder), threads=1)
    assert encoder.model.prompt == "passage: "
    np.testing.assert_allclose(encoder.encode(SENTENCES[:5]).vectors, reference(folder, SENTENCES[:5]), atol=1e-6)


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta", "mpnet", "bert"])
def test_a_long_text_is_cut_where_the_models_positions_end(models: Models, family: str) -> None:
    """A stated limit beyond the last position would end the run at the first text that long."""
    folder = models(family, limit=400)
    encoder = encoders.load(str(folder), threads=1)
    assert isinstance(encoder, packed.PackedEncoder)
    encoded = encoder.encode(ODD_TEXTS)
    assert encoded.truncated.any()
    recipe = read_recipe(folder, encoders.locate.entry_of(str(folder)))
    slow = ReferenceEncoder(encoder.model, recipe, 1, "the measure").encode(ODD_TEXTS)
    np.testing.assert_allclose(encoded.vectors, slow.vectors, atol=1e-6, rtol=0)
    assert (encoded.truncated == slow.truncated).all()


def test_mpnets_positions_count_from_one_whatever_its_padding_token(models: Models, tmp_path: Path) -> None:
    """transformers takes no notice of the padding token's number here; each word would get another's position."""
    import shutil

    folder = tmp_path / "mpnet"
    shutil.copytree(models("mpnet"), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "pad_token_id": 3}))
    ours = encoders.load(str(folder), threads=1).encode(SENTENCES[:5]).vectors
    np.testing.assert_allclose(ours, reference(folder, SENTENCES[:5]), atol=1e-6, rtol=0)
