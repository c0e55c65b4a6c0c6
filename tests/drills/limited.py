"""One stage in a process that may not allocate more than so many bytes: ``python -m tests.drills.limited``.

The limit is Linux's on private memory (``RLIMIT_DATA``): heaps and stacks, not files that are mapped to be read. What
goes beyond it fails as it does in a full container, but at once and with a reason.
"""

from __future__ import annotations

import json
import resource
import sys


def main() -> None:
    """Arguments: bytes, the stage's name, its arguments as JSON. Prints its result and the most memory it held."""
    most, name, arguments = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    from strata import stages
    from strata.allowance import peak_memory

    result = getattr(stages, name)(*arguments)
    print(json.dumps({"result": result, "peak": peak_memory()}))


if __name__ == "__main__":
    main()
