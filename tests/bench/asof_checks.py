"""What outage_checks would have said at many instants, from the compiled SQL of the models themselves.

An instant's world holds what had arrived by then. Every world is put into a time of its own, two days behind the one
before, so that one statement of the models' SQL judges many: nothing in it looks further back than a few hours.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from infra.local import athena_client

STEP = timedelta(minutes=5)
WORLDS = 36
# The hour of the score, the hour before in which a phone may have said the same, and the window.
LOOK_BACK = timedelta(minutes=135)
_STRIDE_DAYS = 2
_TIMES = ("event_ts", "arrival_ts", "ingest_ts")


@dataclass(frozen=True)
class Sql:
    """The models' compiled SQL, over the relations that stand for their inputs."""

    votes: str
    checks: str


def read(project: Path) -> Sql:
    """From `dbt compile`, whose incremental parts are cut off: what is touched, and what vanished."""
    found = {}
    for name in ("intermediate/int_outage_votes_5min", "marts/outage_checks"):
        (path,) = project.glob(f"target/compiled/telcopulse/dbt_project/models/{name}.sql")
        body = re.sub(r"(?s)/\*touched .*?/\*end\*/", "true", path.read_text())
        found[name] = body[: body.index("final as (")].rstrip().removesuffix(",") + "\nselect * from rebuilt"
    votes, checks = found.values()
    return Sql(
        re.sub(r'"\w+"\."\w+"\."stg_network_events"', "asof_events", votes),
        re.sub(r'"\w+"\."\w+"\."int_outage_(votes_5min|baselines)"', r"asof_\1", checks),
    )


def judge(sql: Sql, schema: str, first: datetime, worlds: int = WORLDS) -> None:
    """Add to the table `asof_checks` what was said at `first` and every 5 minutes after of the last 15 minutes: where
    it is bad, or where 10 votes have a bad share of 20 %."""
    _make(schema, "asof_votes_5min", f"with asof_events as ({_events(first, worlds)}) {_as_cte(sql.votes)}")
    _make(schema, "asof_baselines", _baselines(first, worlds))
    began = f"timestamp '{first - LOOK_BACK}'"
    athena_client.query(
        f"""
        insert into asof_checks
        with said as ({sql.checks}),
        placed as (
            select *, cast(date_diff('minute', {began}, check_ts) / {_STRIDE_DAYS * 1440} as integer) as world from said
        ),
        timed as (
            select
                *,
                cast(timestamp '{first}' + world * interval '{_minutes(STEP)}' minute as timestamp(6)) as as_of_ts,
                cast(check_ts - world * interval '{_STRIDE_DAYS}' day as timestamp(6)) as real_check_ts
            from placed
        )
        select as_of_ts, real_check_ts, area_level, area_code, network, verdict, vote_n, bad_share, score
        from timed
        where
            real_check_ts >= as_of_ts - interval '15' minute
            and (verdict in ('CONFIRMED', 'DEGRADED', 'SUSPECTED') or (vote_n >= 10 and bad_share >= 0.2))
        """,
        database=schema,
        workgroup="dbt",
    )


def create(schema: str) -> None:
    """An empty table `asof_checks`."""
    _make(
        schema,
        "asof_checks",
        """
        select
            cast(null as timestamp(6)) as as_of_ts, cast(null as timestamp(6)) as check_ts,
            cast('' as varchar) as area_level, cast('' as varchar) as area_code, cast('' as varchar) as network,
            cast('' as varchar) as verdict, bigint '0' as vote_n, 0E0 as bad_share, 0E0 as score
        where false
        """,
    )


def _events(first: datetime, worlds: int) -> str:
    as_of = f"timestamp '{first}' + w.world * interval '{_minutes(STEP)}' minute"
    last = first + STEP * worlds
    shifted = ", ".join(f"e.{name} + w.world * interval '{_STRIDE_DAYS}' day as {name}" for name in _TIMES)
    kept = (
        "event_id, device_key, area_code, province_code, host_network, service_state, "
        "source, source_row, shard_id, sequence_number"
    )
    columns = ", ".join(f"e.{name}" for name in kept.split(", "))
    return f"""
        select {columns}, {shifted}
        from stg_network_events as e
        cross join unnest(sequence(0, {worlds - 1})) as w (world)
        where
            e.ingest_ts >= timestamp '{first - LOOK_BACK}'
            and e.ingest_ts < timestamp '{last}'
            and e.event_ts >= timestamp '{first - LOOK_BACK}'
            and e.ingest_ts < {as_of}
            and e.event_ts >= {as_of} - interval '{_minutes(LOOK_BACK)}' minute
    """


def _baselines(first: datetime, worlds: int) -> str:
    as_of = f"timestamp '{first}' + w.world * interval '{_minutes(STEP)}' minute"
    return f"""
        select
            b.period_start_ts + w.world * interval '{_STRIDE_DAYS}' day as period_start_ts,
            b.area_level, b.area_code, b.host_network, b.province_code, b.bad_share, b.expected_votes_by_hour
        from int_outage_baselines as b
        cross join unnest(sequence(0, {worlds - 1})) as w (world)
        where
            b.period_start_ts between timestamp '{first - timedelta(days=2)}' and timestamp '{first + STEP * worlds}'
            and b.period_start_ts <= {as_of}
            and b.period_start_ts + interval '25' hour > {as_of} - interval '{_minutes(LOOK_BACK)}' minute
    """


def _as_cte(votes: str) -> str:
    """The body of a WITH behind another CTE."""
    return ", " + re.sub(r"(?s)^.*?\bwith\b", "", votes, count=1)


def _make(schema: str, name: str, sql: str) -> None:
    athena_client.query(f"drop table if exists {name}", database=schema, workgroup="dbt")
    athena_client.query(
        f"create table {name} with (table_type = 'iceberg', is_external = false, "
        f"location = 's3://telcopulse-marts/{schema}/{name}/{uuid.uuid4()}/') as {sql}",
        database=schema,
        workgroup="dbt",
    )


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
