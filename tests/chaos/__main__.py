"""`make chaos`: prints one JSON line last; exits with 1 when a record was lost, doubled or changed."""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.chaos.run import run
from tests.own_stack import FAST_START, own_stack


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.split(";")[0])
    parser.add_argument("--kills", type=int, default=30, help="how often the job is killed (default 30)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of every draw (default: the time)")
    parser.add_argument("--rate", type=float, default=150, help="records a second (default 150)")
    parser.add_argument(
        "--backlog", type=int, default=100_000, help="records that the job finds in the end (default 100,000)"
    )
    arguments = parser.parse_args()
    os.environ.update(FAST_START)
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(128 + signum))
    with (
        tempfile.TemporaryDirectory(prefix="telcopulse-chaos-") as folder,
        own_stack(Path(folder) / "stack", kinesis_limits=True) as running,
    ):
        result = run(
            running.settings,
            Path(folder),
            kills=arguments.kills,
            seed=arguments.seed,
            rate=arguments.rate,
            backlog=arguments.backlog,
        )
    print(json.dumps({**asdict(result), "seed": arguments.seed}))
    return int(any((result.lost, result.duplicated, result.changed, result.out_of_order)))


if __name__ == "__main__":
    sys.exit(main())
