-- One row per period_date (local day), area_level, area_code, provider and ranked operator.
{%- set cell = ['period_date', 'area_level', 'area_code', 'provider'] %}
{%- set keys = cell + ['operator'] %}
{%- set figures = [
    'precision_n', 'within_10m_share', 'within_10m_share_ci_low', 'within_10m_share_ci_high',
] %}
{{ config(materialized='view') }}
with

ranked as (
    select
        {{ (keys + figures) | join(', ') }},
        -- Rather than a join with itself, which would read the mart twice.
        array_agg(
            row(operator, within_10m_share, within_10m_share_ci_low, within_10m_share_ci_high)
        ) over (partition by {{ cell | join(', ') }}) as rivals
    from {{ ref('gps_accuracy') }}
    where
        period = 'day'
        and {{ within_last_days('period_start_ts', var('gps_ranking_days')) }}
        and confidence != 'suppressed'
        -- They roll up, or name no operator.
        and operator not in ('all', 'unknown', 'no service')
),

pairs as (
    select
        {% for column in keys + figures %}
            r.{{ column }},
        {% endfor %}
        o.rival,
        o.rival_share,
        o.rival_share_ci_low,
        o.rival_share_ci_high
    from ranked as r
    cross join unnest(r.rivals)
        as o (rival, rival_share, rival_share_ci_low, rival_share_ci_high)
),

differences as (
    select
        *,
        within_10m_share - rival_share as difference,
        {{ newcombe_margins('within_10m_share', 'rival_share') }}
    from pairs
),

compared as (
    select
        *,
        difference + margin_high < 0 as is_lower,
        difference - margin_low > 0 as is_higher,
        rival != operator and difference between -margin_high and margin_low as is_indistinct
    from differences
),

final as (
    select
        {{ (keys + figures) | join(', ') }},
        1 + count_if(is_lower) as rank_best,
        count_if(not is_higher) as rank_worst,
        count(*) as rank_of,
        array_join(
            array_agg(rival order by rival) filter (where is_indistinct), ', '
        ) as indistinct_operators
    from compared
    group by {{ (keys + figures) | join(', ') }}
)

select * from final
