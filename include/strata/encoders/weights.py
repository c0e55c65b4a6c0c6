"""The weights of a BERT-like encoder, read from safetensors into the form the packed encoder computes with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strata.encoders.recipe import read_json
from strata.errors import ModelUnavailable

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Linear:
    """A weight (out, in) and its bias (out,)."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Norm:
    """Layer normalisation: weight and bias (d,)."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Layer:
    """One transformer layer; `qkv` holds query, key and value one above the other, (3d, d)."""

    qkv: Linear
    attended: Linear
    attended_norm: Norm
    wide: Linear
    narrow: Linear
    narrow_norm: Norm


@dataclass(frozen=True)
class Weights:
    """A whole encoder in float32, of width d and inner width w.

    `words` (vocabulary, d); `positions` (positions, d), with the row of token type 0 already added where the
    model has token types; `relative_bias` (heads, longest, longest), what MPNet adds to attention scores, is
    None for other models. Queries are already divided by the root of a head's size.
    """

    words: Tensor
    positions: Tensor
    norm: Norm
    layers: tuple[Layer, ...]
    relative_bias: Tensor | None
    heads: int
    epsilon: float

    @property
    def width(self) -> int:
        """d, the length of a token's vector."""
        return int(self.words.shape[1])

    @property
    def wide(self) -> int:
        """w, the length of a token's vector inside the feed-forward part."""
        return int(self.layers[0].wide.weight.shape[0])


def _tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a model, float32, from one safetensors file or from the several its index names."""
    from safetensors.torch import load_file

    index = read_json(folder / "model.safetensors.index.json")
    names = sorted(set(index["weight_map"].values())) if index else ["model.safetensors"]
    tensors: dict[str, Tensor] = {}
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise ModelUnavailable(f"{folder} lacks the weights file {name!r}.")
        tensors.update(load_file(str(folder / name)))
    return {name: tensor.float() for name, tensor in tensors.items() if tensor.is_floating_point()}


def _prefix(tensors: dict[str, Tensor], kind: str) -> str:
    for prefix in ("", kind + ".", "bert.", "roberta.", "mpnet."):
        if f"{prefix}embeddings.word_embeddings.weight" in tensors:
            return prefix
    raise ModelUnavailable("the weights file holds no embeddings.word_embeddings.weight: not a BERT-like encoder.")


def _relative_bias(table: Tensor, longest: int) -> Tensor:
    """MPNet's bias on attention scores, (heads, longest, longest), from its table (buckets, heads).

    After `MPNetEncoder.relative_position_bucket` in transformers: half the buckets for each direction; half of
    those for single distances, the rest logarithmic up to a distance of 128.
    """
    import torch

    buckets = table.shape[0] // 2
    exact = buckets // 2
    place = torch.arange(longest)
    distance = place[:, None] - place[None, :]
    side = (distance < 0).long() * buckets
    distance = distance.abs()
    far = exact + (torch.log(distance.float() / exact) / math.log(128 / exact) * (buckets - exact)).long()
    bucket = side + torch.where(distance < exact, distance, far.clamp(max=buckets - 1))
    return table[bucket].permute(2, 0, 1).contiguous()


def _layer(tensors: dict[str, Tensor], root: str, heads: int, mpnet: bool) -> Layer:
    import torch

    def linear(name: str) -> Linear:
        return Linear(tensors[f"{root}{name}.weight"].contiguous(), tensors[f"{root}{name}.bias"].contiguous())

    def norm(name: str) -> Norm:
        return Norm(tensors[f"{root}{name}.weight"], tensors[f"{root}{name}.bias"])

    if mpnet:
        names = [f"attention.attn.{part}" for part in "qkv"]
        attended, attended_norm = "attention.attn.o", "attention.LayerNorm"
    else:
        names = [f"attention.self.{part}" for part in ("query", "key", "value")]
        attended, attended_norm = "attention.output.dense", "attention.output.LayerNorm"
    parts = [linear(name) for name in names]
    scale = (parts[0].weight.shape[0] // heads) ** -0.5
    parts[0] = Linear(parts[0].weight * scale, parts[0].bias * scale)
    qkv = Linear(torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts]))
    return Layer(
        qkv=qkv,
        attended=linear(attended),
        attended_norm=norm(attended_norm),
        wide=linear("intermediate.dense"),
        narrow=linear("output.dense"),
        narrow_norm=norm("output.LayerNorm"),
    )


def read_weights(folder: Path, config: dict[str, Any], longest: int) -> Weights:
    """Read a BERT, RoBERTa, XLM-RoBERTa or MPNet encoder, for texts of up to `longest` tokens.

    Raises ModelUnavailable naming the tensor that is missing.
    """
    kind = str(config["model_type"])
    tensors = _tensors(folder)
    prefix = _prefix(tensors, kind)
    heads = int(config["num_attention_heads"])
    try:
        table = tensors[f"{prefix}encoder.relative_attention_bias.weight"] if kind == "mpnet" else None
        positions = tensors[f"{prefix}embeddings.position_embeddings.weight"]
        kinds = tensors.get(f"{prefix}embeddings.token_type_embeddings.weight")
        if kinds is not None:
            positions = positions + kinds[0]
        return Weights(
            words=tensors[f"{prefix}embeddings.word_embeddings.weight"],
            positions=positions,
            norm=Norm(tensors[f"{prefix}embeddings.LayerNorm.weight"], tensors[f"{prefix}embeddings.LayerNorm.bias"]),
            layers=tuple(
                _layer(tensors, f"{prefix}encoder.layer.{number}.", heads, kind == "mpnet")
                for number in range(int(config["num_hidden_layers"]))
            ),
            relative_bias=None if table is None else _relative_bias(table, longest),
            heads=heads,
            epsilon=float(config.get("layer_norm_eps", 1e-12)),
        )
    except KeyError as error:
        raise ModelUnavailable(f"{folder} lacks the weight {error}.") from error
