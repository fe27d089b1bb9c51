"""What was said of simulated networks against what was done to them. Definitions: docs/outage-scores.md."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

# An alarm that is silent for so long is over.
GAP = timedelta(minutes=60)
# A window holds what was measured before, and a score what was within the hour.
WINDOW = timedelta(minutes=15)
MIN_VOTES = 10
FIXED_SHARE = 0.2
KNOWN_TS = "first_affected_arrival_ts"
LABEL_FIELDS = ("scenario", "is_outage", "evidence", "area_codes", "host_network", "start_ts", "end_ts", "measured_n")
EVIDENCE = ("explicit", "silence", "late", "none")
CELL = ["area_level", "area_code", "network"]
VOTES = ((0, 5), (5, 10), (10, 20), (20, 50), (50, float("inf")))
RULES = ("confirmed", "fixed_threshold", "three_sigma")


@dataclass(frozen=True)
class Judged:
    """A history: `said` as of arrival, `in_the_end` by all that arrived, `hourly` by the rule on hourly counts."""

    name: str
    days: float
    labels: pd.DataFrame
    said: pd.DataFrame
    in_the_end: pd.DataFrame
    hourly: pd.DataFrame

    @property
    def is_clean(self) -> bool:
        return self.labels.empty

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("labels", "said", "in_the_end", "hourly"):
            getattr(self, name).to_pickle(folder / f"{name}.pickle")


@dataclass
class Outage:
    scenario: str
    evidence: str
    votes: float
    # Minutes from the first bad vote's arrival to the first alarm, by rule; absent if it was not found.
    delays: dict[str, float] = field(default_factory=dict)
    is_suspected: bool = False
    is_found_in_the_end: bool = False

    @property
    def is_explicit(self) -> bool:
        return self.evidence == "explicit"


@dataclass
class Figures:
    days: float
    clean_days: float
    histories: list[str]
    clean_histories: list[str]
    outages: list[Outage]
    # By rule, and of CONFIRMED by all that arrived in the end.
    false_alarms: dict[str, int]
    false_on_clean_days: dict[str, int]
    false_suspected: int
    false_in_the_end: int
    false_by_cause: dict[str, int]

    @property
    def judged(self) -> list[Outage]:
        return [outage for outage in self.outages if outage.is_explicit and outage.votes >= MIN_VOTES]

    def summary(self) -> dict[str, Any]:
        silent = [outage for outage in self.outages if outage.evidence == "silence"]
        late = [outage for outage in self.outages if outage.evidence == "late"]
        return {
            **self.of_rule("confirmed"),
            "silence_recall": share([outage.is_suspected for outage in silent]),
            "silence_outages": len(silent),
            "late_recall_in_the_end": share([outage.is_found_in_the_end for outage in late]),
            "late_outages": len(late),
            "false_suspected_28d": round(self.false_suspected * 28 / self.days, 2),
            "false_confirmed_in_the_end": self.false_in_the_end,
            "days": self.days,
            "clean_days": self.clean_days,
            "by_scenario": self.by_scenario(),
            "by_votes_per_window": self.by_votes("confirmed"),
            "fixed_threshold": self.of_rule("fixed_threshold"),
            "three_sigma": self.of_rule("three_sigma"),
        }

    def of_rule(self, rule: str) -> dict[str, Any]:
        found = sum(rule in outage.delays for outage in self.judged)
        raised = found + self.false_alarms[rule]
        return {
            "precision": round(found / raised, 3) if raised else None,
            **of_outages(self.judged, rule),
            "false_confirmed": self.false_alarms[rule],
            "false_alarms_per_day": round(self.false_alarms[rule] / self.days, 3),
            "false_confirmed_28d": round(self.false_on_clean_days[rule] * 28 / self.clean_days, 2)
            if self.clean_days
            else None,
        }

    def by_scenario(self, rule: str = "confirmed") -> dict[str, Any]:
        names = sorted({outage.scenario for outage in self.judged})
        return {name: of_outages([found for found in self.judged if found.scenario == name], rule) for name in names}

    def by_votes(self, rule: str) -> dict[str, Any]:
        explicit = [outage for outage in self.outages if outage.is_explicit]
        return {
            f"{low:g} to {high:g}" if high < float("inf") else f"{low:g} or more": of_outages(
                [outage for outage in explicit if low <= outage.votes < high], rule
            )
            for low, high in VOTES
        }


def of(histories: Sequence[Judged]) -> Figures:
    clean = [history for history in histories if history.is_clean]
    figures = Figures(
        days=sum(history.days for history in histories),
        clean_days=sum(history.days for history in clean),
        histories=[history.name for history in histories if not history.is_clean],
        clean_histories=[history.name for history in clean],
        outages=[],
        false_alarms=dict.fromkeys(RULES, 0),
        false_on_clean_days=dict.fromkeys(RULES, 0),
        false_suspected=0,
        false_in_the_end=0,
        false_by_cause={},
    )
    for history in histories:
        _add(figures, history)
    return figures


def of_outages(outages: Iterable[Outage], rule: str) -> dict[str, Any]:
    outages = list(outages)
    delays = sorted(outage.delays[rule] for outage in outages if rule in outage.delays)
    return {
        "outages": len(outages),
        "recall": share([rule in outage.delays for outage in outages]),
        "delay_p50_min": round(statistics.median(delays), 1) if delays else None,
        "delay_p95_min": round(delays[int(0.95 * (len(delays) - 1) + 0.5)], 1) if delays else None,
    }


def share(answers: Sequence[bool]) -> float | None:
    return round(sum(answers) / len(answers), 3) if answers else None


def read_labels(path: Path, begin: datetime) -> pd.DataFrame:
    """The labels from `begin` on, their instants as naive UTC.

    Raises: ValueError: a line is no JSON, or a field of one is missing or not what it should be.
    """
    labels = pd.read_json(path, lines=True, dtype=False)
    if labels.empty:
        return labels
    for name in LABEL_FIELDS:
        if name not in labels or labels[name].isna().any():
            raise ValueError(f"a label has no {name}")
    if not labels["is_outage"].isin([True, False]).all():
        raise ValueError("is_outage of a label is neither true nor false")
    if not labels["evidence"].isin(EVIDENCE).all():
        raise ValueError(f"evidence of a label is none of {', '.join(EVIDENCE)}")
    if not labels["area_codes"].map(lambda codes: isinstance(codes, list)).all():
        raise ValueError("area_codes of a label is no list")
    if KNOWN_TS not in labels:
        labels[KNOWN_TS] = None
    for name in ("start_ts", "end_ts", KNOWN_TS):
        texts = labels[name].astype("string")
        labels[name] = pd.to_datetime(texts, utc=True, format="ISO8601").dt.tz_localize(None)
    if (labels["end_ts"] <= labels["start_ts"]).any():
        raise ValueError("a label ends before it starts")
    # An outage that nobody measured could be known from its start.
    labels[KNOWN_TS] = labels[KNOWN_TS].fillna(labels["start_ts"])
    return labels[labels["start_ts"] >= begin].reset_index(drop=True)


def alarms(said: pd.DataFrame) -> list[Any]:
    """One per cell and stretch of time in which it was said: since when, and of which checks."""
    said = said.sort_values([*CELL, "as_of_ts", "check_ts"])
    is_other = (said[CELL] != said[CELL].shift()).any(axis=1)
    number = (is_other | (said["as_of_ts"] - said["as_of_ts"].shift() > GAP)).cumsum()
    grouped = said.groupby([*CELL, number.rename("number")], as_index=False)
    return list(
        grouped.agg(
            since=("as_of_ts", "min"), first=("check_ts", "min"), last=("check_ts", "max"), votes=("vote_n", "max")
        ).itertuples()
    )


def matches(alarm: Any, label: Any) -> bool:
    """The same network and time, in the label's area or in a roll-up that holds it."""
    return (
        alarm.network == label.host_network
        and alarm.first <= label.end_ts + WINDOW
        and alarm.last >= label.start_ts - timedelta(minutes=5)
        and (
            alarm.area_level == "all"
            or (alarm.area_level == "municipality" and alarm.area_code in label.area_codes)
            or (alarm.area_level == "province" and any(code[:2] == alarm.area_code for code in label.area_codes))
        )
    )


def window_votes(label: Any) -> float:
    return float(label.measured_n / ((label.end_ts - label.start_ts) / WINDOW))


def _add(figures: Figures, history: Judged) -> None:
    said = history.said
    raised = {
        "confirmed": alarms(said[said["verdict"] == "CONFIRMED"]),
        "fixed_threshold": alarms(said[(said["vote_n"] >= MIN_VOTES) & (said["bad_share"] >= FIXED_SHARE)]),
        "three_sigma": alarms(history.hourly),
    }
    suspected = alarms(said[said["verdict"] == "SUSPECTED"])
    in_the_end = alarms(history.in_the_end.assign(as_of_ts=history.in_the_end["check_ts"]))
    labels = list(history.labels.itertuples())
    outages = [label for label in labels if label.is_outage]
    for label in outages:
        outage = Outage(label.scenario, label.evidence, window_votes(label))
        for rule, found in raised.items():
            since = [alarm.since for alarm in found if matches(alarm, label)]
            if since and label.evidence == "explicit":
                known_ts = label.first_affected_arrival_ts
                outage.delays[rule] = max(0.0, (min(since) - known_ts) / timedelta(minutes=1))
        outage.is_suspected = any(matches(alarm, label) for alarm in suspected)
        outage.is_found_in_the_end = any(matches(alarm, label) for alarm in in_the_end)
        figures.outages.append(outage)
    for rule, found in raised.items():
        false = [alarm for alarm in found if not any(matches(alarm, label) for label in outages)]
        figures.false_alarms[rule] += len(false)
        if history.is_clean:
            figures.false_on_clean_days[rule] += len(false)
        if rule == "confirmed":
            for alarm in false:
                causes = [label.scenario for label in labels if matches(alarm, label)]
                cause = causes[0] if causes else "nothing"
                figures.false_by_cause[cause] = figures.false_by_cause.get(cause, 0) + 1
    figures.false_suspected += sum(not any(matches(alarm, label) for label in outages) for alarm in suspected)
    figures.false_in_the_end += sum(not any(matches(alarm, label) for label in outages) for alarm in in_the_end)
