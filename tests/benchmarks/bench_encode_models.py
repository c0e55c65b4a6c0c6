"""The models that are measured: the bundled one, and shapes of others with random weights, made in a folder."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Shape:
    """A model to measure: how many of the texts it is given, and what it is made of (None: the bundled one)."""

    share: float
    config: dict[str, Any] | None = None
    family: str = "Bert"
    pooling: str = "mean"
    limit: int = 256


_SMALL = {"hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 1536}
_LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}

SHAPES = {
    "MiniLM-L6": Shape(share=1.0),
    "bge-small shape": Shape(share=1.0, config={**_SMALL, "max_position_embeddings": 512}, pooling="cls", limit=512),
    "RoBERTa-large shape": Shape(
        share=0.125, config={**_LARGE, "max_position_embeddings": 514, "pad_token_id": 0}, family="Roberta", limit=128
    ),
}


def make(shape: Shape, bundled: Path, folder: Path) -> Path:
    """Write a model's folder as a hub would hold it, with the bundled model's tokenizer; return it."""
    if shape.config is None:
        return bundled
    import torch
    import transformers

    torch.manual_seed(3)
    config = getattr(transformers, f"{shape.family}Config")(vocab_size=30522, **shape.config)
    model = getattr(transformers, f"{shape.family}Model")(config, add_pooling_layer=False)
    for name, weight in model.named_parameters():
        if weight.dim() == 2 and "layer." in name:
            torch.nn.init.normal_(weight, std=0.05)
    model.save_pretrained(folder)
    for file in ("tokenizer.json", "vocab.txt", "special_tokens_map.json", "modules.json", "tokenizer_config.json"):
        shutil.copy(bundled / file, folder / file)
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": shape.limit}))
    (folder / "1_Pooling").mkdir()
    pooling = {"embedding_dimension": config.hidden_size, "pooling_mode": shape.pooling}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return folder


def export_onnx(source: Path, folder: Path, limit: int) -> str | None:
    """Export a model for the peers that read ONNX; return why that was not possible, or None."""
    try:
        import onnx  # type: ignore[import-not-found,unused-ignore] # noqa: F401
        import onnxscript  # type: ignore[import-not-found,unused-ignore] # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    import torch
    from transformers import AutoConfig, AutoModel

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(source, add_pooling_layer=False, attn_implementation="eager").eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    folder.mkdir(parents=True, exist_ok=True)
    sample = torch.ones((2, 16), dtype=torch.long) * 7
    axes = {0: torch.export.Dim("texts", min=1, max=4096), 1: torch.export.Dim("tokens", min=2, max=limit)}
    logging.disable(logging.WARNING)
    torch.onnx.export(
        Hidden(),
        (sample, torch.ones_like(sample)),
        str(folder / "model.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_shapes={"input_ids": axes, "attention_mask": axes},
        dynamo=True,
        verbose=False,
    )
    for file in ("tokenizer.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(source / file, folder / file)
    settings = json.loads((source / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "model_max_length": limit}))
    AutoConfig.from_pretrained(source).save_pretrained(folder)
    return None


if __name__ == "__main__":
    # A process of its own: what exporting takes of memory must not count for anyone. The peers' packages come last,
    # so that torch and transformers are the project's.
    sys.path += sys.argv[4:]
    print(export_onnx(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])) or "")
