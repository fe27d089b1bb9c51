{# What a measurement says about the network: the rules of staging that hold numbers or truth tables. #}

{# The job rejects what can't be read, and from the stream what lies more than 5 minutes ahead of its arrival. Of a
   backfilled file it takes any time: what was measured an hour after it was written is rejected here, so that raw can
   be pruned by ingest_ts whoever wrote it. An hour leaves room for clocks that differ. #}
{% macro is_accepted() -%}
    (reject_reason is null and event_ts <= ingest_ts + {{ max_ahead() }})
{%- endmacro %}

{% macro max_ahead() %}interval '1' hour{% endmacro %}

{# Lower case, trimmed; the texts that stand for nothing become null, and so do `all` and `each`, which stand for totals
   in the marts and would be counted twice there. #}
{% macro cleaned_name(column) -%}
    if(
            lower(trim({{ column }})) not in ('', 'null', 'unknown', 'all', 'each'),
            lower(trim({{ column }}))
        )
{%- endmacro %}

{% macro status_of_description(column) -%}
    case upper(trim({{ column }}))
            when 'STATE_IN_SERVICE' then 0
            when 'STATE_OUT_OF_SERVICE' then 1
            when 'STATE_EMERGENCY_ONLY' then 2
            when 'STATE_POWER_OFF' then 3
        end
{%- endmacro %}

{# A label where the network's name would stand says more than the status beside it: the slice's nine such rows all
   carry IN_SERVICE. EMERGENCY_ONLY of an untrusted feed counts only where no network is named. #}
{% macro service_state(is_service_loss_label, android_status, is_status_trusted, network) -%}
    case
            when {{ is_service_loss_label }} then 'lost'
            when {{ android_status }} = 0 then 'in_service'
            when {{ android_status }} = 1 then 'lost'
            when {{ android_status }} = 2 and ({{ is_status_trusted }} or {{ network }} = 'unknown') then 'lost'
            when {{ android_status }} = 3 then 'off'
            else 'unknown'
        end
{%- endmacro %}

{# Six digits: the municipality's five (INE) and a check digit. The public data lost the leading zero and gained ".0". #}
{% macro area_code(digits) -%}
    case
            when regexp_like({{ digits }}, '^[0-9]{6}$') then {{ digits }}
            when regexp_like({{ digits }}, '^[0-9]{5}$') then '0' || {{ digits }}
            else 'unknown'
        end
{%- endmacro %}

{# As Android's CellSignalStrength classes define ASU; null without a scale, which old apps didn't send. #}
{% macro signal_dbm(scale, asu) -%}
    case {{ scale }}
            when 'gsm' then if({{ asu }} <= 31, 2 * {{ asu }} - 113)
            when 'umts' then if({{ asu }} <= 96, {{ asu }} - 120)
            when 'lte' then {{ asu }} - 140
            when 'nr' then {{ asu }} - 140
        end
{%- endmacro %}

{% macro is_weak_signal(scale, asu, dbm) -%}
    case {{ scale }}
            when 'gsm' then {{ dbm }} <= -103
            when 'umts' then {{ dbm }} <= -105
            when 'lte' then {{ dbm }} <= -115
            when 'nr' then {{ dbm }} <= -110
            else {{ asu }} <= {{ var('weak_signal_max_asu') }}
        end
{%- endmacro %}

{# Without device ids a device is a distinct operator and position at 3 decimals (about 100 m). #}
{% macro device_key(device_id, operator, lat, long) -%}
    from_big_endian_64(xxhash64(to_utf8(coalesce(
            'id ' || {{ device_id }},
            'at ' || coalesce({{ operator }}, '?')
            || ' ' || coalesce(cast(cast(round({{ lat }} * 1000) as bigint) as varchar), '?')
            || ' ' || coalesce(cast(cast(round({{ long }} * 1000) as bigint) as varchar), '?')
        ))))
{%- endmacro %}

{# Too late for the minutes in which outages are looked for. What a backfill brings is old, not late. #}
{% macro is_late() -%}
    (arrival_ts is not null and ingest_ts > event_ts + interval '{{ var("late_after_minutes") }}' minute)
{%- endmacro %}

{# Whether it had arrived before its local day ended: what the days behind it can take as known for good. A backfill
   counts as arrived when it was measured. #}
{% macro arrived_on_its_day() -%}
    (arrival_ts is null or {{ local_date('arrival_ts') }} <= {{ local_date('event_ts') }})
{%- endmacro %}

{# The 5 minutes in which something was measured. #}
{% macro measured_bucket(ts) -%}
    date_trunc('hour', {{ ts }}) + interval '5' minute * (minute({{ ts }}) / 5)
{%- endmacro %}

{# 1 for the copy of an event that counts: the one that came first. #}
{% macro copy_number() -%}
    row_number() over (
            partition by event_id, event_ts
            order by ingest_ts, source, shard_id, sequence_number, source_row
        )
{%- endmacro %}
