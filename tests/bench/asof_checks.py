"""What outage_checks would have said at many instants, from the SQL of the models themselves.

An instant's world holds what had arrived by then. Every world is put into a time of its own, two days behind the one
before, so that one statement of the models' SQL judges a day of them: nothing in it looks further back than a few
hours. Local time must not change between them, so the models are compiled for a zone without summer time.

Most cells of most worlds can't be bad; those that can are found first, by what every rule of `outage_verdict` asks for.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import yaml
from tqdm import tqdm

from infra.local.settings import REPO_ROOT
from tests.bench.duckdb_models import on_duckdb

MODELS = ("stg_network_events", "int_outage_votes_5min", "int_outage_votes_day", "int_outage_baselines")
CHECKS = "outage_checks"
# The reporting time zone's winter time.
VARIABLES = "{reporting_timezone: Etc/GMT-1}"
STEP = timedelta(minutes=5)
# The window, the hour of the score and the hour before, in which a phone may have said the same.
LOOK_BACK = timedelta(minutes=140)
# What each world says of the checks of so many last minutes.
SAID_MINUTES = 15
_LIMITS = yaml.safe_load((REPO_ROOT / "dbt_project.yml").read_text())["vars"]
# No explicit verdict without these in the window: the lower bound of its interval must lie above that share.
_MIN_BAD_SHARE = _LIMITS["outage_degraded_min_share"]
_MIN_BAD_VOTES = min(_LIMITS["outage_min_bad_votes"], _LIMITS["outage_min_bad_buckets"])
_MIN_EXPECTED = _LIMITS["outage_silence_min_expected"]
_STRIDE_DAYS = 2
_ASOF = {"int_outage_votes_5min": "asof_votes", "int_outage_baselines": "asof_baselines"}
_CELL = "bucket_ts, area_code, host_network"


def build(connection: duckdb.DuckDBPyConnection, sql: Mapping[str, str]) -> None:
    """Make the models of all that arrived in the end, from `network_events`: the baselines of each day."""
    for name in MODELS:
        connection.execute(f"create or replace table {name} as {on_duckdb(sql[name])}")


def judge(connection: duckdb.DuckDBPyConnection, sql: Mapping[str, str], begin: datetime, end: datetime) -> None:
    """Add to the table `said`: what was said at `begin` and every 5 minutes after of the checks of the last 15 minutes,
    where any rule may find it bad."""
    connection.execute(
        """
        create or replace table hours (
            hour_ts timestamp, area_code varchar, host_network varchar, vote_n int, bad_n int
        )
        """
    )
    days = -(-(end - begin) // timedelta(days=1))
    for first in tqdm([begin + timedelta(days=day) for day in range(days)], desc="judged", unit="day"):
        last = min(first + timedelta(days=1), end)
        connection.execute(
            f"""
            create or replace table worlds as
            select world, timestamp '{first}' + world * interval {_minutes(STEP)} minute as as_of_ts
            from (select unnest(range({-(-(last - first) // STEP)})) as world)
            """
        )
        _make_versions(connection, sql["int_outage_votes_5min"], first, last)
        _count_hours(connection)
        _find_suspects(connection, sql[CHECKS], first)
        for suspects in ("suspect_areas", "suspect_rollups"):
            _judge_suspects(connection, sql[CHECKS], first, suspects)


def in_the_end(connection: duckdb.DuckDBPyConnection, sql: Mapping[str, str], begin: datetime) -> pd.DataFrame:
    """The confirmed checks from `begin` on, by all that arrived in the end."""
    checks = on_duckdb(sql[CHECKS], {"int_outage_votes_5min": "votes_of_day"})
    (last,) = connection.execute("select max(bucket_ts) from int_outage_votes_5min").fetchone() or (begin,)
    found = []
    for first in pd.date_range(begin, last, freq="D"):
        connection.execute(
            f"""
            create or replace table votes_of_day as
            from int_outage_votes_5min
            where bucket_ts >= timestamp '{first - LOOK_BACK}' and bucket_ts < timestamp '{first}' + interval 1 day
            """
        )
        found.append(
            connection.execute(
                f"""
                select check_ts, area_level, area_code, network, vote_n, bad_n, score
                from ({checks}) where verdict = 'CONFIRMED' and check_ts >= timestamp '{first}'
                """
            ).df()
        )
    return pd.concat(found, ignore_index=True)


def hourly_outliers(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Hours of an area and network with more bad votes than mean + 3 sigma of its hours on the days before, by what had
    arrived 5 minutes after the hour."""
    return connection.execute(
        """
        with days as (
            select
                area_code, host_network, date_trunc('hour', bucket_ts) as hour_ts, sum(bad_n) as bad_n
            from int_outage_votes_5min group by all
        ),
        sums as (
            select
                area_code, host_network, hour_ts::date as date,
                sum(bad_n) as bad_n, sum(bad_n * bad_n) as squares_n
            from days group by all
        ),
        usual as (
            select
                h.*,
                24 * date_diff('day', (select min(date) from sums), h.hour_ts::date) as n,
                coalesce(sum(s.bad_n), 0) as sum_n,
                coalesce(sum(s.squares_n), 0) as squares_n
            from hours as h
            left join sums as s
                on h.area_code = s.area_code and h.host_network = s.host_network and s.date < h.hour_ts::date
            group by all
        )
        select
            hour_ts + interval 65 minute as as_of_ts,
            hour_ts + interval 55 minute as check_ts,
            'municipality' as area_level, area_code, host_network as network, vote_n, bad_n
        from usual
        where
            area_code != 'unknown' and vote_n >= 10
            and bad_n > sum_n / n::double + 3 * sqrt(squares_n / n::double - (sum_n / n::double) ** 2)
        """
    ).df()


def _make_versions(connection: duckdb.DuckDBPyConnection, votes_sql: str, first: datetime, end: datetime) -> None:
    """Make `versions`: the votes of each bucket of a cell as they stood `from_ts` until `until_ts`.

    The model's SQL computes each of them from the rows of the bucket that had arrived by then.
    """
    connection.execute(
        f"""
        create or replace table arrived as
        select
            *,
            time_bucket(interval 5 minute, event_ts) as bucket_ts,
            greatest(time_bucket(interval 5 minute, ingest_ts) + interval 5 minute, timestamp '{first}') as seen_ts
        from stg_network_events
        where
            event_ts >= timestamp '{first - LOOK_BACK}'
            and ingest_ts < timestamp '{end}'
            and ingest_ts < time_bucket(interval 5 minute, event_ts) + interval {_minutes(LOOK_BACK)} minute;

        create or replace table steps as
        select
            {_CELL},
            seen_ts,
            row_number() over (partition by {_CELL} order by seen_ts) - 1 as version,
            lead(seen_ts, 1, timestamp '9999-01-01') over (partition by {_CELL} order by seen_ts) as until_ts
        from arrived
        group by {_CELL}, seen_ts;

        create or replace table asof_events as
        select
            a.* exclude (bucket_ts, seen_ts, event_ts, arrival_ts, ingest_ts),
            {", ".join(_shifted("a", name, "s.version") for name in ("event_ts", "arrival_ts", "ingest_ts"))}
        from arrived as a
        inner join steps as s using ({_CELL})
        where a.seen_ts <= s.seen_ts;
        """
    )
    votes = on_duckdb(votes_sql, {"stg_network_events": "asof_events"})
    connection.execute(
        f"""
        create or replace table versions as
        with votes as (select * from ({votes})),
        numbered as (
            select *, {_world("bucket_ts", first)} as version from votes
        )
        select
            v.* exclude (bucket_ts, version),
            s.bucket_ts,
            s.seen_ts,
            s.until_ts
        from numbered as v
        inner join steps as s
            on
                v.area_code = s.area_code
                and v.host_network = s.host_network
                and v.version = s.version
                and v.bucket_ts = s.bucket_ts + s.version * interval {_STRIDE_DAYS} day
        """
    )


def _count_hours(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        insert into hours
        select date_trunc('hour', bucket_ts) as hour_ts, area_code, host_network, sum(vote_n), sum(bad_n)
        from versions
        where
            seen_ts <= date_trunc('hour', bucket_ts) + interval 65 minute
            and until_ts > date_trunc('hour', bucket_ts) + interval 65 minute
            and bucket_ts >= (select date_trunc('hour', min(as_of_ts)) from worlds)
        group by 1, 2, 3
        """
    )


def _find_suspects(connection: duckdb.DuckDBPyConnection, checks: str, first: datetime) -> None:
    """Make `suspect_areas` and `suspect_rollups`: by world, the cells of which something bad may be said."""
    cells = on_duckdb(checks[: checks.rindex("),", 0, checks.index("usual as ("))] + ")\nselect * from cells", _ASOF)
    connection.execute(
        f"""
        create or replace table alive_buckets as
        select distinct w.world, v.bucket_ts
        from worlds as w
        inner join (select bucket_ts, min(seen_ts) as seen_ts from versions where vote_n > 0 group by 1) as v
            on v.seen_ts <= w.as_of_ts and v.bucket_ts >= w.as_of_ts - interval {_minutes(LOOK_BACK)} minute;

        create or replace table asof_votes as
        {_votes("true", timedelta(minutes=50))};
        """
    )
    # Whose votes count where follows from their numbers alone; the phones behind them don't matter yet.
    connection.execute("update asof_votes set voter_hashes = [], bad_hashes = []")
    connection.execute(
        f"""
        create or replace table windows as
        with cells as ({cells}),
        counted as (
            select
                area_level, area_code, network,
                to_timestamp(300 * (granule + later))::timestamp as check_ts,
                sum(vote_n) as vote_n,
                sum(bad_n) as bad_n
            from cells
            cross join (select unnest(range(3)) as later)
            group by all
        ),
        placed as (select *, {_world("check_ts", first)} as world from counted)
        select p.* replace (check_ts - world * interval {_STRIDE_DAYS} day as check_ts)
        from placed as p
        inner join worlds as w using (world)
        where p.check_ts - world * interval {_STRIDE_DAYS} day >= w.as_of_ts - interval {SAID_MINUTES} minute;

        create or replace table suspect_rollups as
        select distinct world, area_level, area_code, network
        from windows
        where bad_n >= {_MIN_BAD_VOTES} and bad_n >= {_MIN_BAD_SHARE} * vote_n;

        create or replace table suspect_areas as
        select distinct world, area_code from suspect_rollups where area_level = 'municipality'
        union
        select e.world, e.area_code
        from (
            select w.world, b.area_code, b.host_network, w.as_of_ts - later * interval 5 minute as check_ts
            from worlds as w
            cross join (select unnest(range(1, {SAID_MINUTES // 5 + 1})) as later)
            inner join int_outage_baselines as b
                on
                    b.period_start_ts
                    = date_trunc('day', w.as_of_ts - later * interval 5 minute + interval 1 hour) - interval 1 hour
            where
                b.expected_votes_by_hour[hour(w.as_of_ts - later * interval 5 minute + interval 1 hour)]
                >= {_MIN_EXPECTED} * 4
        ) as e
        left join windows as v
            on
                e.world = v.world and e.check_ts = v.check_ts and v.area_level = 'municipality'
                and e.area_code = v.area_code and e.host_network = v.network
        where v.world is null;

        delete from suspect_rollups where area_level = 'municipality';
        """
    )


def _judge_suspects(connection: duckdb.DuckDBPyConnection, checks: str, first: datetime, suspects: str) -> None:
    if suspects == "suspect_areas":
        is_suspect = "exists (from suspect_areas as s where s.world = w.world and s.area_code = v.area_code)"
        wanted = "semi join suspect_areas as s on p.world = s.world and p.area_code = s.area_code"
        level = "= 'municipality'"
    else:
        is_suspect = """exists (
            from suspect_rollups as s
            where
                s.world = w.world and s.network = v.host_network
                and (s.area_level = 'all' or s.area_code = v.province_code)
        )"""
        wanted = "semi join suspect_rollups as s using (world, area_level, area_code, network)"
        level = "!= 'municipality'"
    connection.execute(
        f"""
        create or replace table asof_votes as
        {_votes(is_suspect, LOOK_BACK)};

        create or replace table asof_baselines as
        select b.* exclude (period_start_ts), {_shifted("b", "period_start_ts", "w.world")}
        from int_outage_baselines as b
        inner join worlds as w
            on
                b.period_start_ts <= w.as_of_ts
                and b.period_start_ts + interval 1 day > w.as_of_ts - interval {_minutes(LOOK_BACK)} minute
        where
            b.area_level != 'municipality'
            or exists (from suspect_areas as s where s.world = w.world and s.area_code = b.area_code);
        """
    )
    judged = on_duckdb(checks, _ASOF)
    said = f"""
        with said as ({judged}),
        placed as (select *, {_world("check_ts", first)} as world from said where area_level {level})
        select
            w.as_of_ts,
            p.* exclude (world, refreshed_ts, evidence_since_ts)
            replace (check_ts - world * interval {_STRIDE_DAYS} day as check_ts)
        from placed as p
        inner join worlds as w using (world)
        {wanted}
        where p.check_ts - world * interval {_STRIDE_DAYS} day >= w.as_of_ts - interval {SAID_MINUTES} minute
        """
    exists = connection.execute("select count(*) from duckdb_tables() where table_name = 'said'").fetchone() != (0,)
    connection.execute(f"insert into said {said}" if exists else f"create table said as {said}")


def _votes(condition: str, look_back: timedelta) -> str:
    """The votes of each world's last time for which the condition holds, and one of nobody wherever any vote came."""
    return f"""
        select v.* exclude (bucket_ts, seen_ts, until_ts), {_shifted("v", "bucket_ts", "w.world")}
        from versions as v
        inner join worlds as w
            on
                v.seen_ts <= w.as_of_ts
                and v.until_ts > w.as_of_ts
                and v.bucket_ts >= w.as_of_ts - interval {_minutes(look_back)} minute
        where {condition}
        union all by name
        select
            {_shifted("a", "bucket_ts", "a.world")},
            'nobody' as area_code, 'nobody' as province_code, 'nobody' as host_network,
            1 as vote_n, 0 as bad_n, 0 as late_bad_n
        from alive_buckets as a
    """


def _shifted(table: str, column: str, world: str) -> str:
    return f"{table}.{column} + {world} * interval {_STRIDE_DAYS} day as {column}"


def _world(column: str, first: datetime) -> str:
    """Of a shifted instant, at most a day after `first` or LOOK_BACK before."""
    return f"(epoch({column} - timestamp '{first - LOOK_BACK}')::bigint // {_STRIDE_DAYS * 86_400})"


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
