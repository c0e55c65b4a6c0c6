"""From a model's name to its files on this machine, and to the digest that names its vectors.

Order: a local folder; the bundled package; the hub's local cache, if all is in it that says how the model pools; the
hub itself, unless HF_HUB_OFFLINE is set.
Only safetensors weights are accepted, and no code that comes with a model is ever run.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from strata.encoders.models import DEFAULT, KNOWN, Entry, Model, full_name
from strata.encoders.recipe import Recipe, read_recipe
from strata.errors import ModelUnavailable

log = logging.getLogger(__name__)

# Raise it when our own reading of a model changes in a way that changes vectors.
ENCODING_FORMAT = 1

_HUB_FILES = ["*.safetensors", "*.json", "*.txt", "*.model"]
_NOT_FROM_HUB = ["onnx/*", "openvino/*", "*.bin", "*.onnx", "*.py"]
_DECIDES_VECTORS = ("*.safetensors", "*.safetensors.index.json", "tokenizer.json", "tokenizer_config.json",
                    "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt",
                    "*.model", "config.json", "modules.json")  # fmt: skip
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def _local_folder(name: str) -> Path | None:
    folder = Path(name).expanduser()
    return folder.resolve() if folder.is_dir() and (folder / "config.json").is_file() else None


def _looks_like_path(name: str) -> bool:
    return name.startswith((".", "~", "/", os.sep)) or not (_HUB_NAME.fullmatch(name) or "/" not in name)


def _bundled_folder(entry: Entry) -> Path | None:
    if entry.package is None:
        return None
    spec = find_spec(entry.package)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / entry.package_folder
    return folder if (folder / "config.json").is_file() else None


def _has_weights(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.rglob("*.safetensors"))


def _lacks(folder: Path) -> str | None:
    """Name a file without which a folder says nothing of how the model pools its tokens; None: all is there.

    What `transformers` fetches for itself, weights and tokenizer, leaves out just these; read as it is, such a cache
    would give the vectors of another recipe without a word.
    """
    for file in ("modules.json", *_pooling_files(folder / "modules.json")):
        if not (folder / file).is_file():
            return file
    return None


def _pooling_files(modules: Path) -> list[str]:
    try:
        return [f"{part['path']}/config.json" for part in json.loads(modules.read_text()) if "Pooling" in part["path"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # absent is told by `_lacks`, nonsense by the recipe's reader


def _hub_folder(repo: str) -> Path | None:
    """The hub's snapshot of a model: the one in the local cache if it is whole, else a download.

    None: it cannot be had.

    Raises ModelUnavailable if a model is known to be here in part and the rest cannot be had.
    """
    from huggingface_hub import constants

    cached = _cached_folder(repo)
    if cached is not None:
        lacking = _lacks(cached)
        if lacking is None:
            return cached
        if lacking == "modules.json" and all(entry.repo != repo for entry in KNOWN.values()):
            # Its authors may never have made one; asking the hub would be done again in every task.
            log.warning("%s in %s has no %s: it is taken for a plain transformer", repo, cached, lacking)
            return cached
    fetched = None if constants.HF_HUB_OFFLINE else _download(repo)
    if fetched is None and cached is not None:
        raise ModelUnavailable(
            f"{cached} holds a part of {repo} only: {_lacks(cached)} is missing, which says how it pools. "
            f"On a machine with a connection: hf download {repo}."
        )
    return fetched


def _cached_folder(repo: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        cached = Path(snapshot_download(repo, local_files_only=True))
    except LocalEntryNotFoundError:
        log.debug("%s is not in the hub's local cache", repo)
        return None
    except HFValidationError as error:
        raise ModelUnavailable(f"{repo!r} is not a model's name: {error}") from error
    return cached if _has_weights(cached) else None


def _download(repo: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    log.info("downloading %s from the hub", repo)
    try:
        return Path(snapshot_download(repo, allow_patterns=_HUB_FILES, ignore_patterns=_NOT_FROM_HUB))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        log.warning("the hub did not give %s: %s", repo, error)
        return None


def _how_to_get(name: str, entry: Entry) -> str:
    ways = []
    if entry.package_distribution:
        ways.append(f"pip install {entry.package_distribution}")
    if "/" in entry.repo:
        ways.append(
            f"on a machine with a connection: hf download {entry.repo} "
            "(then copy its cache here and point HF_HOME at it, or unset HF_HUB_OFFLINE)"
        )
    ways.append("give the path of a local folder that holds config.json, the tokenizer and *.safetensors")
    return (
        f"The model {name!r} is not on this machine and could not be fetched. Ways to get it: "
        + "; or ".join(ways)
        + "."
    )


def entry_of(name: str) -> Entry:
    """Our table's entry for a model, or an empty one for a model we do not know."""
    known = full_name(name)
    return KNOWN.get(known, Entry(repo=known, note="not in our table: as its own files say"))


def find_folder(name: str) -> Path:
    """The folder of a model's files.

    Raises ModelUnavailable, with the ways to get it, if the files cannot be had.
    """
    entry = entry_of(name)
    folder = _local_folder(name)
    if folder is None and _looks_like_path(name):
        raise ModelUnavailable(f"{name!r} is not a folder with a model's config.json in it.")
    folder = folder or _bundled_folder(entry)
    if folder is None and "/" in entry.repo:
        folder = _hub_folder(entry.repo)
    if folder is None:
        raise ModelUnavailable(_how_to_get(name, entry))
    if not any(folder.rglob("*.safetensors")):
        raise ModelUnavailable(
            f"{folder} holds no *.safetensors weights. Other formats can run code when loaded and are refused: "
            "convert the model (SentenceTransformer(...).save_pretrained(folder)) on a machine you trust it on."
        )
    return folder


@lru_cache(maxsize=256)
def _file_digest(path: str, modified_ns: int, size: int) -> str:
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    state = path.stat()
    return _file_digest(str(path), state.st_mtime_ns, state.st_size)


def content_key(folder: Path, recipe: Recipe) -> str:
    """SHA-256 over all that decides a vector: the deciding files of a folder, prompt, limit, pooling, our format."""
    files = {path for pattern in _DECIDES_VECTORS for path in folder.rglob(pattern) if path.is_file()}
    whole = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        if name.startswith(("onnx/", "openvino/", ".")):
            continue
        whole.update(f"{name}\0{_digest(path)}\n".encode())
    # Everything else in the recipe is read from the files above.
    facts = (ENCODING_FORMAT, recipe.prompt, recipe.pooling, recipe.max_tokens, recipe.dimension, recipe.lower_case)
    whole.update(repr(facts).encode())
    return whole.hexdigest()


def storage_name(name: str, key: str) -> str:
    """A folder name for a model's vectors: letters, digits, `.`, `_`, `-` only, never starting with a dot."""
    last = name.rstrip("/\\").replace("\\", "/").rpartition("/")[2]
    slug = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", last)).strip(".-_")[:60]
    return f"{slug or 'model'}-{key[:8]}"


def _refuse_other_weights(folder: Path, entry: Entry) -> None:
    if entry.weights_sha256 is None:
        return
    found = _digest(folder / "model.safetensors")
    if found != entry.weights_sha256:
        raise ModelUnavailable(
            f"{folder / 'model.safetensors'} has SHA-256 {found}, not the {entry.weights_sha256} published for "
            f"{entry.repo}: a damaged or different file. Reinstall {entry.package_distribution or entry.repo}."
        )


def describe(model: str = DEFAULT) -> Model:
    """Find a model's files and say what it is, without importing torch.

    Raises ModelUnavailable if it cannot be had, is damaged, or has no safetensors weights.
    """
    folder, entry = find_folder(model), entry_of(model)
    _refuse_other_weights(folder, entry)
    recipe = read_recipe(folder, entry)
    key = content_key(folder, recipe)
    return Model(
        name=model,
        folder=folder,
        key=key,
        directory=storage_name(full_name(model), key),
        dimension=recipe.dimension,
        max_tokens=recipe.max_tokens,
        prompt=recipe.prompt,
        pooling=recipe.pooling,
    )
