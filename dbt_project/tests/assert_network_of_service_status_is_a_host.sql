-- An outage belongs to the network whose radio failed: a known MVNO never stands here.
select
    s.network,
    b.host_network,
    count(*) as row_count
from {{ ref('service_status') }} as s
inner join {{ ref('brands') }} as b on s.network = b.brand
where b.host_network != s.network
group by s.network, b.host_network
