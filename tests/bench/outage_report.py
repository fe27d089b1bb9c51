"""The page docs/outage-scores.md and its plots, from the figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.outage_figures import Figures

NAMES = {"confirmed": "CONFIRMED", "fixed_threshold": "fixed threshold", "three_sigma": "3 sigma"}
COLOURS = {"confirmed": "#0b5fa5", "fixed_threshold": "#c77700", "three_sigma": "#8a8a8a"}
DELAY_MAX_MIN = 60
# A share of fewer is known to several hundredths only.
ENOUGH_OUTAGES = 100
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 640, 300, 50, 40, 50
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - 20, _HEIGHT - _TOP - _BOTTOM
INTRODUCTION = """# How well outages are found

Written by `make score-outages`; don't edit. What the rules are: [docs/outages.md](outages.md).

Simulated phones (200,000 measurements a day unless the command says otherwise, 20 a day from each; 35 % of the phones
that an outage hits can't upload before its end) have outages and what only looks like one ([docs/feed.md](feed.md)).
The models' SQL judges every 5 minutes by what had arrived by then. It runs on DuckDB, from what dbt compiles for
Athena; a test holds it to refreshes of the models, step by step on Athena. The first 2 days of a history only make
baselines.

| figure | definition |
| --- | --- |
| outage | one network's part of a scenario; explicit: its phones say that they have no service |
| alarm | CONFIRMED in a cell, until it was not said for 60 minutes |
| found | an alarm of the network, in the area or a roll-up that holds it, on checks of the outage's time |
| recall | of the explicit outages with 10 or more measurements per 15 minutes |
| precision | these outages found, of them and the false alarms: a province in which 90 towns are right counts once |
| delay | minutes from the first bad vote's arrival to the first alarm, said at full 5 minutes: the loop is sooner |
| false | an alarm that matches no outage; in 28 days over the whole network, on days without any scenario |
| fixed threshold | the same windows: a bad share of 20 % or more of 10 or more votes |
| 3 sigma | per area and network: the bad votes of an hour above mean + 3 sigma of all its hours on the days before |
"""


def write(page: Path, figures: Figures, command: str, minutes: int) -> None:
    images = page.parent / "images"
    images.mkdir(exist_ok=True)
    (images / "outage-recall.svg").write_text(_recall_by_votes(figures), encoding="utf-8")
    (images / "outage-delay.svg").write_text(_delays(figures), encoding="utf-8")
    page.write_text(_page(figures, command, minutes), encoding="utf-8")


def _page(figures: Figures, command: str, minutes: int) -> str:
    summary = figures.summary()
    busy = f"{figures.days - figures.clean_days:g} days with scenarios ({_listed(figures.histories)})"
    clean = f"{figures.clean_days:g} days without any ({_listed(figures.clean_histories)})"
    rules = [[NAMES[rule], *_rule(figures.of_rule(rule))] for rule in NAMES]
    scenarios = [[name, *_found(found)] for name, found in figures.by_scenario().items()]
    votes = [
        [name, *_found(found), _text(figures.by_votes("fixed_threshold")[name]["recall"])]
        for name, found in figures.by_votes("confirmed").items()
    ]
    causes = ", ".join(f"{count} in {cause}" for cause, count in sorted(figures.false_by_cause.items())) or "none"
    parts = [
        INTRODUCTION,
        f"`{command}` took {minutes} minutes.\n\n{busy}, {clean}. {_caveat(figures)}".rstrip() + "\n",
        "## Against two other rules\n",
        _table(
            ["rule", "precision", "recall", "delay p50", "p95", "false a day", "false in 28 clean days"],
            rules,
        ),
        f"False alarms of CONFIRMED by what was going on there: {causes}. By all that arrived in the end, "
        f"{figures.false_in_the_end} false.\n",
        "## By scenario\n",
        _table(["scenario", "outages", "recall", "delay p50", "p95"], scenarios),
        f"Silence: of {summary['silence_outages']} silent outages a share of {_text(summary['silence_recall'])} was "
        f"SUSPECTED, and in 28 days {_text(summary['false_suspected_28d'])} times something else. Late: of "
        f"{summary['late_outages']} outages that were reported only hours after, a share of "
        f"{_text(summary['late_recall_in_the_end'])} was CONFIRMED in the end.\n",
        "## By votes per window\n",
        _table(["measurements in 15 minutes", "outages", "recall", "delay p50", "p95", "fixed threshold"], votes),
        "![Recall by votes per window](images/outage-recall.svg)\n",
        "![Delay until CONFIRMED](images/outage-delay.svg)\n",
    ]
    return "\n".join(parts).rstrip() + "\n"


def _rule(found: dict[str, Any]) -> list[str]:
    names = ("precision", "recall", "delay_p50_min", "delay_p95_min", "false_alarms_per_day", "false_confirmed_28d")
    return [_text(found[name]) for name in names]


def _found(found: dict[str, Any]) -> list[str]:
    return [_text(found[name]) for name in ("outages", "recall", "delay_p50_min", "delay_p95_min")]


def _caveat(figures: Figures) -> str:
    if len(figures.judged) >= ENOUGH_OUTAGES:
        return ""
    return f"These are only {len(figures.judged)} explicit outages of 10 or more votes: the shares are rough."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _recall_by_votes(figures: Figures) -> str:
    groups = list(figures.by_votes("confirmed"))
    span = _PLOT_WIDTH / len(groups)
    width = span / 4
    marks = []
    for position, (rule, colour) in enumerate(COLOURS.items()):
        for number, group in enumerate(groups):
            recall = figures.by_votes(rule)[group]["recall"]
            left = _LEFT + number * span + (position + 0.5) * width
            if recall is None:
                middle, bottom = left + width / 2, _TOP + _PLOT_HEIGHT - 4
                marks.append(f'<text x="{middle:.1f}" y="{bottom}" text-anchor="middle">–</text>')
                continue
            height = _PLOT_HEIGHT * recall
            top = _TOP + _PLOT_HEIGHT - height
            marks.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
            )
    ticks = [(_LEFT + (number + 0.5) * span, group) for number, group in enumerate(groups)]
    return _plot("Recall of explicit outages", "measurements per 15 minutes", ticks, marks)


def _delays(figures: Figures) -> str:
    marks = []
    for rule, colour in COLOURS.items():
        delays = sorted(outage.delays.get(rule, float("inf")) for outage in figures.judged)
        points = [(0.0, 0.0)]
        for number, delay in enumerate(delays, start=1):
            if delay <= DELAY_MAX_MIN:
                points += [(delay, points[-1][1]), (delay, number / len(delays))]
        points.append((DELAY_MAX_MIN, points[-1][1]))
        path = " ".join(
            f"{_LEFT + _PLOT_WIDTH * minutes / DELAY_MAX_MIN:.1f},{_TOP + _PLOT_HEIGHT * (1 - part):.1f}"
            for minutes, part in points
        )
        marks.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    ticks = [(_LEFT + _PLOT_WIDTH * minutes / DELAY_MAX_MIN, f"{minutes}") for minutes in range(0, 61, 10)]
    title = "Share of explicit outages with 10 or more votes per window that are found"
    return _plot(title, "minutes since the first bad vote arrived", ticks, marks)


def _plot(title: str, below: str, ticks: Sequence[tuple[float, str]], marks: Sequence[str]) -> str:
    shares = [(_TOP + _PLOT_HEIGHT * (1 - share), f"{share:g}") for share in (0, 0.25, 0.5, 0.75, 1)]
    lines = [
        f'<line x1="{_LEFT}" x2="{_WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
        for y, text in shares
    ]
    under = [f'<text x="{x:.1f}" y="{_HEIGHT - 32}" text-anchor="middle">{text}</text>' for x, text in ticks]
    keys = [
        f'<text x="{_WIDTH - 20 - 120 * (2 - number)}" y="34" text-anchor="end" fill="{COLOURS[rule]}">{name}</text>'
        for number, (rule, name) in enumerate(NAMES.items())
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
            'font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="{_LEFT}" y="16" font-weight="bold">{title}</text>',
            *lines,
            *marks,
            *under,
            *keys,
            f'<text x="{_LEFT + _PLOT_WIDTH / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{below}</text>',
            "</svg>\n",
        ]
    )
