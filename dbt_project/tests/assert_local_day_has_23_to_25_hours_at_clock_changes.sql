-- Europe/Madrid: clocks go forward on 2026-03-29 and back on 2026-10-25.
with

cases as (
    select *
    from (
        values
        (timestamp '2026-03-29 12:00:00', timestamp '2026-03-28 23:00:00', 23, date '2026-03-29'),
        (timestamp '2026-03-29 22:30:00', timestamp '2026-03-29 22:00:00', 24, date '2026-03-30'),
        (timestamp '2026-10-25 00:30:00', timestamp '2026-10-24 22:00:00', 25, date '2026-10-25'),
        (timestamp '2026-10-25 22:59:59', timestamp '2026-10-24 22:00:00', 25, date '2026-10-25'),
        (timestamp '2026-10-25 23:00:00', timestamp '2026-10-25 23:00:00', 24, date '2026-10-26')
    ) as t (event_ts, day_start, hours, day_date)
),

computed as (
    select
        *,
        {{ local_day_start('event_ts') }} as computed_start,
        {{ local_date('event_ts') }} as computed_date
    from cases
),

bounded as (
    select
        *,
        {{ local_day_end('computed_start') }} as computed_end
    from computed
)

select *
from bounded
where
    computed_start != day_start
    or computed_date != day_date
    or date_diff('hour', computed_start, computed_end) != hours
