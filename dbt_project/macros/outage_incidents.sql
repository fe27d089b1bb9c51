{# Which incidents a refresh makes anew. Bad checks are one incident or two by what lies between them, so a rebuilt day can
   change the incidents that reach it or end or begin at most the quiet hours away from it: these are made anew, from the
   first check of any of them to the last. So is one that is still open, for time alone changes it. A full refresh can't
   know where it may cut, and makes all of them in one statement. #}
{% macro incidents_work(work) %}
    {% do work.update({'touched': [], 'newest_check': '1970-01-01 00:00:00'}) %}
    {% if not work.slices %}{{ return(work) }}{% endif %}
    {% set days = work.slices | map(attribute='days') | sum(start=[]) %}
    {% set first_ts, last_ts, newest_check = days[0][0], days[-1][1], none %}
    {% if is_incremental() %}
        {% do work.update({'touched': days}) %}
        {% set first_known, newest_check = run_query(known_bounds_query(work, ref('outage_checks'), first_ts)).rows[0] %}
        {% set first_ts = [first_ts, first_known or first_ts] | min %}
    {% endif %}
    {# No check may be left from the first touched day on. #}
    {% set newest_check = newest_check or run_query(newest_check_query(ref('outage_checks'), first_ts)).rows[0][0] or last_ts %}
    {% set last_ts = [last_ts, newest_check] | max %}
    {% do work.update({
        'newest_check': newest_check,
        'slices': [{'days': [[first_ts, last_ts]], 'days_and_before': [[minutes_before(first_ts, 60), last_ts]]}],
    }) %}
    {{ return(work) }}
{% endmacro %}

{# Whether an incident reaches a touched day, or is at most the quiet hours away; a full refresh touches all. #}
{% macro near_touched(work, alias='') -%}
    ({{ 'true' if not work.touched }}
    {%- for from_ts, to_ts in work.touched -%}
        {{ ' or ' if not loop.first -}}
        ({{ alias }}last_bad_check_ts >= timestamp '{{ from_ts }}' - interval '{{ var("outage_quiet_hours") }}' hour
        and {{ alias }}first_check_ts < timestamp '{{ to_ts }}' + interval '{{ var("outage_quiet_hours") }}' hour)
    {%- endfor %})
{%- endmacro %}

{# The target's rows that are made anew. #}
{% macro known_incidents(work) %}
    select area_level, area_code, network, first_check_ts
    {%- if is_incremental() %}
    from {{ this }}
    where {{ near_touched(work) }} or not is_closed
    {%- else %}
    from incidents
    where false
    {%- endif %}
{% endmacro %}

{% macro known_bounds_query(work, checks, first_ts) %}
    select
        cast(min(first_check_ts) as varchar) as first_known,
        ({{ newest_check_query(checks, first_ts) }}) as newest_check
    from {{ this }}
    where {{ near_touched(work) }} or not is_closed
{% endmacro %}

{% macro newest_check_query(checks, first_ts) %}
    select cast(max(check_ts) as varchar)
    from {{ checks }}
    where check_ts >= timestamp '{{ first_ts }}'
{% endmacro %}

{# Ids that were published; a table of no rows before the log is there. Not a ref, for the log reads the incidents. #}
{% macro published_incidents(work) %}
    {% set log = adapter.get_relation(this.database, this.schema, 'outage_state_changes') if execute and flags.WHICH != 'compile' else none %}
    select
        area_level,
        area_code,
        network,
        incident_id,
        first_check_ts,
        min(detected_ts) as published_ts
    {%- if log %}
    from {{ log }}
    where {{ touched('first_check_ts', work, 'days_and_before') }}
    {%- else %}
    from (
        values ('', '', '', '', timestamp '1970-01-01 00:00:00.000000', timestamp '1970-01-01 00:00:00.000000')
    ) as nothing (area_level, area_code, network, incident_id, first_check_ts, detected_ts)
    where false
    {%- endif %}
    group by 1, 2, 3, 4, 5
{% endmacro %}

{% macro published_id() -%}
    cast(
            row(published_ts, incident_id, first_check_ts)
            as row(published_ts timestamp(6), incident_id varchar, first_check_ts timestamp(6))
        )
{%- endmacro %}

{% macro incident_key(area_level, area_code, network, first_check_ts) -%}
    substr(to_hex(md5(to_utf8(
            {{ area_level }} || ' ' || {{ area_code }} || ' ' || {{ network }} || ' '
            || cast({{ first_check_ts }} as varchar)
        ))), 1, 16)
{%- endmacro %}

{# What the log must be compared with: the incidents of five weeks, and older ones that changed since it was last written.
   An hour before, for a change may have been committed by a run beside that one. #}
{% macro changes_work() %}
    {% set work = dict(no_work(), since_ts='1970-01-01 00:00:00') %}
    {% if not is_refreshing() %}{{ return(work) }}{% endif %}
    {% if is_incremental() %}
        {% do work.update({'since_ts': run_query(changes_since_query(ref('outage_incidents'))).rows[0][0]}) %}
    {% endif %}
    {% set now = modules.datetime.datetime.now(modules.pytz.utc).replace(tzinfo=none) %}
    {% set day = modules.datetime.timedelta(days=1) %}
    {% do work.update({'slices': [{'days': [[(now - 2 * day).isoformat(' '), (now + day).isoformat(' ')]]}]}) %}
    {{ return(work) }}
{% endmacro %}

{% macro changes_since_query(incidents) %}
    with last_written as (
        select coalesce(max(detected_ts), localtimestamp - interval '35' day) - interval '1' hour as written_ts
        from {{ this }}
        where detected_ts >= localtimestamp - interval '35' day
    )

    select cast(least(
        coalesce(min(first_check_ts), localtimestamp), localtimestamp - interval '35' day
    ) as varchar)
    from {{ incidents }}
    cross join last_written
    where refreshed_ts >= written_ts
{% endmacro %}

{# The log's rows of incidents that began since; none before there is a log. #}
{% macro said_before(since_ts) %}
    {%- if is_incremental() -%}
    select * from {{ this }}
    where first_check_ts >= timestamp '{{ since_ts }}' - interval '7' day
    {%- else -%}
    select
        *,
        cast(null as varchar) as change_id,
        bigint '0' as change_number,
        state as state_after,
        false as is_withdrawn
    from incidents
    where false
    {%- endif -%}
{% endmacro %}

{% macro peak_of_check() -%}
    row(coalesce(bad_share, 0E0), vote_n, bad_n, check_ts, baseline_share)
{%- endmacro %}
