"""What can happen to a network, or only seem to: the kinds of scenario, and one of them at a place and time."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from infra.feed.simulate import places
from infra.feed.simulate.places import Areas

Evidence = Literal["explicit", "silence", "late", "none"]


@dataclass(frozen=True)
class Kind:
    """`minutes`, `hours`: ranges of its duration and of the local hour of its start, when the seed places it.

    `bad_share`: range of the share of phones in scope that lose service, at its worst.
    `prompt_share`: of those, how many can upload at once (over Wi-Fi); the others do so when it is over.
    """

    meaning: str
    is_outage: bool
    evidence: Evidence
    minutes: tuple[int, int]
    bad_share: tuple[float, float] = (0.0, 0.0)
    prompt_share: float = 0.65
    hours: tuple[int, int] = (7, 21)
    scope: Literal["network", "all networks", "province"] = "network"


KINDS = {
    "full": Kind("every network of an area fails", True, "explicit", (30, 180), (0.97, 0.97), scope="all networks"),
    "partial": Kind(
        "30 to 70 % of a network's phones in an area lose service", True, "explicit", (45, 180), (0.3, 0.7)
    ),
    "one_network": Kind("one network of an area fails, the others work", True, "explicit", (30, 180), (0.97, 0.97)),
    "province": Kind(
        "a network fails in a whole province", True, "explicit", (60, 180), (0.95, 0.95), scope="province"
    ),
    "silent": Kind("a network's phones in an area send nothing, then or later", True, "silence", (60, 240), (1.0, 1.0)),
    "late": Kind("phones report only 1 to 6 hours after the end", True, "late", (60, 180), (0.97, 0.97), 0.0),
    "flapping": Kind("12 minutes without service, 12 with, and so on", True, "explicit", (90, 240), (0.97, 0.97)),
    "brown_out": Kind("the share of phones without service grows from 0", True, "explicit", (120, 240), (0.6, 0.9)),
    "mvno_host": Kind("the host of an area's MVNO phones fails", True, "explicit", (30, 180), (0.97, 0.97)),
    "stuck_phone": Kind("one phone reports lost service for hours", False, "none", (120, 480), prompt_share=1.0),
    "sensor_glitch": Kind("values are nonsense, service is fine", False, "none", (60, 240)),
    "quiet_night": Kind(
        "hardly any phone of an area measures", False, "none", (180, 240), hours=(0, 2), scope="all networks"
    ),
    "stadium_crowd": Kind(
        "many times the phones, slightly worse service",
        False,
        "none",
        (120, 180),
        (0.02, 0.02),
        1.0,
        (16, 20),
        "all networks",
    ),
}


class InvalidScenario(Exception):
    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class Scenario:
    """One network's part of a scenario; parts that belong together share `scenario_id`.

    `is_noticed`: phones that lose service begin a bout of measurements then, and one when it is back.
    """

    scenario_id: str
    scenario: str
    area_codes: tuple[str, ...]
    host_network: str
    start_ms: int
    end_ms: int
    bad_share: float
    seed: int
    is_noticed: bool = False

    @property
    def kind(self) -> Kind:
        return KINDS[self.scenario]

    def to_label(self) -> dict[str, Any]:
        return {
            "scenario_id": self.scenario_id,
            "scenario": self.scenario,
            "is_outage": self.kind.is_outage,
            "evidence": self.kind.evidence,
            "area_codes": list(self.area_codes),
            "host_network": self.host_network,
            "start_ts": to_iso(self.start_ms),
            "end_ts": to_iso(self.end_ms),
            "bad_share": self.bad_share,
            "seed": self.seed,
            "is_noticed": self.is_noticed,
        }


def read(path: Path, areas: Areas) -> list[Scenario]:
    """Scenarios from JSON lines in the labels' format.

    Raises: InvalidScenario, OSError.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_parse(f"{path} line {number}", line, number, areas) for number, line in enumerate(lines, start=1)]


def _parse(where: str, line: str, number: int, areas: Areas) -> Scenario:
    try:
        label = json.loads(line)
        kind = KINDS.get(label["scenario"])
        if kind is None:
            raise InvalidScenario(where, f"no scenario {label['scenario']!r}: choose from {', '.join(KINDS)}")
        found = Scenario(
            scenario_id=str(label.get("scenario_id", number)),
            scenario=label["scenario"],
            area_codes=tuple(areas.find(code) for code in label["area_codes"]),
            host_network=places.find_host(label["host_network"]),
            start_ms=from_iso(label["start_ts"]),
            end_ms=from_iso(label["end_ts"]),
            bad_share=float(label.get("bad_share", kind.bad_share[1])),
            seed=int(label.get("seed", number)),
            is_noticed=bool(label.get("is_noticed", False)),
        )
    except KeyError as error:
        raise InvalidScenario(where, f"{error} is missing") from error
    except (ValueError, TypeError, AttributeError, places.UnknownName, places.NotAHost) as error:
        raise InvalidScenario(where, str(error)) from error
    if found.is_noticed and found.scenario != "one_network":
        raise InvalidScenario(where, "is_noticed goes with one_network only")
    if not found.area_codes or found.end_ms <= found.start_ms or not 0 <= found.bad_share <= 1:
        raise InvalidScenario(where, "it needs an area, an end_ts after start_ts and a bad_share from 0 to 1")
    return found


def to_iso(instant_ms: int) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> int:
    """Raises: ValueError: no ISO-8601 instant with its offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no offset: write it as 2026-11-24T10:00:00Z")
    return round(instant.timestamp() * 1000)
