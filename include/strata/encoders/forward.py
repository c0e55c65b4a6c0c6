"""One step of the packed encoder: token ids laid end to end, to one pooled vector a text.

The arithmetic is that of transformers' BertModel, RobertaModel and MPNetModel (post-layer-norm, exact GELU) in
float32. Only the layout differs: there is no padding and so no mask, large results go to buffers that are kept
from step to step, and where pooling takes the first token the last layer computes that token alone.

Every operation here gives a text the same bits whatever its neighbours are, given MKL's matrix products: their
rows do not depend on the number of rows once there are `FEWEST_ROWS` (found by trying all sizes with AVX-512, AVX2
and SSE4.2; a test holds it to that on the machine at hand). Attention runs text by text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from strata.encoders.weights import Layer, Linear, Norm, Weights

if TYPE_CHECKING:
    from torch import Tensor

# Matrix products of fewer rows take other paths in MKL and round differently.
FEWEST_ROWS = 64
# Attention scores held at a time, in floats. 1 MB suits both a second-level cache of that size and, on a core with
# 512 KB, the batched product, which is faster with more heads at a time; 512 KB is a tie there, 256 KB slower.
_SCORES = 262_144
# Sums of exponentials between these have lost nothing that float32 could hold: below, terms that count may have
# vanished; above, the weighted sum of values may overflow. (MiniLM on abstracts: 6 to 2e35.)
_SMALLEST_SUM, _LARGEST_SUM = 1e-20, 1e36


class Workspace:
    """The buffers of one thread for steps of up to `rows` tokens, texts of up to `longest`."""

    def __init__(self, weights: Weights, rows: int, longest: int) -> None:
        import torch

        width = weights.width
        self.rows = rows
        self.qkv = torch.empty((rows, 3 * width))
        self.context = torch.zeros((rows, width))
        self.wide = torch.empty((rows, weights.wide))
        self.sums = torch.empty(rows * weights.heads)
        self.scores = torch.empty(max(_SCORES, longest * longest))


def _norm(x: Tensor, part: Norm, epsilon: float) -> Tensor:
    import torch

    return torch.nn.functional.layer_norm(x, (x.shape[-1],), part.weight, part.bias, epsilon)


def _linear(x: Tensor, part: Linear, out: Tensor | None = None) -> Tensor:
    import torch

    return torch.addmm(part.bias, x, part.weight.t(), out=out)


def _add_linear(x: Tensor, y: Tensor, part: Linear) -> Tensor:
    """x + linear(y), in place of x."""
    return x.add_(part.bias).addmm_(y, part.weight.t())


def _attend(space: Workspace, lengths: Sequence[int], weights: Weights, bias: Tensor | None) -> None:
    """Attention within each text, from `space.qkv` to `space.context`.

    softmax(s) v = (exp(s) v) / sum(exp(s)), without first taking the largest score off each row, which saves
    a third of the time and gives the same result as long as nothing overflows or vanishes. The sums show that;
    a text where they show otherwise is done again with care.
    """
    import torch

    heads = weights.heads
    start = 0
    for length in lengths:
        stop = start + length
        parts = space.qkv[start:stop].view(length, 3, heads, -1)
        out = space.context[start:stop].view(length, heads, -1)
        step = max(1, min(heads, _SCORES // (length * length)))
        for head in range(0, heads, step):
            query, key, value = parts[:, :, head : head + step].permute(1, 2, 0, 3)
            count = query.shape[0]
            scores = space.scores[: count * length * length].view(count, length, length)
            sums = space.sums[start * heads + head * length :][: count * length].view(count, length, 1)
            torch.bmm(query, key.transpose(1, 2), out=scores)
            if bias is not None:
                scores.add_(bias[head : head + step, :length, :length])
            torch.sum(scores.exp_(), -1, keepdim=True, out=sums)
            done = torch.bmm(scores, value)
            torch.div(done.transpose(0, 1), sums.transpose(0, 1), out=out[:, head : head + step])
        start = stop
    if not _plain(space.sums[: start * heads]):
        _mend(space, lengths, weights, bias)


def _plain(sums: Tensor) -> bool:
    """Whether all sums of exponentials are ones that lost nothing; NaN is not."""
    import torch

    low, high = torch.aminmax(sums)
    return float(low) > _SMALLEST_SUM and float(high) < _LARGEST_SUM


def _mend(space: Workspace, lengths: Sequence[int], weights: Weights, bias: Tensor | None) -> None:
    """Do those texts again, by torch's own attention, whose sums of exponentials may have lost something."""
    import torch

    start = 0
    for length in lengths:
        stop = start + length
        if not _plain(space.sums[start * weights.heads : stop * weights.heads]):
            parts = space.qkv[start:stop].view(length, 3, weights.heads, -1)
            query, key, value = parts.permute(1, 2, 0, 3).unsqueeze(1)
            mask = None if bias is None else bias[:, :length, :length].unsqueeze(0)
            done = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=1.0)
            space.context[start:stop].view(length, weights.heads, -1).copy_(done[0].transpose(0, 1))
        start = stop


def _feed_forward(x: Tensor, layer: Layer, space: Workspace, epsilon: float) -> Tensor:
    import torch

    x = _norm(x, layer.attended_norm, epsilon)
    wide = torch.ops.aten.gelu_(_linear(x, layer.wide, out=space.wide[: x.shape[0]]))
    return _norm(_add_linear(x, wide, layer.narrow), layer.narrow_norm, epsilon)


def _layer(
    x: Tensor, layer: Layer, lengths: Sequence[int], weights: Weights, space: Workspace, bias: Tensor | None
) -> Tensor:
    rows = x.shape[0]
    _linear(x, layer.qkv, out=space.qkv[:rows])
    _attend(space, lengths, weights, bias)
    x = _add_linear(x, space.context[:rows], layer.attended)
    return _feed_forward(x, layer, space, weights.epsilon)


def _first_tokens_layer(
    x: Tensor, layer: Layer, lengths: Sequence[int], weights: Weights, space: Workspace, bias: Tensor | None
) -> Tensor:
    """The last layer for the first token of each text alone: keys and values of all, the rest of one row a text."""
    import torch

    width, heads = weights.width, weights.heads
    starts = list(accumulate(lengths[:-1], initial=0))
    rows = max(FEWEST_ROWS, len(starts))
    first = x[torch.tensor(starts + [0] * (rows - len(starts)))]
    queries = _linear(first, Linear(layer.qkv.weight[:width], layer.qkv.bias[:width]))
    others = Linear(layer.qkv.weight[width:], layer.qkv.bias[width:])
    pairs = _linear(x, others, out=space.qkv.view(-1)[: x.shape[0] * 2 * width].view(-1, 2 * width))
    context = torch.zeros_like(first)
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        key, value = pairs[start : start + length].view(length, 2, heads, width // heads).permute(1, 2, 0, 3)
        scores = torch.bmm(queries[row].view(heads, 1, -1), key.transpose(1, 2))
        if bias is not None:
            scores.add_(bias[:, :1, :length])
        context[row] = torch.bmm(torch.softmax(scores, -1), value).view(-1)
    return _feed_forward(_add_linear(first, context, layer.attended), layer, space, weights.epsilon)


def _means(x: Tensor, lengths: Sequence[int]) -> Tensor:
    out = x.new_empty((len(lengths), x.shape[1]))
    start = 0
    for row, length in enumerate(lengths):
        out[row] = x[start : start + length].sum(0).div_(length)
        start += length
    return out


def pooled(
    weights: Weights, pooling: str, ids: Tensor, places: Tensor, lengths: Sequence[int], space: Workspace
) -> Tensor:
    """Pooled float32 vectors (texts, d), not yet of unit length, of the texts of one pack.

    `ids` and `places`, int64 (at least FEWEST_ROWS,), are the word and position indices of the texts laid end to
    end, as `lengths` says; what follows the last text is computed and ignored. `pooling` is "mean" or "cls".
    """
    x = weights.words[ids].add_(weights.positions[places])
    x = _norm(x, weights.norm, weights.epsilon)
    space.context[sum(lengths) : len(ids)].zero_()
    bias = weights.relative_bias
    for layer in weights.layers[:-1]:
        x = _layer(x, layer, lengths, weights, space, bias)
    last = weights.layers[-1]
    if pooling == "cls":
        return _first_tokens_layer(x, last, lengths, weights, space, bias)[: len(lengths)]
    return _means(_layer(x, last, lengths, weights, space, bias), lengths)
