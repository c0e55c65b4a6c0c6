"""Other tokens than the model was trained on give other vectors, silently."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.strata.encoders.conftest import ODD_TEXTS

from strata import encoders
from strata.encoders.tokens import disagreement, load_tokenizer, tokenize
from strata.errors import ModelUnavailable

Models = Callable[..., Path]


@pytest.mark.parametrize("family", ["minilm", "bert", "roberta", "xlm-roberta", "mpnet"])
def test_tokens_are_those_of_transformers(models: Models, family: str) -> None:
    from transformers import AutoTokenizer

    folder = encoders.describe().folder if family == "minilm" else models(family)
    theirs = AutoTokenizer.from_pretrained(folder)(ODD_TEXTS, truncation=True, max_length=40)["input_ids"]
    ours = tokenize(load_tokenizer(folder, 40), ODD_TEXTS)
    assert [ids.tolist() for ids in ours.ids] == theirs


def test_the_prompt_counts_towards_the_limit() -> None:
    tokenizer = load_tokenizer(encoders.describe().folder, 8)
    texts = ["one two three four five six", "one two"]
    assert tokenize(tokenizer, texts).truncated.tolist() == [False, False]
    prompted = tokenize(tokenizer, texts, prompt="query: ")
    assert prompted.truncated.tolist() == [True, False]
    assert all(ids.dtype == np.int32 for ids in prompted.ids)


def test_more_texts_than_are_tokenised_at_once_keep_their_order() -> None:
    tokenizer = load_tokenizer(encoders.describe().folder, 16)
    texts = [f"paper number {number}" for number in range(2500)]
    tokens = tokenize(tokenizer, texts)
    assert len(tokens.ids) == 2500
    for number in (0, 1023, 1024, 2499):
        assert tokens.ids[number].tolist() == tokenizer.encode(texts[number]).ids


def test_a_tokenizer_whose_two_files_differ_is_made_as_transformers_makes_it(models: Models, tmp_path: Path) -> None:
    """transformers builds BERT's tokenizer from tokenizer_config.json, whatever tokenizer.json says."""
    folder = tmp_path / "cased"
    shutil.copytree(models("bert"), folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "do_lower_case": False}))
    assert disagreement(models("bert")) is None
    assert "do_lower_case" in str(disagreement(folder))
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(folder)(["Erdős NUMBER"])["input_ids"]
    assert tokenize(load_tokenizer(folder, 40), ["Erdős NUMBER"]).ids[0].tolist() == theirs[0]


@pytest.mark.parametrize("family", ["bert", "xlm-roberta"])
@pytest.mark.parametrize("file", ["tokenizer_config.json", "tokenizer.json"])
def test_a_tokenizer_that_cuts_on_the_left_does_so_here(models: Models, tmp_path: Path, family: str, file: str) -> None:
    """Such a model reads the end of a long text; given the beginning, the vector is of other words."""
    folder = tmp_path / family
    shutil.copytree(models(family), folder)
    settings = json.loads((folder / file).read_text())
    if file == "tokenizer.json":
        settings["truncation"] = {"direction": "Left", "max_length": 16, "strategy": "LongestFirst", "stride": 0}
        other = json.loads((folder / "tokenizer_config.json").read_text())
        other.pop("truncation_side", None)
        (folder / "tokenizer_config.json").write_text(json.dumps(other))
    else:
        settings["truncation_side"] = "left"
    (folder / file).write_text(json.dumps(settings))
    from transformers import AutoTokenizer

    made = AutoTokenizer.from_pretrained(folder)
    assert made.truncation_side == "left"
    ours = tokenize(load_tokenizer(folder, 40), ODD_TEXTS)
    assert [ids.tolist() for ids in ours.ids] == made(ODD_TEXTS, truncation=True, max_length=40)["input_ids"]
    right = tokenize(load_tokenizer(models(family), 40), ODD_TEXTS)
    assert (ours.truncated == right.truncated).all() and ours.truncated.any()


def test_an_unknown_side_to_cut_on_is_refused_by_name(models: Models, tmp_path: Path) -> None:
    """`tokenizers` itself would raise an error that does not say which file to mend."""
    folder = tmp_path / "bert"
    shutil.copytree(models("bert"), folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "truncation_side": "middle"}))
    with pytest.raises(ModelUnavailable, match="middle"):
        load_tokenizer(folder, 40)
