{# A full refresh counts what raw holds. Raw forgets after raw_retention_days, the marts don't: what they know of days
   that raw has forgotten must not be lost by the way. #}
{% macro require_raw_of(counted_ts, counted_n, raw_ts, raw_condition) %}
    {% if is_incremental() or not load_relation(this) or var('full_refresh_may_lose_days') %}{{ return('') }}{% endif %}
    {% set day_count, first_day, last_day = run_query(lost_days_query(counted_ts, counted_n, raw_ts, raw_condition)).rows[0] %}
    {% if day_count %}
        {% do exceptions.raise_compiler_error(
            'a full refresh of ' ~ this.identifier ~ ' would lose ' ~ day_count ~ ' days from ' ~ first_day ~ ' to ' ~ last_day
            ~ ', whose rows raw no longer has: run without --full-refresh to keep the table, put the rows back into raw, or'
            ~ " accept the loss with --vars '{full_refresh_may_lose_days: true}'"
        ) %}
    {% endif %}
{% endmacro %}

{# UTC days of which raw has nothing left, or, where it may have forgotten some, less than was counted: an erasure takes
   rows of younger days, too, and is followed by a full refresh. #}
{% macro lost_days_query(counted_ts, counted_n, raw_ts, raw_condition) %}
    with counted as (
        select
            cast({{ counted_ts }} as date) as day,
            sum({{ counted_n }}) as n
        from {{ this }}
        group by 1
    ),

    arrived as (
        select
            cast({{ raw_ts }} as date) as day,
            count(*) as n
        from {{ source('raw', 'network_events') }}
        where {{ raw_condition }}
        group by 1
    )

    select
        count(*) as day_count,
        min(c.day) as first_day,
        max(c.day) as last_day
    from counted as c
    left join arrived as a on c.day = a.day
    where
        a.n is null
        or (a.n < c.n and c.day < current_date - interval '{{ var("raw_retention_days") }}' day)
{% endmacro %}
