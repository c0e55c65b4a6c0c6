"""How long `similar` and `export` take over a record of any size, as whole processes, and in how much memory.

    python tests/benchmarks/bench_similar.py FOLDER [--seeds VECTORS] [--rounds 3] [--matrix] [--exports npy hdf5]

FOLDER gets, or has from an earlier call, a root with one record of so many papers, 384 components each: about 1.4 KB a
paper. --seeds names a folder of real vectors files to grow it from; without it they are invented. Every round runs all
candidates in turn: the files' bytes alone, first as the disk gives them (where this process may empty the page cache
of them), then as memory does; pyarrow's decoding of the vectors and nothing else, on as many threads; `similar` of two
papers from the vectors files, cold and warm, and from the matrix that a run leaves in the scratch folder. Exports are
written once each beside the root, and removed. Prints medians (least to most).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "include"), str(Path(__file__).parent)]

import bench_reduce_vectors as grown  # noqa: E402
import bench_similar_root as roots  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from strata import published  # noqa: E402
from strata.allowance import processors  # noqa: E402
from strata.corpus import read_vectors  # noqa: E402
from strata.export import FORMATS  # noqa: E402
from strata.storage import connect  # noqa: E402

PAPERS = 2_710_783
SEEDS = 20_000  # vectors that the corpus is grown from, at most
_AT_ONCE = 8 << 20
_ROWS = 1365

Run = tuple[float, float]  # seconds, peak memory in MB (0: not a process of its own)


def forget(folder: Path) -> None:
    """Drop a folder's files from the page cache, so that the next reader waits for the disk."""
    for path in files_of(folder):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def files_of(folder: Path) -> list[Path]:
    """All files of a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def read_bytes(folder: Path) -> Run:
    """Read all files as they are, into one buffer a thread."""

    def read(path: Path) -> None:
        buffer = bytearray(_AT_ONCE)
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass

    return _on_all(read, files_of(folder)), 0


def decode(folder: Path) -> Run:
    """Let pyarrow decode the vectors of all files, and do nothing with them."""

    def look(path: Path) -> None:
        for _ in pq.ParquetFile(path, memory_map=True).iter_batches(_ROWS, columns=["vector"], use_threads=False):
            pass

    return _on_all(look, files_of(folder)), 0


def strata(*arguments: str, scratch: Path) -> Run:
    """Run the command line as a process of its own."""
    places = {"PYTHONPATH": str(REPOSITORY / "include"), "STRATA_SCRATCH": str(scratch)}
    command = [sys.executable, "-m", "strata", *arguments]
    start = time.perf_counter()
    with subprocess.Popen(command, env=os.environ | places, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as made:
        told = made.stderr.read() if made.stderr else b""
        _, status, used = os.wait4(made.pid, 0)
        made.returncode = os.waitstatus_to_exitcode(status)
    if made.returncode:
        raise SystemExit(told.decode()[-3000:])
    return time.perf_counter() - start, used.ru_maxrss / 1024


def measure(root: Path, asked: list[str], rounds: int, scratch: Path) -> dict[str, list[Run]]:
    """All candidates in turn, so many rounds."""
    empty, vectors = scratch / "empty", root / "vectors"
    similar = ("similar", *asked, "--root", str(root))
    candidates: dict[str, tuple[bool, Callable[[], Run]]] = {
        "bytes of the vectors files, from the disk": (True, lambda: read_bytes(vectors)),
        "bytes of the vectors files, from memory": (False, lambda: read_bytes(vectors)),
        "decoded by pyarrow, from memory": (False, lambda: decode(vectors)),
        "`similar`, from the disk": (True, lambda: strata(*similar, scratch=empty)),
        "`similar`, from memory": (False, lambda: strata(*similar, scratch=empty)),
    }
    if any(scratch.glob("corpus-*.npy")):
        candidates["`similar` with a run's matrix, from memory"] = (False, lambda: strata(*similar, scratch=scratch))
    found: dict[str, list[Run]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, (cold, run) in candidates.items():
            if cold:
                forget(root)
            found[name].append(run())
    return found


def measure_exports(root: Path, forms: list[str], folder: Path, scratch: Path) -> dict[str, tuple[Run, int]]:
    """Each format once, and the bytes it takes."""
    found = {}
    for form in forms:
        run = strata("export", "--format", form, "--to", str(folder), "--root", str(root), scratch=scratch / "empty")
        found[form] = run, sum(path.stat().st_size for path in files_of(folder))
        shutil.rmtree(folder)
    return found


def _on_all(work: Callable[[Path], None], files: list[Path]) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(processors()) as pool:
        list(pool.map(work, files))
    return time.perf_counter() - start


def main() -> None:
    """Build, measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--papers", type=int, default=PAPERS)
    parser.add_argument("--seeds", type=Path, help="a folder of vectors files of 384 components")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--matrix", action="store_true", help="make a run's matrix too: 1.5 KB a paper more")
    parser.add_argument("--exports", nargs="*", choices=list(FORMATS), default=[])
    asked = parser.parse_args()
    root, scratch = asked.folder / "root", asked.folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    if not (root / "records" / roots.MONTH / "manifest.json").exists():
        seeds = grown.seeds_of(asked.seeds) if asked.seeds else grown.invented_seeds()
        roots.make(root, grown.Grown(seeds[:: -(-len(seeds) // SEEDS)], asked.papers))
    storage = connect(str(root))
    record = published.open_record(storage, roots.MONTH)
    if asked.matrix:
        # In a process of its own: its peak would be told as that of every process started from here.
        os.environ["STRATA_SCRATCH"] = str(scratch)
        made = multiprocessing.get_context("spawn").Process(target=read_vectors, args=(storage, record.corpus))
        made.start()
        made.join()
    ids = published.read_ids(storage, record)
    two = [ids[row].as_py() for row in (len(ids) // 3, len(ids) // 2)]
    size = sum(path.stat().st_size for path in files_of(root / "vectors"))
    print(f"{record.corpus.papers:,} papers, vectors files of {size / 1e9:.2f} GB, {processors()} processors\n")
    print("| | seconds | peak memory |\n|---|---:|---:|")
    for name, runs in measure(root, two, asked.rounds, scratch).items():
        seconds = [run[0] for run in runs]
        spread = f"{statistics.median(seconds):.1f} ({min(seconds):.1f}-{max(seconds):.1f})"
        peak = max(run[1] for run in runs)
        print(f"| {name} | {spread} | {f'{peak:,.0f} MB' if peak else ''} |", flush=True)
    for form, ((seconds, peak), written) in measure_exports(root, asked.exports, asked.folder / "out", scratch).items():
        rate = f"{written / 1e6 / seconds:,.0f} MB/s"
        print(
            f"| `export --format {form}`, {written / 1e9:.2f} GB, {rate} | {seconds:.1f} | {peak:,.0f} MB |", flush=True
        )


if __name__ == "__main__":
    main()
