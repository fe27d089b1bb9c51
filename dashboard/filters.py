"""Filters that live in the address: every value is checked against what exists, and falls back to the default."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

AREA_LEVELS = {"all": "Catalonia", "province": "Province", "municipality": "Municipality"}
RATS = {"all": "All", "2G": "2G", "3G": "3G", "4G": "4G", "5G": "5G", "unknown": "Unknown"}
PROVIDERS = {"all": "All", "gps": "GPS", "fused": "Fused", "network": "Network", "other": "Other"}
RANGES = {"1": "1 day", "2": "2 days", "7": "7 days", "30": "30 days"}

_MOST_SHOWN, _MOST_NAMED = 40, 3
# Of Markdown and of Streamlit's directives, such as :red[…], :material/…: and $…$.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>()#+!|$~:&^-]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Choice:
    """What a filter shows: the chosen value, and why when the address asked for something else."""

    value: str
    complaint: str | None = None


def choose(parameters: Mapping[str, str], name: str, known: Collection[str], default: str) -> Choice:
    """The value of `name` in the address if it is known, else the default with a word about it."""
    asked = parameters.get(name)
    if asked is None or asked == default:
        return Choice(default)
    if asked in known:
        return Choice(asked)
    return Choice(default, f"{quoted(asked)} is not a known {name.replace('_', ' ')}: showing the default instead.")


def choose_day(parameters: Mapping[str, str], known: Collection[str]) -> Choice:
    """The day in the address if it has data, else the newest day; `known` is newest first and not empty."""
    newest = next(iter(known))
    asked = parameters.get("day")
    if asked is None or asked in known:
        return Choice(asked or newest)
    reason = "has no data" if _DAY.fullmatch(asked) else "is not a date"
    return Choice(newest, f"{quoted(asked)} {reason}: showing {newest} instead.")


def complaint_about_unknown(parameters: Collection[str], known: Collection[str]) -> str | None:
    """What the address names that the page does not know, in a sentence; None if it knows all of it."""
    unknown = [name for name in parameters if name not in known]
    if not unknown:
        return None
    named = ", ".join(map(quoted, unknown[:_MOST_NAMED])) + (" and more" if len(unknown) > _MOST_NAMED else "")
    return f"The address asks for {named}, which this page does not know: that is left out."


def quoted(text: str) -> str:
    """What somebody else wrote, as a part of a sentence: short, on one line, shown as it is in Markdown."""
    shown = " ".join(text.split())[:_MOST_SHOWN]
    return f"“{_MARKUP.sub(_escaped, shown)}”"


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"
