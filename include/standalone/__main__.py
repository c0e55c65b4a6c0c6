"""``python -m standalone run`` and ``python -m standalone up``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from standalone.run import Project, execute

_CHECKOUT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="standalone",
        description="Run the DAG fossil_record in an Airflow of its own on this machine. What to run is read from the "
        "environment: SNAPSHOT, MONTH, MODEL, CATEGORIES, SAMPLE, SHARD_SIZE, ROOT, TASKS.",
    )
    parser.add_argument("command", choices=["run", "up"], help="make one record, or serve the UI")
    parser.add_argument("--state", type=Path, help="state folder (default: .strata in the checkout)")
    parser.add_argument("--dags", type=Path, help="DAG folder (default: dags in the checkout)")
    asked = parser.parse_args()
    state = asked.state and asked.state.resolve()
    dags = asked.dags and asked.dags.resolve()
    try:
        return execute(asked.command, Project.at(_CHECKOUT, state, dags), os.environ, Path.cwd(), sys.stdout)
    except BrokenPipeError:  # as in `make run | head`: Airflow is ended by now, and nobody reads a traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
