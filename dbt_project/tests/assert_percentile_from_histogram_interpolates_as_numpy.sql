-- Expected values are numpy.percentile's of the same numbers.
with

cases as (
    select *
    from (
        values
        (map(array[10, 20], array[bigint '1', bigint '1']), 15E0, 11E0),
        (map(array[3, 1, 2], array[bigint '1', bigint '2', bigint '7']), 2E0, 1E0),
        (map(array[-90, -80, -70], array[bigint '2', bigint '1', bigint '2']), -80E0, -90E0),
        (map(array[7], array[bigint '1000000']), 7E0, 7E0),
        (
            map(array[1, 2, 3, 4], array[bigint '1', bigint '1', bigint '1', bigint '1']),
            2.5E0,
            1.3E0
        )
    ) as t (histogram, p50, p10)
),

computed as (
    select
        *,
        {{ percentile_from_histogram('histogram', 0.5) }} as computed_p50,
        {{ percentile_from_histogram('histogram', 0.1) }} as computed_p10
    from cases
)

select *
from computed
where computed_p50 is distinct from p50 or computed_p10 is distinct from p10
