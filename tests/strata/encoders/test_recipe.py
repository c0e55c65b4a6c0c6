"""How a model embeds is read from its own files; a wrong reading gives plausible, wrong vectors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from strata import encoders
from strata.encoders.models import KNOWN, Entry
from strata.encoders.recipe import read_recipe
from strata.errors import ModelUnavailable

Models = Callable[..., Path]
PLAIN = Entry(repo="x/y", note="")


def write(folder: Path, **files: object) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(path.name + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


def test_a_folder_without_modules_is_a_transformer_with_mean_pooling(tmp_path: Path) -> None:
    config = {"hidden_size": 12, "max_position_embeddings": 512, "architectures": ["BertModel"]}
    recipe = read_recipe(write(tmp_path, config=config, tokenizer_config={"model_max_length": 10**30}), PLAIN)
    assert (recipe.pooling, recipe.dimension, recipe.max_tokens, recipe.modules) == ("mean", 12, 512, ("Transformer",))


def test_a_causal_model_without_modules_pools_its_last_token(tmp_path: Path) -> None:
    config = {"hidden_size": 12, "architectures": ["Qwen3ForCausalLM"]}
    assert read_recipe(write(tmp_path, config=config), PLAIN).pooling == "lasttoken"


def test_the_limit_is_the_tokenizers_where_the_model_has_more_places(tmp_path: Path) -> None:
    """RoBERTa has 514 places, two of which no token may take."""
    config = {"hidden_size": 12, "max_position_embeddings": 514}
    folder = write(tmp_path, config=config, tokenizer_config={"model_max_length": 512})
    assert read_recipe(folder, PLAIN).max_tokens == 512


def test_new_and_old_ways_of_naming_a_pooling(tmp_path: Path) -> None:
    modules = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    write(tmp_path, config={"hidden_size": 8}, modules=modules)
    for config, expected, dimension in (
        ({"pooling_mode": "cls"}, "cls", 8),
        ({"pooling_mode": ["mean", "max"]}, "mean+max", 16),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls", 8),
        ({"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": True}, "max+mean", 16),
    ):
        recipe = read_recipe(write(tmp_path, **{"1_Pooling__config": config}), PLAIN)
        assert (recipe.pooling, recipe.dimension) == (expected, dimension)


def test_a_last_dense_part_gives_the_width(tmp_path: Path) -> None:
    modules = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "2_Dense", "type": "sentence_transformers.models.Dense"},
    ]
    folder = write(tmp_path, config={"hidden_size": 8}, modules=modules, **{"2_Dense__config": {"out_features": 3}})
    assert read_recipe(folder, PLAIN).dimension == 3


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}'])
def test_a_damaged_configuration_is_said_to_be_damaged(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelUnavailable, match=r"config\.json"):
        read_recipe(tmp_path, PLAIN)


def test_an_unknown_pooling_is_refused(tmp_path: Path) -> None:
    write(
        tmp_path,
        config={"hidden_size": 8},
        modules=[{"path": "p", "type": "sentence_transformers.models.Pooling"}],
        p__config={"pooling_mode": "?"},
    )
    with pytest.raises(ModelUnavailable, match="unknown pooling"):
        read_recipe(tmp_path, PLAIN)


def test_the_seed_studys_qwen3_differs_from_its_authors_in_pooling_alone(models: Models) -> None:
    folder = models("qwen3")
    authors = read_recipe(folder, KNOWN["Qwen/Qwen3-Embedding-0.6B"])
    study = read_recipe(folder, KNOWN["Qwen/Qwen3-Embedding-0.6B-mean"])
    assert (authors.pooling, study.pooling, authors.prompt) == ("lasttoken", "mean", "")


def test_every_model_of_the_table_can_be_named_in_short() -> None:
    for name in KNOWN:
        assert encoders.models.full_name(name.rpartition("/")[2].lower()) == name


LIMITS = [
    # RoBERTa's kin have two places that no token may take: 0, and 1 for padding.
    ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, {}, 512),
    ({"model_type": "xlm-roberta", "max_position_embeddings": 514}, {"max_seq_length": 514}, 512),
    ({"model_type": "camembert", "max_position_embeddings": 514, "pad_token_id": 3}, {"max_seq_length": 512}, 510),
    ({"model_type": "mpnet", "max_position_embeddings": 514, "pad_token_id": 3}, {}, 512),
    ({"model_type": "bert", "max_position_embeddings": 512}, {"max_seq_length": 1024}, 512),
    ({"model_type": "distilbert", "max_position_embeddings": 512, "hidden_size": 8}, {"max_seq_length": 600}, 512),
    # These fit, or have no table of positions: the limit is part of the key of their vectors and must stay.
    ({"model_type": "bert", "max_position_embeddings": 512}, {"max_seq_length": 256}, 256),
    ({"model_type": "bert", "max_position_embeddings": 512, "pad_token_id": 0}, {"max_seq_length": 512}, 512),
    ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, {"max_seq_length": 128}, 128),
    ({"model_type": "qwen3", "max_position_embeddings": 32768, "pad_token_id": 151643}, {}, 32768),
    ({"model_type": "t5"}, {"max_seq_length": 4096}, 4096),
]


@pytest.mark.parametrize(("config", "sentence", "expected"), LIMITS)
def test_the_limit_is_never_more_than_the_model_has_places_for(
    tmp_path: Path, config: dict[str, object], sentence: dict[str, object], expected: int
) -> None:
    """The first long abstract would end a run of hours with an index out of range."""
    folder = write(tmp_path, config={"hidden_size": 12, **config}, sentence_bert_config=sentence)
    assert read_recipe(folder, PLAIN).max_tokens == expected
