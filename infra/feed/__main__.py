"""Command line of the feed: `python -m infra.feed replay|history|simulate|outage`."""

import argparse
import contextlib
import json
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.feed import history, replay
from infra.feed import slice as real_slice
from infra.feed.simulate import cli as simulator


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.feed", description="Phones that measure a mobile network.")
    commands = parser.add_subparsers(dest="command", required=True)
    live = commands.add_parser("replay", help="put the real slice on a Kinesis stream, event_ts = now")
    live.add_argument("--stream", required=True, help="Kinesis stream")
    live.add_argument("--loops", type=_natural, default=1, help="how often the slice is sent; 0: for ever (default 1)")
    live.add_argument("--rate", type=_positive, default=10.0, help="events per second (default 10)")
    live.add_argument("--put-log", type=Path, help="write a JSON line per PutRecords call: n so far, put_ts")
    past = commands.add_parser("history", help="write the slice, mapped onto the last 24 hours, as a CSV to backfill")
    past.add_argument("--output", required=True, help="s3://bucket/key or a path")
    simulator.add_commands(commands)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _COMMANDS.get(arguments.command, simulator.run)(arguments)
    except (*simulator.ERRORS, replay.NotTaken, BotoCoreError, ClientError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _replay(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        put_log = stack.enter_context(arguments.put_log.open("w")) if arguments.put_log else None
        kinesis = boto3.client("kinesis")
        sent = replay.replay(kinesis, arguments.stream, loops=arguments.loops, rate=arguments.rate, put_log=put_log)
    print(json.dumps({"events_sent": sent, "seconds": round(time.monotonic() - started, 1)}))
    return 0


def _history(arguments: argparse.Namespace) -> int:
    rows = real_slice.read()
    history.write(arguments.output, history.to_csv(rows, datetime.now(UTC)))
    print(json.dumps({"output": arguments.output, "rows": len(rows)}))
    return 0


_COMMANDS = {"replay": _replay, "history": _history}


def _natural(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
