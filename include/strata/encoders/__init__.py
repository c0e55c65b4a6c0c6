"""Text to unit vectors: the one place where a model is found, loaded and run.

`describe` finds a model's files without loading it, `load` picks the fastest implementation that gives the
model's own vectors, and an `Encoder` embeds texts. Modules, in the order in which they are used:

    models     the table of models, and what a model is
    locate     a name -> files on this machine, and the digest that names its vectors
    recipe     the model's own files -> how it embeds
    tokens     texts -> token ids
    packing    which texts are computed together
    weights    safetensors -> tensors
    forward    one step of a BERT-like model without padding
    packed     the fast exact encoder on CPU made of these
    cuda       the same on a GPU, in half precision
    reference  sentence-transformers, for every other model
"""

from __future__ import annotations

import logging
import os

from strata.allowance import processors
from strata.encoders.locate import describe, entry_of
from strata.encoders.models import DEFAULT, KNOWN, Model
from strata.encoders.protocol import Encoded, Encoder, Progress
from strata.encoders.recipe import Recipe, read_recipe
from strata.errors import ModelUnavailable

__all__ = ["DEFAULT", "KNOWN", "Encoded", "Encoder", "Model", "Progress", "describe", "load"]

log = logging.getLogger(__name__)


def load(model: str | Model = DEFAULT, threads: int | None = None, device: str | None = None) -> Encoder:
    """Load a model with the fastest implementation that gives its own vectors.

    Args:
        model: a name, a local folder, or what `describe` returned (perhaps on another machine).
        threads: how many threads may work; by default the processors this process may use.
        device: "cpu" or "cuda"; by default the environment's STRATA_DEVICE, else "cpu". Vectors from a GPU are in
            half precision: close to, but not bit for bit, those of a CPU, so give all workers of a run the same.

    Raises:
        ModelUnavailable: the model cannot be had, or its files are not those that a Model was described from.
    """
    found = describe(model if isinstance(model, str) else model.name)
    if isinstance(model, Model) and found.key != model.key:
        raise ModelUnavailable(
            f"{found.name} on this machine has key {found.key[:12]}, not the {model.key[:12]} that the run was "
            "planned with: its files differ. Give every worker the same version of the model."
        )
    recipe = read_recipe(found.folder, entry_of(found.name))
    encoder = _choose(found, recipe, threads or processors(), device or os.environ.get("STRATA_DEVICE", "cpu"))
    log.info("%s: %s", found.name, encoder.reason)
    return encoder


def _choose(model: Model, recipe: Recipe, threads: int, device: str) -> Encoder:
    from strata.encoders import cuda, packed, reference

    if device not in ("cpu", "cuda"):
        raise ModelUnavailable(f"STRATA_DEVICE is {device!r}; it can be cpu or cuda.")
    refusal = packed.refusal(recipe) if device == "cpu" else cuda.refusal(recipe)
    if refusal is not None:
        reason = f"sentence-transformers on {device}, {threads} threads, since {refusal}"
        return reference.ReferenceEncoder(model, recipe, threads, reason, device)
    kind = recipe.config["model_type"]
    if device == "cuda":
        return cuda.CudaEncoder(model, recipe, threads, f"packed on a GPU in float16, since it is a {kind} model")
    reason = f"packed float32 on CPU, {threads} threads, since it is a {kind} model with {recipe.pooling} pooling"
    return packed.PackedEncoder(model, recipe, threads, reason)
