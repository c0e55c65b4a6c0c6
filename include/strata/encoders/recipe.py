"""What a model's own files say about how it turns a text into a vector.

sentence-transformers spreads this over several small JSON files; this module reads them once into one value,
so that the fast encoder, the digest and the log agree on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from strata.encoders.models import Entry
from strata.errors import ModelUnavailable

_SENTENCE_CONFIGS = (
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
)
_POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_POOLINGS = frozenset(_POOLING_FLAGS.values())
# RoBERTa and MPNet count positions from the padding token's number plus one, and give that number itself to
# every padding token wherever it stands.
SHIFTED = ("roberta", "xlm-roberta", "camembert", "mpnet")
# These count positions from zero. Other kinds may have no table of positions (Qwen3 has none), or one we do not know.
_FROM_ZERO = ("bert", "distilbert", "electra", "albert")


@dataclass(frozen=True)
class Recipe:
    """How a model embeds: everything but its weights and its vocabulary.

    `modules` are the class names of its parts in order (`Transformer`, `Pooling`, `Normalize`, `Dense`, …).
    `pooling` is the name of one mode, or several joined by `+`. `lower_case` asks for lower case before the
    tokenizer's own steps. `prompt_pooled` says whether the prompt's tokens count in the pooling. `shortened` says
    that only the first `dimension` numbers of a vector are kept.
    """

    config: dict[str, Any]
    modules: tuple[str, ...]
    transformer_folder: str
    pooling: str
    prompt: str
    prompt_pooled: bool
    max_tokens: int
    dimension: int
    shortened: bool
    lower_case: bool


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; an absent file is an empty object."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelUnavailable(f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ModelUnavailable(f"{path} does not hold a JSON object.")
    return value


def _modules(folder: Path) -> list[tuple[str, str]]:
    """(class name, sub-folder) of each part; a folder without modules.json is a transformer with mean pooling."""
    file = folder / "modules.json"
    if not file.is_file():
        return [("Transformer", "")]
    try:
        parts = json.loads(file.read_text(encoding="utf-8"))
        kinds = [(str(part["type"]), str(part["path"])) for part in parts]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(f"{file} is not a list of modules: {error}") from error
    foreign = [kind for kind, _ in kinds if not kind.startswith("sentence_transformers.")]
    if foreign:
        raise ModelUnavailable(f"{file} names {', '.join(foreign)}: code that comes with a model is never run.")
    return [(kind.rpartition(".")[2], path) for kind, path in kinds]


def _pooling(config: dict[str, Any], architecture: str) -> str:
    if not config:
        return "lasttoken" if architecture.endswith("ForCausalLM") else "mean"
    mode = config.get("pooling_mode")
    if mode is None:
        mode = [name for flag, name in _POOLING_FLAGS.items() if config.get(flag)] or ["mean"]
    modes = [mode] if isinstance(mode, str) else list(mode)
    unknown = [name for name in modes if name not in _POOLINGS]
    if unknown:
        raise ModelUnavailable(f"unknown pooling {unknown}; known are {sorted(_POOLINGS)}.")
    return "+".join(modes)


def position_shift(config: dict[str, Any]) -> int | None:
    """The padding token that positions are counted from, for the families that do; else None."""
    kind = config.get("model_type")
    if kind not in SHIFTED:
        return None
    padding = config.get("pad_token_id")
    # transformers counts MPNet's positions from 1, whatever its configuration says.
    return 1 if padding is None or kind == "mpnet" else int(padding)


def _places(config: dict[str, Any]) -> int | None:
    """How many tokens the model's table of positions has room for; None where we cannot tell."""
    rows = int(config.get("max_position_embeddings") or 0)
    shift = position_shift(config)
    if shift is not None:
        rows -= shift + 1
    elif config.get("model_type") not in _FROM_ZERO:
        return None
    return rows if rows > 0 else None


def _stated_limit(sentence: dict[str, Any], tokenizer: dict[str, Any], config: dict[str, Any]) -> int:
    """The limit as sentence-transformers takes it: its own setting, else the smaller of tokenizer and model."""
    if sentence.get("max_seq_length"):
        return int(sentence["max_seq_length"])
    settings = sentence.get("processor_kwargs") or sentence.get("tokenizer_args") or {}
    if settings.get("model_max_length"):
        return int(settings["model_max_length"])
    limits = [tokenizer.get("model_max_length"), config.get("max_position_embeddings")]
    return int(min((limit for limit in limits if limit and limit > 0), default=512))


def _token_limit(sentence: dict[str, Any], tokenizer: dict[str, Any], config: dict[str, Any]) -> int:
    """The stated limit, or fewer where the model has no position for the last tokens and would fail at them."""
    stated = _stated_limit(sentence, tokenizer, config)
    places = _places(config)
    return stated if places is None else min(stated, places)


def read_recipe(folder: Path, entry: Entry) -> Recipe:
    """Read a model folder as sentence-transformers would, then apply what our table says of the model.

    Raises ModelUnavailable when the folder is no model.
    """
    parts = _modules(folder)
    inner = folder / next((path for kind, path in parts if kind == "Transformer"), "")
    config = read_json(inner / "config.json")
    if not config:
        raise ModelUnavailable(f"{folder} holds no config.json: it is not a model folder.")
    sentence = next((found for name in _SENTENCE_CONFIGS if (found := read_json(inner / name))), {})
    ours = read_json(folder / "config_sentence_transformers.json")
    architecture = str((config.get("architectures") or [""])[0])
    pooling_folder = next((path for kind, path in parts if kind == "Pooling"), None)
    pooling_config = read_json(folder / pooling_folder / "config.json") if pooling_folder is not None else {}
    width = config.get("hidden_size") or config.get("dim") or config.get("d_model")
    if not width:
        raise ModelUnavailable(f"{inner / 'config.json'} does not say how wide the model is (hidden_size).")
    pooling = _pooling(pooling_config, architecture)
    dense = [read_json(folder / path / "config.json") for kind, path in parts if kind == "Dense"]
    dimension = int(dense[-1]["out_features"]) if dense else int(width) * (pooling.count("+") + 1)
    kept = ours.get("truncate_dim")
    prompts = ours.get("prompts") or {}
    recipe = Recipe(
        config=config,
        modules=tuple(kind for kind, _ in parts),
        transformer_folder=str(inner.relative_to(folder)),
        pooling=pooling,
        prompt=str(prompts.get(ours.get("default_prompt_name") or "") or ""),
        prompt_pooled=bool(pooling_config.get("include_prompt", True)),
        max_tokens=_token_limit(sentence, read_json(inner / "tokenizer_config.json"), config),
        dimension=int(kept or dimension),
        shortened=bool(kept),
        lower_case=bool(sentence.get("do_lower_case", False)),
    )
    if entry.pooling is not None:
        recipe = replace(recipe, pooling=entry.pooling)
    if entry.prompt is not None:
        recipe = replace(recipe, prompt=entry.prompt)
    return recipe
