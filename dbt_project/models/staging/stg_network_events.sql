-- One row per accepted row of raw.network_events, duplicates included.
with

raw_events as (
    select * from {{ source('raw', 'network_events') }}
    where {{ is_accepted() }}
),

feeds as (
    select * from {{ ref('feeds') }}
),

brand_variants as (
    select * from {{ ref('brand_variants') }}
),

brands as (
    select * from {{ ref('brands') }}
),

service_loss_labels as (
    select * from {{ ref('service_loss_labels') }}
),

cleaned as (
    select
        event_id,
        event_ts,
        arrival_ts,
        ingest_ts,
        source,
        source_row,
        shard_id,
        sequence_number,
        activity,
        speed,
        satellites,
        device_id,
        if(lat between -90 and 90, lat) as lat,
        if(long between -180 and 180, long) as long,
        coalesce(feed, 'default') as feed,
        {{ cleaned_name('network') }} as network_label,
        {{ cleaned_name('operator') }} as operator_label,
        {{ cleaned_name('provider') }} as provider_label,
        upper(trim(net)) as rat_label,
        lower(trim(signal_scale)) as signal_scale,
        regexp_replace(trim(postal_code), '\.0+$') as area_digits,
        coalesce(status, {{ status_of_description('description') }}) as android_status,
        if(signal between 0 and 97, signal) as signal_asu,
        coalesce(signal not between 0 and 97 and signal != 99, false) as has_implausible_signal,
        if(precission > 0 and precission <= {{ var('precision_max_m') }}, precission)
            as precision_m,
        coalesce(precission < 0 or not precission <= {{ var('precision_max_m') }}, false)
            as has_implausible_precision
    from raw_events
),

named as (
    select
        c.*,
        nl.label is not null as is_service_loss_label,
        coalesce(f.is_status_trusted, false) as is_status_trusted,
        if(nl.label is null, coalesce(nv.brand, c.network_label, 'unknown'), 'no service')
            as network,
        if(ol.label is null, coalesce(ov.brand, c.operator_label, 'unknown'), 'unknown')
            as operator
    from cleaned as c
    left join feeds as f on c.feed = f.feed
    left join service_loss_labels as nl on c.network_label = nl.label
    left join service_loss_labels as ol on c.operator_label = ol.label
    left join brand_variants as nv on c.network_label = nv.variant
    left join brand_variants as ov on c.operator_label = ov.variant
),

hosted as (
    select
        n.*,
        if(
            n.is_service_loss_label,
            coalesce(ob.host_network, n.operator),
            coalesce(nb.host_network, n.network)
        ) as host_network,
        {{ signal_dbm('n.signal_scale', 'n.signal_asu') }} as signal_dbm,
        {{ area_code('n.area_digits') }} as area_code
    from named as n
    left join brands as nb on n.network = nb.brand
    left join brands as ob on n.operator = ob.brand
),

final as (
    select
        event_id,
        {{ device_key('device_id', 'operator', 'lat', 'long') }} as device_key,
        event_ts,
        arrival_ts,
        ingest_ts,
        feed,
        area_code,
        if(area_code = 'unknown', 'unknown', substr(area_code, 1, 2)) as province_code,
        network,
        operator,
        host_network,
        if(rat_label in ('2G', '3G', '4G', '5G'), rat_label, 'unknown') as rat,
        if(provider_label in ('gps', 'fused', 'network'), provider_label, 'other') as provider,
        activity,
        signal_asu,
        signal_dbm,
        {{ is_weak_signal('signal_scale', 'signal_asu', 'signal_dbm') }} as is_weak_signal,
        precision_m,
        satellites as satellite_count,
        speed as speed_kmh,
        {{ service_state(
            'is_service_loss_label', 'android_status', 'is_status_trusted', 'network'
        ) }} as service_state,
        is_service_loss_label,
        is_status_trusted,
        has_implausible_signal,
        has_implausible_precision,
        source,
        source_row,
        shard_id,
        sequence_number
    from hosted
)

select * from final
