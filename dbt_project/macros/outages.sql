{# The rules by which outages are found. docs/outages.md says why and how well they do. #}

{# The median over `days` days of the votes of an hour; `maps` holds votes_by_hour of the days on which there were any. #}
{% macro median_of_hour(maps, days, hour) -%}
    reduce(
            slice(
                array_sort(
                    transform({{ maps }}, m -> coalesce(element_at(m, {{ hour }}), 0))
                    || repeat(bigint '0', cast({{ days }} - cardinality({{ maps }}) as integer))
                ),
                cast(({{ days }} + 1) / 2 as integer),
                cast(2 - {{ days }} % 2 as integer)
            ),
            0E0,
            (s, v) -> s + v,
            s -> s / cast(2 - {{ days }} % 2 as double)
        )
{%- endmacro %}

{# A share of a cell, drawn towards the one of what the cell is a part of, as if that had been seen `prior` times. #}
{% macro shrunk_share(k, n, wider_share) -%}
    (({{ k }} + {{ var('outage_baseline_prior_votes') }} * {{ wider_share }})
            / ({{ n }} + {{ var('outage_baseline_prior_votes') }}E0))
{%- endmacro %}

{# What one phone's first word in an hour says for an outage against normal times, in thousandths of a logarithm: whole
   numbers, so that sums of them don't depend on their order. #}
{% macro weight_of_bad(baseline_share) -%}
    cast(round(1000 * ln({{ var('outage_share') }} / {{ usual_share(baseline_share) }})) as bigint)
{%- endmacro %}

{% macro weight_of_good(baseline_share) -%}
    cast(round(1000 * ln((1E0 - {{ var('outage_share') }}) / (1E0 - {{ usual_share(baseline_share) }}))) as bigint)
{%- endmacro %}

{% macro usual_share(baseline_share) -%}
    greatest({{ baseline_share }}, {{ var('outage_usual_min_share') }})
{%- endmacro %}

{# A window is 15 minutes, a score looks back an hour, silence two: in buckets of 5 minutes, and without the newest. #}
{% macro window_buckets() %}3{% endmacro %}
{% macro buckets_before_window() %}2{% endmacro %}
{% macro score_buckets() %}12{% endmacro %}
{% macro buckets_before_score() %}11{% endmacro %}
{% macro silence_buckets() %}24{% endmacro %}

{# The last time of a cell, up to a check. #}
{% macro last_hour() -%}{{ last_buckets(buckets_before_score()) }}{%- endmacro %}

{% macro last_two_hours() -%}{{ last_buckets(silence_buckets() | int - 1) }}{%- endmacro %}

{% macro last_buckets(before) -%}
    (
            partition by area_level, area_code, network
            order by granule range between {{ before }} preceding and current row
        )
{%- endmacro %}

{% macro expected_in_window(by_hour, hour) -%}
    round(element_at({{ by_hour }}, {{ hour }}) * {{ window_buckets() }} / 12, 3)
{%- endmacro %}

{# What should have come in the quiet buckets, of which `of_hour` at most lie in this hour: at dawn an hour brings many
   times the votes of the one before. All by the day's own baseline, so that it is the same whatever is refreshed with it. #}
{% macro missed_votes(quiet, of_hour) -%}
    round((
            least({{ quiet }}, {{ of_hour }}) * expected_vote_n
            + least(greatest({{ quiet }} - ({{ of_hour }}), 0), 12) * expected_1h_before_n
            + greatest({{ quiet }} - ({{ of_hour }}) - 12, 0) * expected_2h_before_n
        ) / {{ window_buckets() }}, 3)
{%- endmacro %}

{# Whether a window that ends here has fewer votes than a verdict needs. #}
{% macro fewer_votes_than_needed(votes, partition, granule) -%}
    sum({{ votes }}) over (
            partition by {{ partition }}
            order by {{ granule }} range between {{ buckets_before_window() }} preceding and current row
        ) < {{ var('outage_min_votes') }}
{%- endmacro %}

{# A check is judged by the votes of its window and by the phones and the score of the last hour: most phones that an
   outage hits fall silent, so a window of a small one holds few. The first that holds counts. #}
{% macro outage_verdict() -%}
    case
            when
                hour_bad_device_n >= {{ var('outage_min_bad_devices') }}
                and bad_bucket_n >= {{ var('outage_min_bad_buckets') }}
                and hour_vote_n >= {{ var('outage_min_votes') }}
                and bad_share_ci_low > threshold_share
                and score >= {{ var('outage_window_min_score') }}
                then 'CONFIRMED'
            when
                hour_bad_device_n >= {{ var('outage_min_bad_devices') }}
                and bad_n >= {{ var('outage_min_bad_votes') }}
                and hour_vote_n >= {{ var('outage_min_votes') }}
                and bad_share_ci_low > degraded_threshold_share
                and score >= {{ var('outage_min_score') }}
                then 'CONFIRMED'
            when
                bad_device_n >= {{ var('outage_min_bad_devices') }}
                and vote_n >= {{ var('outage_min_votes') }}
                and bad_share_ci_low > degraded_threshold_share
                and score >= {{ var('outage_degraded_min_score') }}
                then 'DEGRADED'
            when
                vote_n = 0
                and expected_vote_n >= {{ var('outage_silence_min_expected') }}
                and missed_vote_n >= {{ var('outage_silence_min_missed') }}
                and others_expected_vote_n >= {{ var('outage_silence_min_expected') }}
                and others_vote_n >= {{ var('outage_silence_min_others_share') }} * others_expected_vote_n
                then 'SUSPECTED'
            when vote_n < {{ var('outage_min_votes') }} then 'INSUFFICIENT_DATA'
            else 'OK'
        end
{%- endmacro %}

{% macro is_bad_verdict(verdict) -%}
    {{ verdict }} in ('CONFIRMED', 'DEGRADED', 'SUSPECTED')
{%- endmacro %}

{# The thresholds grow with what is normal for the cell. #}
{% macro confirmed_threshold(baseline_share) -%}
    greatest({{ var('outage_confirmed_min_share') }}E0, 3 * {{ baseline_share }})
{%- endmacro %}

{% macro degraded_threshold(baseline_share) -%}
    greatest({{ var('outage_degraded_min_share') }}E0, 2 * {{ baseline_share }})
{%- endmacro %}

{% macro levels_that_count(row) -%}
    unnest(
        array['municipality', 'province', 'all'],
        array[{{ row }}.area_code, {{ row }}.province_code, 'all'],
        array[true, {{ row }}.is_sparse, {{ row }}.is_sparse and {{ row }}.is_sparse_province]
    )
{%- endmacro %}

{# Every level that a check's or an incident's cell is a part of, its own too. #}
{% macro levels_that_hold(row) -%}
    unnest(
        array['municipality', 'province', 'all'],
        array[{{ row }}.area_code, substr({{ row }}.area_code, 1, 2), 'all'],
        array[{{ row }}.area_level = 'municipality', {{ row }}.area_level != 'all', true]
    )
{%- endmacro %}

{% macro minutes_of_checks(condition) -%}
    5 * count_if({{ condition }})
{%- endmacro %}

{# `one` of the baseline's days lies before `other`. #}
{% macro is_in_baseline_of(one, other) -%}
    date_diff('day', {{ one }}, {{ other }}) between 1 and {{ var('outage_baseline_days') }}
{%- endmacro %}

{# What is expected in an hour, as if the province's rhythm had been seen on two days more. #}
{% macro expected_votes_by_hour(maps, days, cell_share, province_map) -%}
    map_from_entries(transform(sequence(0, 23), h -> row(h, round((
                {{ days }} * {{ median_of_hour('coalesce(' ~ maps ~ ', array[])', days, 'h') }}
                + 2E0 * {{ cell_share }} * coalesce(element_at({{ province_map }}, h), 0E0)
            ) / ({{ days }} + 2), 3))))
{%- endmacro %}
