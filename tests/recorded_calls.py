"""What the roles did on the local AWS, judged by the account's policies: a table of it, and what nothing needed."""

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local import resources
from infra.local.callers import ROLES
from infra.local.settings import ACCOUNT_ID, REGION, REPO_ROOT
from tests import access
from tests.access import NAME, Ask

PAGE = REPO_ROOT / "docs" / "access.md"
# What the account calls what the local AWS has.
_IN_THE_ACCOUNT = {
    **{
        f"arn:aws:s3:::{name}": f"arn:aws:s3:::{NAME}-{name.removeprefix('telcopulse-')}-{ACCOUNT_ID}"
        for name in resources.BUCKETS
    },
    f":stream/{resources.STREAM}": f":stream/{NAME}-{resources.STREAM}",
    f":{resources.OUTAGES_TOPIC}": f":{NAME}-outages",
}


@dataclass(frozen=True, order=True)
class Row:
    """One line of the table: what a role did on a kind of resource, by itself or through Athena."""

    role: str
    way: str
    action: str
    resource: str
    allowed: bool


@dataclass
class Report:
    rows: Counter[Row] = field(default_factory=Counter)
    used: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    unclear_count: int = 0

    @property
    def roles(self) -> set[str]:
        return {row.role for row in self.rows}

    def unused(self) -> list[str]:
        """Statements of the roles that made calls, which none of their calls needed."""
        return [name for role in sorted(self.roles) for name in access.statements(role) if name not in self.used]

    def unexplained(self) -> list[str]:
        """Unused statements of which docs/access.md does not say why they stay."""
        page = PAGE.read_text()
        return [name for name in self.unused() if f"| `{name}` |" not in page]

    def table(self) -> str:
        lines = ["| role | way | action | on | allowed | calls |", "| --- | --- | --- | --- | --- | ---: |"]
        for row, count in sorted(self.rows.items()):
            allowed = "yes" if row.allowed else "**no**"
            lines.append(f"| {row.role} | {row.way} | {row.action} | `{row.resource}` | {allowed} | {count:,} |")
        return "\n".join(lines)


def judged(log: Path) -> Report:
    """Judge every call that a role made.

    The engine asks Glue with one key for all roles. Where several may have asked, one of them must be allowed; such
    calls are counted, and stand in no row.
    """
    report = Report()
    with log.open() as lines:
        for call in map(json.loads, lines):
            roles = [role for role in call["roles"] if role in ROLES]
            if len(call["roles"]) == len(roles) == 1:
                _count(report, _asks(roles[0], call))
            elif roles:
                report.unclear_count += 1
                allowed = [role for role in roles if all(access.judge(ask).allowed for ask in _asks(role, call))]
                if "other" not in call["roles"] and not allowed:
                    report.refused.append(f"none of {roles}: {call['action']} on {call['resources']}")
    return report


def kind(arn: str) -> str:
    """A resource without what differs from run to run: short, and a file by its folder."""
    if arn == "*":
        return arn
    service, _, resource = arn.removeprefix("arn:aws:").partition(":")
    resource = resource.removeprefix(f"{REGION}:{ACCOUNT_ID}:").lstrip(":").replace(f"-{ACCOUNT_ID}", "")
    parts = resource.split("/")
    if service == "s3" and len(parts) > 1:
        depth = 3 if "outage_acknowledgements" in parts[2:3] else 2
        return "/".join([*parts[:depth], "…"])
    if service == "iam":
        return f"{parts[0].removeprefix(f'{ACCOUNT_ID}:')}/…"
    if service == "glue" and parts[0] == "table":
        return resource if parts[-1] in ("network_events", "outage_acknowledgements") else f"table/{parts[1]}/…"
    return resource


def _asks(role: str, call: dict[str, Any]) -> list[Ask]:
    """What the call needs; on a table its database and the catalog, too, and the table last."""
    return [
        Ask(role, call["action"], _in_the_account(resource), call["through_athena"], call["context"])
        for resource in call["resources"]
    ]


def _in_the_account(resource: str) -> str:
    for local, name in _IN_THE_ACCOUNT.items():
        if local.startswith(":"):
            resource = resource.removesuffix(local) + name if resource.endswith(local) else resource
        elif resource == local or resource.startswith(f"{local}/"):
            resource = name + resource.removeprefix(local)
    return resource


def _count(report: Report, asks: list[Ask]) -> None:
    """One call is one row, of its last resource; what AWS asks KMS for besides is one of its own."""
    verdicts = [access.judge(ask) for ask in asks]
    report.used.update(verdicts[-1].by)
    _add(report, asks[-1], all(verdict.allowed for verdict in verdicts))
    for ask, verdict in zip(asks, verdicts, strict=True):
        if not verdict.allowed:
            way = " through Athena" if ask.through_athena else ""
            why = ", ".join(verdict.by) or "nothing allows it"
            report.refused.append(f"{ask.role}{way}: {ask.action} on {ask.resource}: {why}")
    for ask in access.implied(asks[-1]):
        _count(report, [ask])


def _add(report: Report, ask: Ask, allowed: bool) -> None:
    way = "Athena" if ask.through_athena else "itself"
    report.rows[Row(ask.role, way, ask.action, kind(ask.resource), allowed)] += 1


if __name__ == "__main__":
    found = judged(Path(sys.argv[1]))
    print(found.table(), *found.refused, *found.unused(), sep="\n")
