"""Command line of the simulator: `python -m infra.feed simulate history|live` and `outage`."""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import boto3

from infra.feed.simulate import files, live, outages, places, placing, population, scenarios
from infra.feed.simulate.arrival import Disorder
from infra.feed.simulate.calendar import DAY_MS, MINUTE_MS, Rhythm
from infra.feed.simulate.population import Population
from infra.feed.simulate.scenarios import KINDS, Scenario
from infra.feed.simulate.simulator import Simulator

ERRORS = (
    files.NotEmpty,
    outages.NobodyThere,
    places.NotAHost,
    places.UnknownName,
    scenarios.InvalidScenario,
)
_KINDS_HELP = "scenarios:\n" + "\n".join(
    f"  {name:<14}{'an outage' if kind.is_outage else 'no outage'}: {kind.meaning}" for name, kind in KINDS.items()
)


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    simulate = commands.add_parser("simulate", help="phones calibrated on the public data, with labelled outages")
    modes = simulate.add_subparsers(dest="mode", required=True)
    history = modes.add_parser(
        "history",
        help="write JSON lines to backfill, and the labels beside them",
        description="Write JSON lines to backfill, a file per day of arrival, and labels.jsonl beside them. "
        "Format: docs/feed.md.",
        epilog=_KINDS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    history.add_argument("--output", required=True, type=Path, help="a new or empty folder")
    history.add_argument("--days", type=_positive, default=28.0, help="length of the history (default 28)")
    history.add_argument(
        "--end", type=_instant, help="where it ends, such as 2026-11-24T00:00:00Z (default: now, to the minute)"
    )
    history.add_argument(
        "--scenarios",
        default="seed",
        help=f"seed: about {placing.PER_DAY} a day, placed by the seed; none: clean days; or a file of JSON lines in "
        "the labels' format (default seed)",
    )
    _add_phones(history)
    on_stream = modes.add_parser("live", help="put measurements on a Kinesis stream as they arrive")
    on_stream.add_argument("--stream", required=True, help="Kinesis stream")
    on_stream.add_argument(
        "--rate", type=_positive, help="constant measurements per second (default: the rhythm of --events-per-day)"
    )
    on_stream.add_argument("--outages", help="s3://bucket/prefix or a folder where `outage` asks for outages")
    _add_phones(on_stream)
    outage = commands.add_parser("outage", help="break a network in an area of a running `simulate live`")
    outage.add_argument("--area", required=True, help="name or 6-digit code of a municipality, such as Barcelona")
    outage.add_argument("--network", required=True, help="movistar, orange, vodafone or yoigo")
    outage.add_argument("--minutes", type=_positive, default=30.0, help="how long (default 30)")
    outage.add_argument("--outages", required=True, help="the same place as that of `simulate live`")


def run(arguments: argparse.Namespace) -> int:
    if arguments.command == "outage":
        return _outage(arguments)
    people = population.draw(arguments.seed, arguments.events_per_day)
    disorder = Disorder(arguments.late, arguments.duplicates, arguments.malformed)
    return (_history if arguments.mode == "history" else _live)(arguments, people, disorder)


def _history(arguments: argparse.Namespace, people: Population, disorder: Disorder) -> int:
    began, rhythm = time.monotonic(), Rhythm(arguments.events_per_day)
    end = arguments.end or time.time_ns() // 1_000_000 // MINUTE_MS * MINUTE_MS
    start = end - round(arguments.days * DAY_MS)
    happenings = _scenarios(arguments, people, rhythm, start, end)
    simulator = Simulator(people, rhythm, disorder, happenings, start)
    written = files.write(arguments.output, simulator, end)
    seconds = time.monotonic() - began
    summary = {
        "output": str(arguments.output),
        "records": written,
        "not_arrived": simulator.waiting,
        "scenarios": len({scenario.scenario_id for scenario in happenings}),
        "seconds": round(seconds, 1),
        "records_per_s": round(written / seconds),
    }
    print(json.dumps(summary))
    return 0


def _scenarios(
    arguments: argparse.Namespace, people: Population, rhythm: Rhythm, start: int, end: int
) -> list[Scenario]:
    if arguments.scenarios == "none":
        return []
    if arguments.scenarios == "seed":
        return placing.place(arguments.seed, people, rhythm, start, end)
    return scenarios.read(Path(arguments.scenarios), people.areas)


def _live(arguments: argparse.Namespace, people: Population, disorder: Disorder) -> int:
    rate = arguments.rate
    rhythm = Rhythm(arguments.events_per_day) if rate is None else Rhythm(rate * DAY_MS / 1000, is_constant=True)
    simulator = Simulator(people, rhythm, disorder, [], time.time_ns() // 1_000_000, for_stream=True)
    box = outages.mailbox(arguments.outages) if arguments.outages else None
    live.send(boto3.client("kinesis"), arguments.stream, simulator, box)
    return 0


def _outage(arguments: argparse.Namespace) -> int:
    areas = places.areas()
    code, host = areas.find(arguments.area), places.find_host(arguments.network)
    label = outages.request(arguments.outages, code, host, arguments.minutes)
    print(f"{host} is out in {areas.title(code)} until {label['end_ts']}", file=sys.stderr)
    print(json.dumps(label, ensure_ascii=False))
    return 0


def _add_phones(parser: argparse.ArgumentParser) -> None:
    defaults = Disorder()
    parser.add_argument("--seed", type=_natural, default=1, help="same seed and arguments, same records (default 1)")
    parser.add_argument(
        "--events-per-day",
        type=_positive,
        default=200_000,
        help=f"mean; there is a phone for every {population.EVENTS_PER_PHONE_AND_DAY} of them (default 200,000)",
    )
    parser.add_argument(
        "--late",
        type=_share,
        default=defaults.late_share,
        help=f"share uploaded minutes to days after (default {defaults.late_share})",
    )
    parser.add_argument(
        "--duplicates",
        type=_share,
        default=defaults.duplicate_share,
        help=f"share sent twice (default {defaults.duplicate_share})",
    )
    parser.add_argument(
        "--malformed",
        type=_share,
        default=defaults.malformed_share,
        help=f"unreadable records, as a share (default {defaults.malformed_share})",
    )


def _instant(text: str) -> int:
    try:
        return scenarios.from_iso(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no instant such as 2026-11-24T00:00:00Z") from error


def _natural(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0")
    return int(text)


def _positive(text: str) -> float:
    return _number(text, "a number above 0", lambda value: 0 < value < float("inf"))


def _share(text: str) -> float:
    return _number(text, "a share from 0 to below 1", lambda value: 0 <= value < 1)


def _number(text: str, expected: str, fits: Callable[[float], bool]) -> float:
    with contextlib.suppress(ValueError):
        if fits(value := float(text)):
            return value
    raise argparse.ArgumentTypeError(f"{text} is not {expected}")
