"""How fast abstracts become vectors: ours, the reference, and the peers that need no model hub.

    python tests/benchmarks/bench_encode.py [--full] [--snapshot FILE] [--peers PYTHON] [--models …] [--json FILE]

Each contender is a process of its own that stays for the whole run. In every round all of them embed the same texts (or
an even part of them), in turn, forwards and backwards by turns, each using all the processors this process may use. The
texts are whole batches of the reference's own order of a shard of 10,000 (see `rounds_of`). The peers' packages clash
with the project's, so they live in a Python of their own, made by `make bench-peers`.

The JSON is written after every round. A run with the same --json goes on where it ended: `--minutes 7` ends after the
round in which seven minutes are over, and the next call does the rest.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "include")]

from tests.benchmarks import bench_encode_contenders as contenders  # noqa: E402
from tests.benchmarks import bench_encode_models as models  # noqa: E402
from tests.benchmarks import bench_encode_table as tables  # noqa: E402
from tests.benchmarks import bench_encode_texts as texts_of  # noqa: E402

SHARD = 10_000
# Every how-manieth text of a round they are given; rates are told by the work done, so parts compare.
EVERY = {
    "the same, one text at a time": 20,
    "ours, one thread a process": 3,
    "ours, 1 thread": 4,
    "ONNX Runtime": 3,
    "OpenVINO": 3,
    "fastembed": 3,
}


class Runner:
    """A contender's process, or several that share its texts, as seen from here."""

    def __init__(self, name: str, task: contenders.Task, python: str, processes: int = 1) -> None:
        self.name = name
        self.pipes = []
        self._processes = []
        facts = {key: str(value) if isinstance(value, Path) else value for key, value in vars(task).items()}
        for _ in range(processes):
            ours, theirs = multiprocessing.Pipe()
            command = [python, contenders.__file__, name, json.dumps(facts), str(time.time()), str(theirs.fileno())]
            environment = contenders.environment(sys.path[:2])
            self._processes.append(subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment))
            theirs.close()
            self.pipes.append(ours)
        answers = [pipe.recv() for pipe in self.pipes]
        self.absent = next((why for state, why in answers if state == "absent"), None)
        self.start = None if self.absent else max(seconds for _, seconds in answers)

    def embed(self, texts: list[str]) -> tuple[dict[str, float], np.ndarray]:
        """Embed once: seconds, processor seconds and peak memory, and the vectors in the order of the texts."""
        for number, pipe in enumerate(self.pipes):
            pipe.send(texts[number :: len(self.pipes)])
        answers = [pipe.recv() for pipe in self.pipes]
        vectors = np.empty((len(texts), answers[0][4].shape[1]), np.float32)
        for number, answer in enumerate(answers):
            vectors[number :: len(self.pipes)] = answer[4]
        cost = {
            "seconds": max(answer[1] for answer in answers),
            "processor_seconds": sum(answer[2] for answer in answers),
            "memory_mib": sum(answer[3] for answer in answers),
        }
        return cost, vectors

    def product(self) -> tuple[float, float]:
        """This machine's matrix product with this process's threads; see `product_rates`."""
        self.pipes[0].send("product")
        best, lasting = self.pipes[0].recv()
        return best, lasting

    def stop(self) -> None:
        """End the processes."""
        for pipe, process in zip(self.pipes, self._processes, strict=True):
            if not self.absent:
                pipe.send(None)
            process.wait()


def token_counts(folder: Path, limit: int, texts: list[str]) -> np.ndarray:
    """True token count of each text within the model's limit."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    return np.array([len(encoding.ids) for encoding in tokenizer.encode_batch_fast(texts)])


def necessary_gflop(config: dict[str, Any], pooling: str, counts: np.ndarray) -> np.ndarray:
    """Arithmetic that each text needs: linear parts and attention over real tokens, no padding (with CLS pooling, in
    the last layer keys and values of all tokens and the rest of one)."""
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    tokens = counts.astype(float)
    a_layer = tokens * (8 * width**2 + 4 * width * inner) + 4 * width * tokens**2
    last = 4 * width**2 * tokens if pooling == "cls" else a_layer
    work: np.ndarray = ((layers - 1) * a_layer + last) / 1e9
    return work


def prepare(name: str, workspace: Path, peers: str, chosen: list[str]) -> tuple[Path, Path]:
    """The model's folder and, where a peer is chosen, its ONNX folder, made once a workspace."""
    shape, slug = models.SHAPES[name], name.replace(" ", "-")
    folder, onnx = workspace / slug, workspace / (slug + "-onnx")
    bundled = bundled_folder()
    source = models.make(shape, bundled, folder) if shape.config is None or not folder.exists() else folder
    if set(chosen) & set(contenders.PEERS) and not (onnx / "model.onnx").exists():
        asked = [peers, "-c", "import sys; print(sys.path[-1])"]
        packages = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
        exporting = [sys.executable, models.__file__, str(source), str(onnx), str(shape.limit), packages]
        done = subprocess.run(exporting, check=False, capture_output=True, text=True)
        if done.returncode or done.stdout.strip():
            print(f"  {name} in ONNX: {done.stdout.strip()[-200:] or done.stderr.strip()[-400:]}", file=sys.stderr)
    return source, onnx


def measure(
    name: str,
    chosen: list[str],
    rounds: list[list[str]],
    threads: int,
    folders: tuple[Path, Path],
    peers: str,
    result: dict[str, Any],
) -> Any:
    """Run all contenders on one model, round by round; yield after each, with `result` brought up to date."""
    shape = models.SHAPES[name]
    source, onnx = folders
    config = json.loads((source / "config.json").read_text())
    runners = []
    for contender in [one for one in contenders.CONTENDERS if one in {*chosen, *tables.NEEDED}]:
        alone = contender in ("ours, 1 thread", "ours, one thread a process")
        task = contenders.Task(source, onnx, shape.pooling, shape.limit, 1 if alone else threads)
        python = peers if contender in contenders.PEERS else sys.executable
        processes = threads if contender == "ours, one thread a process" else 1
        runners.append(Runner(contender, task, python, processes))
    result["absent"] = {one.name: one.absent for one in runners if one.absent}
    result["start_s"] = {one.name: one.start for one in runners if not one.absent}
    present = [one for one in runners if not one.absent]
    try:
        for number in range(len(result["rounds"]), len(rounds)):
            texts = rounds[number][: max(4, int(len(rounds[number]) * shape.share))]
            counts = token_counts(source, shape.limit, texts)
            work = necessary_gflop(config, shape.pooling, counts)
            facts = {"texts": len(texts), "tokens": int(counts.sum()), "gflop": float(work.sum())}
            facts["cut"] = int((counts == shape.limit).sum())
            result["rounds"].append(facts | one_round(present if number % 2 == 0 else present[::-1], texts, work))
            yield number
    finally:
        for one in runners:
            one.stop()


def one_round(runners: list[Runner], texts: list[str], work: np.ndarray) -> dict[str, Any]:
    """All embed the same texts, in the order given; `work` is the GFLOP of each."""
    products = {one.name: one.product() for one in runners if one.name in ("ours", "ours, 1 thread")}
    given = {one.name: slice(None, None, EVERY.get(one.name, 1)) for one in runners}
    costs: dict[str, Any] = {}
    vectors: dict[str, np.ndarray] = {}
    for one in runners:
        cost, vectors[one.name] = one.embed(texts[given[one.name]])
        done = work[given[one.name]]
        costs[one.name] = cost | {"texts": len(done), "gflop": float(done.sum())}
    for name, found in vectors.items():
        theirs = vectors[tables.REFERENCE][given[name]].astype(np.float64)
        costs[name]["largest_difference"] = float(np.abs(found - theirs).max())
        costs[name]["smallest_cosine"] = float((found * theirs).sum(1).min())
    return {"products": products, "costs": {name: costs[name] for name in contenders.CONTENDERS if name in costs}}


def bundled_folder() -> Path:
    """The folder of the model that ships with us."""
    from strata import encoders

    return encoders.describe().folder


def machine(threads: int) -> dict[str, Any]:
    """What the numbers were measured on: processors and the widest vector instructions they have."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "")
    words = set(info.split())
    import torch

    return {
        "processor": model or platform.processor(),
        "threads": threads,
        "architecture": platform.machine(),
        "instructions": [name for name in ("amx_tile", "avx512f", "avx512_vnni", "avx2", "asimd") if name in words],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def main() -> None:
    """Measure, print a table a model, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="2,048 texts in 8 rounds rather than 384 in 3")
    parser.add_argument("--snapshot", type=Path, help="real texts from here; without it they are generated")
    parser.add_argument("--models", nargs="+", choices=list(models.SHAPES), default=list(models.SHAPES))
    everyone = list(contenders.CONTENDERS)
    parser.add_argument("--contenders", nargs="+", choices=everyone, default=everyone, help="who runs; three must")
    parser.add_argument("--peers", default=str(ROOT / ".peers/bin/python"), help="the Python that has the peers")
    parser.add_argument("--workspace", type=Path, default=ROOT / ".peers/models", help="where models are made")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no round after these")
    parser.add_argument("--json", type=Path, help="go on from this file; default: a new .peers/encode.json")
    parser.add_argument("--prepare", action="store_true", help="only make the models' folders")
    chosen = parser.parse_args()
    from strata.allowance import processors

    threads, ends = processors(), time.monotonic() + 60 * chosen.minutes
    peers = chosen.peers if Path(chosen.peers).exists() else sys.executable
    chosen.workspace.mkdir(parents=True, exist_ok=True)
    folders = {name: prepare(name, chosen.workspace, peers, chosen.contenders) for name in chosen.models}
    if chosen.prepare:
        return
    shard = texts_of.from_snapshot(chosen.snapshot, SHARD) if chosen.snapshot else texts_of.generated(SHARD)
    rounds = texts_of.rounds_of(shard, 8, 2048) if chosen.full else texts_of.rounds_of(shard, 3, 384)
    setting = {"machine": machine(threads), "real_texts": chosen.snapshot is not None, "rounds": len(rounds)}
    output = chosen.json or chosen.workspace.parent / "encode.json"
    found: dict[str, Any] = setting | {"models": {}}
    if chosen.json and output.exists():
        found = json.loads(output.read_text())
        if {key: found[key] for key in setting} != setting:
            sys.exit(f"{output} was measured on another machine or with other texts; name another file.")
    for name in chosen.models:
        result = found["models"].setdefault(name, {"rounds": []})
        if len(result["rounds"]) < len(rounds) and time.monotonic() < ends:
            running = measure(name, chosen.contenders, rounds, threads, folders[name], peers, result)
            for number in running:
                print(f"  {name}: round {number + 1} of {len(rounds)}", file=sys.stderr, flush=True)
                output.write_text(json.dumps(found, indent=1) + "\n")
                if time.monotonic() > ends:
                    break
            running.close()
        if result["rounds"]:
            print(tables.table(name, result, threads), flush=True)
            result["rows"] = tables.rows(result, threads)
            output.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
