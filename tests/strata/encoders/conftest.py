"""Small random models of each family, made from transformers' own configurations and saved as a hub would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strata import encoders

SENTENCES = [
    "We study the spectral gap of random d-regular graphs on n vertices.",
    "A bound on the mass of the lightest neutralino is given at one loop order.",
    "Let $\\mathcal{M}_{g,n}$ be the moduli space of curves; we prove $H^*(\\mathcal{M}_{g,n})$ is tautological.",
    "Das ist ein deutscher Titel über Größenordnungen.",
    "Deep learning for time series, 1998-2019: a survey (42 pages, 7 figures).",
] * 6

ODD_TEXTS = [
    "",
    " ",
    "\n\n",
    "a",
    "neutrino",
    "The quick brown fox.",
    "long " * 400,
    " ".join(SENTENCES),
    "emoji 🚀🔭 and flags 🇨🇭 and families 👨‍👩‍👧‍👦",
    "$\\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi}$ and \\begin{equation} a_{ij} \\end{equation}",
    "关于黎曼猜想的一个注记 リーマン予想について 리만 가설",
    "control \x00\x01\x07\x1b characters \t\r\n\x0b\x0c and \ufeff\u200b\u00ad invisible ones",
    "accents: Poincaré, Erdős, Gödel, Ångström, naïve; e\u0301 combined",
    "العربية עברית हिन्दी ไทย",
    "[CLS] literal [SEP] special [PAD] tokens <s> </s> <pad> <mask>",
    "x" * 3000,
    "UPPER lower MiXeD",
    "trailing space ",
    "  leading spaces",
    "\U0001d4d0\U0001d4d1 mathematical letters ℵ₀ ∀ε>0 ∃δ",
]


def _word_pieces() -> Path:
    return encoders.describe().folder / "vocab.txt"


def _save(folder: Path, model: Any, tokenizer: Any, limit: int, pooling: str) -> Path:
    """Save a transformer and its parts as sentence-transformers lays them out."""
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    kinds = [("", "base.modules.Transformer"), ("1_Pooling", "sentence_transformer.modules.Pooling")]
    modules = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.{kind}"}
        for place, (path, kind) in enumerate([*kinds, ("2_Normalize", "base.modules.Normalize")])
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": limit, "do_lower_case": False}))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    width = model.config.hidden_size
    pooled = {"word_embedding_dimension": width, f"pooling_mode_{pooling}": True}
    if pooling != "mean_tokens":
        pooled["pooling_mode_mean_tokens"] = False
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooled))
    return folder


def _sharpen(model: Any) -> Any:
    """Give random weights the spread of trained ones, so that attention is not flat and errors would show."""
    import torch

    torch.manual_seed(7)
    for name, weight in model.named_parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.12)
        elif "bias" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model.eval()


SIZES: dict[str, Any] = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 160}


def make_bert(folder: Path, pooling: str = "cls_token", limit: int = 48, **changes: Any) -> Path:
    from transformers import BertConfig, BertModel, BertTokenizer

    tokenizer = BertTokenizer(vocab=str(_word_pieces()), do_lower_case=True)
    config = BertConfig(**{"vocab_size": 30522, "max_position_embeddings": 64, **SIZES, **changes})
    return _save(folder, _sharpen(BertModel(config)), tokenizer, limit, pooling)


def make_roberta(folder: Path, pooling: str = "mean_tokens", limit: int = 48) -> Path:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pieces = ByteLevelBPETokenizer()
    pieces.train_from_iterator(SENTENCES, vocab_size=600, special_tokens=special, show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    pieces.save_model(str(folder))
    tokenizer = RobertaTokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    config = RobertaConfig(vocab_size=700, max_position_embeddings=66, pad_token_id=1, type_vocab_size=1, **SIZES)
    return _save(folder, _sharpen(RobertaModel(config)), tokenizer, limit, pooling)


def make_xlm_roberta(folder: Path, pooling: str = "cls_token", limit: int = 48) -> Path:
    from tokenizers import SentencePieceUnigramTokenizer
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pieces = SentencePieceUnigramTokenizer()
    pieces.train_from_iterator(
        SENTENCES, vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    entries = [tuple(entry) for entry in json.loads(pieces.to_str())["model"]["vocab"]]
    tokenizer = XLMRobertaTokenizer(vocab=entries)
    config = XLMRobertaConfig(vocab_size=400, max_position_embeddings=66, pad_token_id=1, type_vocab_size=1, **SIZES)
    return _save(folder, _sharpen(XLMRobertaModel(config)), tokenizer, limit, pooling)


def make_mpnet(folder: Path, pooling: str = "mean_tokens", limit: int = 150) -> Path:
    from transformers import MPNetConfig, MPNetModel, MPNetTokenizer

    words = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>", *_word_pieces().read_text(encoding="utf-8").split("\n")]
    unique = {word: number for number, word in enumerate(dict.fromkeys(words))}
    tokenizer = MPNetTokenizer(vocab=unique, do_lower_case=True)
    config = MPNetConfig(vocab_size=len(unique) + 8, max_position_embeddings=200, pad_token_id=1, **SIZES)
    return _save(folder, _sharpen(MPNetModel(config)), tokenizer, limit, pooling)


def make_qwen3(folder: Path, pooling: str = "lasttoken", limit: int = 40) -> Path:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3Model

    pieces = ByteLevelBPETokenizer()
    pieces.train_from_iterator(SENTENCES, vocab_size=600, special_tokens=["<|endoftext|>"], show_progress=False)
    made: Any = PreTrainedTokenizerFast
    tokenizer = made(
        tokenizer_object=pieces._tokenizer,
        pad_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        padding_side="left",
        model_max_length=limit,
    )
    config = Qwen3Config(
        vocab_size=700, num_key_value_heads=2, head_dim=16, max_position_embeddings=128, dtype="bfloat16", **SIZES
    )
    model = _sharpen(Qwen3Model(config)).bfloat16()
    return _save(folder, model, tokenizer, limit, pooling)


MAKERS: dict[str, Callable[..., Path]] = {
    "bert": make_bert,
    "roberta": make_roberta,
    "xlm-roberta": make_xlm_roberta,
    "mpnet": make_mpnet,
    "qwen3": make_qwen3,
}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder of a small model of a family, made once for each set of choices."""
    made: dict[str, Path] = {}

    def get(family: str, **choices: Any) -> Path:
        name = "-".join([family, *(str(value) for value in choices.values())])
        if name not in made:
            made[name] = MAKERS[family](tmp_path_factory.mktemp("models") / name, **choices)
        return made[name]

    return get


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the hub for anything."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.delenv("STRATA_DEVICE", raising=False)
