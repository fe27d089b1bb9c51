"""A raw table and marts over it, kept by a warm dbt, and what stands in them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests import raw_writer
from tests.integration.catalog_clients import pyiceberg_catalog
from tests.integration.histories import History
from tests.warm_dbt import WarmDbt

INTERMEDIATE = "int_network_events_5min"
KEYS = {
    INTERMEDIATE: ("bucket_ts", "area_code", "network", "operator", "rat", "provider"),
    "signal_trends": ("period", "period_start_ts", "area_level", "area_code", "network", "rat"),
    "gps_accuracy": ("period", "period_start_ts", "area_level", "area_code", "operator", "provider"),
    "int_arrivals_5min": ("bucket_ts", "source", "feed"),
    "rejected_events": ("period_start_ts", "source", "feed", "reject_reason"),
    "service_status": ("period", "period_start_ts", "area_level", "area_code", "network"),
}
OUTAGE_KEYS = {
    "int_outage_votes_5min": ("bucket_ts", "area_code", "host_network"),
    "int_outage_votes_day": ("period_start_ts", "area_code", "host_network"),
    "int_outage_baselines": ("period_start_ts", "area_level", "area_code", "host_network"),
    "outage_checks": ("check_ts", "area_level", "area_code", "network"),
    "outage_incidents": ("area_level", "area_code", "network", "first_check_ts"),
    "outage_minutes": ("period_start_ts", "area_level", "area_code", "network"),
}
Key = tuple[Any, ...]


class Marts:
    def __init__(self, endpoint_url: str, name: str, project: Path) -> None:
        self._catalog = pyiceberg_catalog(endpoint_url)
        self._project = project
        self.schema, self._database = f"marts_{name}", f"raw_{name}"
        self.raw = raw_writer.create(self._catalog, self._database)
        self.dbt = self.another_dbt()

    def another_dbt(self) -> WarmDbt:
        """One more process on the same marts: parses the project as it stands now."""
        return WarmDbt(self._project, schema=self.schema, raw=self._database)

    def killed(self) -> None:
        """kill -9 the process, whatever it is at; another one, which parses anew, takes its place."""
        self.dbt.kill()
        self.dbt = self.another_dbt()

    def begin(self, history: History, models: Sequence[str] = tuple(KEYS)) -> None:
        """An empty raw table, and the marts of a first batch."""
        self.empty()
        self.append(history.batch(60))
        self.make_anew(models)

    def make_anew(self, models: Sequence[str]) -> None:
        """From what raw holds, whatever it held before."""
        variables = "{beat: all, full_refresh_may_lose_days: true}"
        self.dbt.run("run", "--select", *models, "--vars", variables, "--full-refresh")

    def empty(self) -> None:
        """No rows in raw; the marts still have theirs."""
        self.raw = raw_writer.create(self._catalog, self._database)

    def drop(self, model: str) -> None:
        self._catalog.drop_table(f"{self.schema}.{model}")

    def append(self, rows: pa.Table) -> None:
        raw_writer.append(self.raw, rows)

    def changed_by_full_refresh(self, models: Sequence[str] = tuple(KEYS)) -> dict[str, Any]:
        """The first rows by model that a full refresh makes otherwise; empty if there are none."""
        stepwise = {model: self.rows(model) for model in models}
        self.refresh("all", models, "--full-refresh")
        found = {model: differences(stepwise[model], self.rows(model)) for model in models}
        return {model: rows[:3] for model, rows in found.items() if rows}

    def counts(self) -> dict[datetime, tuple[int, int]]:
        """(events, duplicates) by bucket."""
        found: dict[datetime, tuple[int, int]] = {}
        columns = ("bucket_ts", "n", "duplicate_count")
        for row in self.scan(INTERMEDIATE).select(columns).to_pylist():
            n, duplicates = found.get(row["bucket_ts"], (0, 0))
            found[row["bucket_ts"]] = (n + row["n"], duplicates + row["duplicate_count"])
        return found

    def refresh(self, beat: str, models: Sequence[str] = tuple(KEYS), *flags: str) -> None:
        self.dbt.run(*command(beat, models, *flags))

    def rows(self, model: str) -> dict[Key, str]:
        """Every row's measures by its key; a key that stands twice fails. refreshed_ts says when, not what."""
        table = self.scan(model)
        if "refreshed_ts" in table.column_names:
            table = table.drop_columns("refreshed_ts")
        found: dict[Key, str] = {}
        for row in table.to_pylist():
            key = tuple(row.pop(name) for name in (KEYS | OUTAGE_KEYS)[model])
            assert key not in found, f"{model}: {key} stands twice"
            found[key] = str({name: sorted(value) if isinstance(value, list) else value for name, value in row.items()})
        return found

    def scan(self, model: str) -> pa.Table:
        return self._catalog.load_table(f"{self.schema}.{model}").scan().to_arrow()


def command(beat: str, models: Sequence[str] = tuple(KEYS), *flags: str) -> tuple[str, ...]:
    return ("run", "--select", *models, "--vars", f"{{beat: {beat}}}", *flags)


def differences(stepwise: dict[Key, str], whole: dict[Key, str]) -> list[tuple[Key, str | None, str | None]]:
    keys = sorted(stepwise.keys() | whole.keys(), key=str)
    return [(key, stepwise.get(key), whole.get(key)) for key in keys if stepwise.get(key) != whole.get(key)]


@contextmanager
def marts_of(endpoint_url: str, name: str, project: Path) -> Iterator[Marts]:
    """Seeded, over an empty raw table."""
    marts = Marts(endpoint_url, name, project)
    try:
        marts.dbt.run("seed")
        marts.dbt.run("run", "--select", "staging")
        yield marts
    finally:
        marts.dbt.kill()
