"""If these fail, each task of `make run` loads Airflow, torch and the library for itself, for seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

START = """
import json, os, sys
from standalone.executor import PreloadedExecutor
executor = PreloadedExecutor(parallelism=1)
executor.start()
before = set(sys.modules)
from operations.preload import MODULES
loaded = "operations.preload" in before and all(module in before for module in MODULES)
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    import torch, numpy
    os.write(writing, b"%d" % int((torch.ones(600, 600) @ torch.ones(600, 600)).sum()))
    os._exit(0)
os.waitpid(child, 0)
told = int(os.read(reading, 100))
executor.end()
print(json.dumps({"loaded": loaded, "told": told}))
"""


def test_tasks_begin_with_everything_loaded_and_can_compute(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(REPOSITORY / "include"),
    }
    done = subprocess.run(
        [sys.executable, "-c", START], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"loaded": True, "told": 600**3}
