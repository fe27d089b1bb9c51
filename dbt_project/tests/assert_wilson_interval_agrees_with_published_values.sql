-- Newcombe 1998 (Stat Med 17:857-872), table I, method 3; and the ends, which are exact.
with

published as (
    select *
    from (
        values
        (bigint '81', bigint '263', 0.2553E0, 0.3662E0),
        (bigint '15', bigint '148', 0.0624E0, 0.1605E0),
        (bigint '0', bigint '20', 0E0, 0.1611E0),
        (bigint '1', bigint '29', 0.0061E0, 0.1718E0),
        (bigint '29', bigint '29', 0.8830E0, 1E0)
    ) as t (k, n, low, high)
),

computed as (
    select
        *,
        {{ wilson_low('k', 'n') }} as computed_low,
        {{ wilson_high('k', 'n') }} as computed_high
    from published
)

select *
from computed
where
    abs(computed_low - low) > 0.00005
    or abs(computed_high - high) > 0.00005
    or (k = 0 and computed_low != 0)
    or (k = n and computed_high != 1)
