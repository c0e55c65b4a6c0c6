"""Too many shards. If these fail, hours are spent on a run that Airflow ends with an error nobody understands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from operations.mapping import check
from strata.errors import BadRequest

INCLUDE = Path(__file__).parents[2] / "include"
CUT = """
import json
from operations.mapping import mappable
from strata.errors import BadRequest
def shard(root, plan):
    "Cut."
    return [f"{number:05d}" for number in range(plan["shards"])]
wrapped = mappable(shard)
said = [wrapped.__name__, wrapped(root="r", plan={"shards": 3, "shard_size": 10})]
try:
    wrapped(root="r", plan={"shards": 4, "shard_size": 10})
except BadRequest as error:
    said.append(str(error))
print(json.dumps(said))
"""


def cut(home: Path, **settings: str) -> list[Any]:
    """Run the wrapped stage where Airflow has these settings. Apart, as Airflow reads them once."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment |= {"PYTHONPATH": str(INCLUDE), "AIRFLOW_HOME": str(home), **settings}
    command = [sys.executable, "-c", CUT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_the_stage_holds_its_shards_against_airflows_own_setting(tmp_path: Path) -> None:
    """Airflow would fail the task after the cut, in words of its API, and try it again twice."""
    name, three, refused = cut(tmp_path, AIRFLOW__CORE__MAX_MAP_LENGTH="3")
    assert (name, three) == ("shard", ["00000", "00001", "00002"])
    assert "Shard size 10 cuts the month's papers into 4 shards, and Airflow maps at most 3 " in refused
    assert refused.endswith("set Shard size to 14 or more")
    assert cut(tmp_path) == ["shard", three], "Airflow's own limit is far above four"


@pytest.mark.parametrize(
    ("papers", "size", "most", "enough"), [(2_710_000, 100, 10_000, 271), (1_025, 1, 1_024, 2), (41, 10, 4, 13)]
)
def test_the_shard_size_it_names_is_large_enough(papers: int, size: int, most: int, enough: int) -> None:
    """Else whoever follows the advice fails again, after the next cut."""
    shards = -(-papers // size)
    with pytest.raises(BadRequest, match=rf"into {shards:,} shards.*at most {most:,} .*to {enough:,} or more"):
        check(shards, size, most)
    check(-(-papers // enough), enough, most)
