"""How fast abstracts become vectors: ours, the reference, and the peers that need no model hub.

    python tests/benchmarks/bench_encode.py [--snapshot FILE] [--texts 2000] [--rounds 3] [--json FILE]

Each contender is a process of its own that stays for the whole run. In every round all of them embed the same texts,
in turn, each using all the processors this process may use; the fastest round counts, as on a machine with neighbours
the others measure the neighbours. "peak" is the share of this machine's own float32 matrix-product rate, measured in
the same rounds, that the necessary arithmetic amounts to: real tokens only, no padding. "start" is the time from
starting a process to its first text: imports and loading. Vectors are compared with sentence-transformers'.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "include")]

from tests.benchmarks import bench_encode_contenders as contenders  # noqa: E402
from tests.benchmarks import bench_encode_models as models  # noqa: E402
from tests.benchmarks import bench_encode_texts as texts_of  # noqa: E402

REFERENCE = "sentence-transformers encode(128)"
# Of the texts given to the model; these are slow and their rate does not depend on how many there are.
PART = {"the same, one text at a time": 0.05, "ours, 1 thread": 0.5}


class Runner:
    """A contender's process, as seen from here."""

    def __init__(self, name: str, task: contenders.Task) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=contenders.serve, args=(name, task, time.time(), theirs), daemon=True)
        self._process.start()
        theirs.close()
        state, self.start = self._pipe.recv()
        self.absent = self.start if state == "absent" else None
        self.rounds: list[tuple[float, float]] = []  # texts a second; processors kept busy
        self.memory = 0.0
        self.vectors: np.ndarray | None = None

    def embed(self, texts: list[str]) -> None:
        """Embed once, and keep the rate, the memory and the vectors."""
        part = texts[: max(1, int(len(texts) * PART.get(self.name, 1.0)))]
        self._pipe.send(part)
        _, seconds, processor, self.memory, self.vectors = self._pipe.recv()
        self.rounds.append((len(part) / seconds, processor / seconds))

    def peak(self) -> float:
        """This machine's matrix-product rate with this process's threads, GFLOP/s."""
        self._pipe.send("peak")
        return float(self._pipe.recv())

    def stop(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()


def token_counts(folder: Path, limit: int, texts: list[str]) -> np.ndarray:
    """True token count of each text within the model's limit."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    return np.array([len(encoding.ids) for encoding in tokenizer.encode_batch_fast(texts)])


def necessary_gflop(config: dict[str, Any], pooling: str, counts: np.ndarray) -> float:
    """Arithmetic that the texts need: linear parts and attention over real tokens (with CLS pooling, in the last layer
    keys and values of all tokens and the rest of one)."""
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    tokens = float(counts.sum())
    a_layer = tokens * (8 * width**2 + 4 * width * inner) + 4 * width * float((counts.astype(float) ** 2).sum())
    last = 4 * width**2 * tokens if pooling == "cls" else a_layer
    return float((layers - 1) * a_layer + last) / 1e9


def measure(name: str, texts: list[str], rounds: int, threads: int, workspace: Path) -> dict[str, Any]:
    """Run all contenders on one model; return what was found, ready for JSON."""
    shape = models.SHAPES[name]
    folder = workspace / name.replace(" ", "-")
    source = models.make(shape, bundled_folder(), folder)
    onnx = workspace / (folder.name + "-onnx")
    exporting = [sys.executable, str(Path(models.__file__)), str(source), str(onnx), str(shape.limit)]
    subprocess.run(exporting, check=False, capture_output=True)
    chosen = texts[: max(8, int(len(texts) * shape.share))]
    counts = token_counts(source, shape.limit, chosen)
    config = json.loads((source / "config.json").read_text())
    runners = []
    for contender in contenders.CONTENDERS:
        alone = 1 if contender == "ours, 1 thread" else threads
        runners.append(Runner(contender, contenders.Task(source, onnx, shape.pooling, shape.limit, alone)))
    present = [runner for runner in runners if runner.absent is None]
    judge = next(runner for runner in present if runner.name == "ours")
    single = next(runner for runner in present if runner.name == "ours, 1 thread")
    peak = alone_peak = 0.0
    for number in range(rounds):
        for runner in present if number % 2 == 0 else present[::-1]:
            peak, alone_peak = max(peak, judge.peak()), max(alone_peak, single.peak())
            runner.embed(chosen)
            print(f"  {name}, round {number + 1}: {runner.name}: {runner.rounds[-1][0]:.1f} texts/s", file=sys.stderr)
    for runner in present:
        runner.stop()
    work = necessary_gflop(config, shape.pooling, counts) / len(chosen)
    expected = next(runner for runner in present if runner.name == REFERENCE)
    rows = [row(runner, expected, counts, work, alone_peak if runner is single else peak) for runner in runners]
    facts = {
        "texts": len(chosen),
        "mean_tokens": float(counts.mean()),
        "cut_share": float((counts == shape.limit).mean()),
    }
    return {
        "model": name,
        **facts,
        "gflop_a_text": work,
        "peak_gflops": peak,
        "peak_gflops_1": alone_peak,
        "rows": rows,
    }


def row(runner: Runner, reference: Runner, counts: np.ndarray, work: float, peak: float) -> dict[str, Any]:
    """One line of the table."""
    if runner.absent is not None:
        return {"contender": runner.name, "absent": runner.absent}
    rate = max(rate for rate, _ in runner.rounds)
    assert runner.vectors is not None and reference.vectors is not None
    expected = reference.vectors[: len(runner.vectors)]
    return {
        "contender": runner.name,
        "texts_a_second": rate,
        "tokens_a_second": rate * float(counts.mean()),
        "ratio": rate / max(rate for rate, _ in reference.rounds),
        "ratios": [one / other for (one, _), (other, _) in zip(runner.rounds, reference.rounds, strict=True)],
        "share_of_peak": rate * work / peak,
        "processors": max(busy for _, busy in runner.rounds),
        "largest_difference": float(np.abs(runner.vectors - expected).max()),
        "smallest_cosine": float((runner.vectors.astype(np.float64) * expected).sum(1).min()),
        "memory_mib": runner.memory,
        "start_s": runner.start,
    }


def table(result: dict[str, Any]) -> str:
    """A model's results in Markdown."""
    lines = [
        f"\n**{result['model']}**: {result['texts']} texts of {result['mean_tokens']:.0f} tokens on average "
        f"({100 * result['cut_share']:.0f}% at the limit), {result['gflop_a_text']:.2f} GFLOP a text; matrix product "
        f"{result['peak_gflops']:.0f} GFLOP/s (one thread {result['peak_gflops_1']:.0f})\n",
        "| | texts/s | tokens/s | ratio | of peak | largest difference | memory | start |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in result["rows"]:
        if "absent" in one:
            lines.append(f"| {one['contender']} | absent: {one['absent']} | | | | | | |")
            continue
        lines.append(
            f"| {one['contender']} | {one['texts_a_second']:.1f} | {one['tokens_a_second']:,.0f} | {one['ratio']:.2f} "
            f"({min(one['ratios']):.2f}-{max(one['ratios']):.2f}) | {100 * one['share_of_peak']:.0f}% "
            f"| {one['largest_difference']:.0e} | {one['memory_mib']:,.0f} MiB | {one['start_s']:.1f} s |"
        )
    return "\n".join(lines)


def bundled_folder() -> Path:
    """The folder of the model that ships with us."""
    from strata import encoders

    return encoders.describe().folder


def machine(threads: int) -> dict[str, Any]:
    """What the numbers were measured on: processors and the widest vector instructions they have."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    names = ("amx_tile", "avx512f", "avx2", "asimd")
    return {
        "threads": threads,
        "architecture": platform.machine(),
        "instructions": [name for name in names if f" {name}" in flags],
        "python": platform.python_version(),
    }


def main() -> None:
    """Measure, print a table a model, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--snapshot", type=Path, help="real texts from here; without it they are generated")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", nargs="+", choices=list(models.SHAPES), default=list(models.SHAPES))
    parser.add_argument("--json", type=Path, default=Path("bench_encode.json"))
    chosen = parser.parse_args()
    from strata.allowance import processors

    threads = processors()
    contenders.prepare_environment(sys.path[:2])
    texts = (
        texts_of.from_snapshot(chosen.snapshot, chosen.texts) if chosen.snapshot else texts_of.generated(chosen.texts)
    )
    results = []
    with tempfile.TemporaryDirectory() as workspace:
        for name in chosen.models:
            results.append(measure(name, texts, chosen.rounds, threads, Path(workspace)))
            print(table(results[-1]), flush=True)
    facts = {"machine": machine(threads), "real_texts": chosen.snapshot is not None, "results": results}
    chosen.json.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
