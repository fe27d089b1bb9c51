"""`python -m infra.cost`: the table of docs/cost.md."""

from infra.cost import prices
from infra.cost.model import Measured, Mode, Settings, cores_needed, files_per_day, per_day, shards_needed

# What is advised at each load; docs/cost.md says why.
LOADS = (
    Settings(events_per_s=1_000),
    Settings(events_per_s=10_000, mode=Mode.PROVISIONED, shards=15, trigger_s=30),
    Settings(
        events_per_s=100_000,
        mode=Mode.PROVISIONED,
        shards=150,
        trigger_s=60,
        workers=4,
        refresh_s=300,
        raw_days=90,
    ),
)


def table(measured: Measured) -> str:
    """Settings, needs and dollars a day, a column a load."""
    costs = [per_day(settings, measured) for settings in LOADS]
    rows = [
        ("stream", [settings.mode.value for settings in LOADS]),
        ("shards needed", [f"{shards_needed(settings, measured)}" for settings in LOADS]),
        ("executor cores needed", [f"{cores_needed(settings, measured):.1f}" for settings in LOADS]),
        ("Glue workers, a driver among them", [f"{settings.workers}" for settings in LOADS]),
        ("seconds a batch", [f"{settings.trigger_s}" for settings in LOADS]),
        ("files a day before compaction", [f"{files_per_day(settings, measured):,.0f}" for settings in LOADS]),
        ("seconds from refresh to refresh", [f"{settings.refresh_s}" for settings in LOADS]),
        ("days that raw keeps", [f"{settings.raw_days}" for settings in LOADS]),
        *((name, [f"{cost[name]:,.2f}" for cost in costs]) for name in costs[0]),
        ("total", [f"{sum(cost.values()):,.2f}" for cost in costs]),
        ("a million events", [f"{_of_a_million(*pair):.3f}" for pair in zip(LOADS, costs, strict=True)]),
    ]
    heads = [f"{settings.events_per_s:,} events/s" for settings in LOADS]
    lines = [f"| US dollars a day ({prices.AS_OF}) | {' | '.join(heads)} |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {name} | {' | '.join(values)} |" for name, values in rows]
    return "\n".join(lines)


def _of_a_million(settings: Settings, cost: dict[str, float]) -> float:
    return sum(cost.values()) / (settings.events_per_day / 1e6)


if __name__ == "__main__":
    print(table(Measured()))
