"""Those who embed in the benchmark, each in a process of its own: its own threads, its own peak memory.

A contender is a function from a Task to a function from texts to unit vectors. A peer that is not installed raises
ImportError, which is reported as absent.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

Embed = Callable[[list[str]], np.ndarray]

# Padded tokens in one batch of a peer that we batch ourselves, by true token count: each peer at its best here.
_TOKENS_PER_BATCH = 4096


@dataclass(frozen=True)
class Task:
    """One model to embed with: its folder, the same in ONNX, how it pools, its token limit, threads to use."""

    folder: Path
    onnx: Path
    pooling: str
    limit: int
    threads: int


def ours(task: Task) -> Embed:
    from strata import encoders

    encoder = encoders.load(str(task.folder), threads=task.threads)
    return lambda texts: encoder.encode(texts).vectors


def _sentence_transformer(task: Task) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(task.threads)
    return SentenceTransformer(str(task.folder), device="cpu", local_files_only=True)


def sentence_transformers(task: Task) -> Embed:
    model = _sentence_transformer(task)
    return lambda texts: model.encode(texts, batch_size=128, normalize_embeddings=True, show_progress_bar=False)


def one_at_a_time(task: Task) -> Embed:
    model = _sentence_transformer(task)
    return lambda texts: np.stack(
        [model.encode(text, normalize_embeddings=True, show_progress_bar=False) for text in texts]
    )


def onnxruntime(task: Task) -> Embed:
    import onnxruntime as ort  # type: ignore[import-not-found,unused-ignore]

    options = ort.SessionOptions()
    options.intra_op_num_threads = task.threads
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(str(task.onnx / "model.onnx"), options, providers=["CPUExecutionProvider"])
    return _padded(task, lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0])


def openvino(task: Task) -> Embed:
    import openvino as ov  # type: ignore[import-not-found,unused-ignore]

    core = ov.Core()
    # Its default on newer CPUs is bfloat16; everyone computes in float32 here.
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": str(task.threads)}
    compiled = core.compile_model(core.read_model(str(task.onnx / "model.onnx")), "CPU", settings)
    return _padded(task, lambda ids, mask: compiled([ids, mask])[0])


def fastembed(task: Task) -> Embed:
    from fastembed import TextEmbedding  # type: ignore[import-not-found,unused-ignore]
    from fastembed.common.model_description import ModelSource, PoolingType  # type: ignore[import-not-found,unused-ignore]

    pooling = PoolingType.CLS if task.pooling == "cls" else PoolingType.MEAN
    width = json.loads((task.folder / "config.json").read_text())["hidden_size"]
    TextEmbedding.add_custom_model(
        model="bench/model", pooling=pooling, normalization=True, sources=ModelSource(hf="bench/model"), dim=width,
        model_file="model.onnx",
    )  # fmt: skip
    model = TextEmbedding("bench/model", specific_model_path=str(task.onnx), threads=task.threads)
    return lambda texts: np.stack(list(model.embed(texts, batch_size=128)))


def _padded(task: Task, run: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Embed:
    """Batches by true token count, padded; pooling in numpy: what a careful user of a runtime would write."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(task.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(task.limit)

    def embed(texts: list[str]) -> np.ndarray:
        ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
        order = sorted(range(len(ids)), key=lambda text: -len(ids[text]))
        out: list[Any] = [None] * len(ids)
        while order:
            longest = len(ids[order[0]])
            count = max(1, _TOKENS_PER_BATCH // longest)
            chosen, order = order[:count], order[count:]
            padded = np.zeros((len(chosen), longest), np.int64)
            mask = np.zeros_like(padded)
            for row, text in enumerate(chosen):
                padded[row, : len(ids[text])] = ids[text]
                mask[row, : len(ids[text])] = 1
            hidden = run(padded, mask)
            if task.pooling == "cls":
                pooled = hidden[:, 0]
            else:
                pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
            for row, text in enumerate(chosen):
                out[text] = pooled[row] / np.linalg.norm(pooled[row])
        return np.asarray(out, np.float32)

    return embed


# "ours, one thread a process" is as many processes as there are threads, as when a worker runs several tasks at once.
CONTENDERS: dict[str, Callable[[Task], Embed]] = {
    "sentence-transformers encode(128)": sentence_transformers,
    "the same, one text at a time": one_at_a_time,
    "ours": ours,
    "ours, one thread a process": ours,
    "ours, 1 thread": ours,
    "ONNX Runtime": onnxruntime,
    "OpenVINO": openvino,
    "fastembed": fastembed,
}
PEERS = ("ONNX Runtime", "OpenVINO", "fastembed")


def product_rates(task: Task) -> tuple[float, float]:
    """This machine's float32 matrix product, GFLOP/s: the best single one, and what a second of a model's own keeps up.

    The first is a burst of milliseconds; the second what a virtual machine with neighbours grants for longer.
    """
    import torch

    torch.set_num_threads(task.threads)
    config = json.loads((task.folder / "config.json").read_text())
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes = [(1024, width, 3 * width), (1024, width, width), (1024, width, inner), (1024, inner, width)]

    def seconds(rows: int, depth: int, columns: int) -> float:
        a, b, out = torch.ones(rows, depth), torch.ones(depth, columns), torch.empty(rows, columns)
        started = time.perf_counter()
        torch.mm(a, b, out=out)
        return time.perf_counter() - started

    best = work = spent = 0.0
    while spent < 1.0:
        for shape in [*shapes, (2048, 2048, 2048)]:
            took, gflop = seconds(*shape), 2e-9 * shape[0] * shape[1] * shape[2]
            best, work, spent = max(best, gflop / took), work + gflop, spent + took
    return best, work / spent


def peak_mib() -> float:
    """Peak resident memory of this process. Not getrusage's on Linux, which starts at what the parent had."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def serve(name: str, task: Task, started: float, pipe: Connection) -> None:
    """The contender's process: load, embed one text, then embed lists of texts until told to stop (None).

    Sends ("ready", seconds since `started`) or ("absent", why); then for every list ("done", seconds, processor
    seconds, peak resident MiB, vectors); for "product" what `product_rates` returns.
    """
    try:
        embed = CONTENDERS[name](task)
    except ImportError as error:
        pipe.send(("absent", f"{error.name} is not installed"))
        return
    embed(["A first text, which pays for what is made ready only then."])
    pipe.send(("ready", time.time() - started))
    while (request := pipe.recv()) is not None:
        if request == "product":
            pipe.send(product_rates(task))
            continue
        wall, processor = time.perf_counter(), time.process_time()
        vectors = embed(request)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        pipe.send(("done", wall, processor, peak_mib(), vectors))


def environment(paths: list[str]) -> dict[str, str]:
    """What all contenders' processes are given: our library, no cap on threads, no hub, no progress bars."""
    kept = {name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    quiet = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}
    return kept | quiet | {"PYTHONPATH": os.pathsep.join(paths)}


if __name__ == "__main__":
    # contenders.py NAME TASK STARTED DESCRIPTOR; peers run in a Python of their own, which has no library of ours.
    facts = json.loads(sys.argv[2])
    given = Task(**facts | {"folder": Path(facts["folder"]), "onnx": Path(facts["onnx"])})
    serve(sys.argv[1], given, float(sys.argv[3]), Connection(int(sys.argv[4])))
