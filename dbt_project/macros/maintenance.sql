{# Compaction and expiry through Athena: `dbt run-operation optimize_tables` and `vacuum_tables`. Both repeat while
   Athena asks for more runs. #}

{# Compact the partitions of the last `days` days; all of them without. Athena compacts whole ones: of a table by months,
   those that the days lie in. #}
{% macro optimize_tables(days=none) %}
    {% for table in maintained_tables() %}
        {% set since = days_ago(days or 0, of_month=table.is_by_month) %}
        {% set where = " where " ~ table.column ~ " >= timestamp '" ~ since ~ "'" if days and table.column else '' %}
        {% do adapter.run_operation_with_potential_multiple_runs(
            'optimize ' ~ table.relation.render_pure() ~ ' rewrite data using bin_pack' ~ where, 'optimize'
        ) %}
    {% endfor %}
{% endmacro %}

{# `only_marts`: not raw, whose snapshots are kept for days. #}
{% macro vacuum_tables(only_marts=false) %}
    {% for table in maintained_tables() if not (only_marts and table.is_source) %}
        {% do adapter.run_operation_with_potential_multiple_runs('vacuum ' ~ table.relation.render_pure(), 'vacuum') %}
    {% endfor %}
{% endmacro %}

{# Raw ends after raw_retention_days, by whole days of arrival, so that no file is written anew. The day more is for what
   phones dated ahead: the reconciliation still counts it. Marts keep what they counted. #}
{% macro forget_old_days() %}
    {% do run_query(
        'delete from ' ~ source('raw', 'network_events')
        ~ " where ingest_ts < timestamp '" ~ days_ago(var('raw_retention_days') + 1) ~ "'"
    ) %}
{% endmacro %}

{# What the log needs no more goes: watermarks that a newer one replaced or that lie behind the horizon (forgetting one
   repeats work, no more), what every model that follows has followed, and the lines of replaced tables. #}
{% macro prune_refresh_log() %}
    {% set log, day_ago = refresh_log(), "localtimestamp - interval '1' day" %}
    {% set conditions = [
        "what = 'counted' and (model, basis, beat, subject, to_ts) not in (
            select model, basis, beat, subject, max(to_ts) from " ~ log ~ " where what = 'counted' group by 1, 2, 3, 4)",
        "what = 'counted' and to_ts < (select max(to_ts) from " ~ log ~ " where what = 'counted')
            - interval '" ~ 2 * var('max_commit_delay_hours') ~ "' hour",
        "what = 'seeded' and (model, saved_ts) not in (
            select model, max(saved_ts) from " ~ log ~ " where what = 'seeded' group by 1)",
    ] %}
    {% set followed = followers_of_models() %}
    {% do conditions.append("what = 'rebuilt' and model not in (" ~ quoted_list(followed) ~ ")") %}
    {% for name, followers in followed.items() %}
        {% do conditions.append("what = 'rebuilt' and model = '" ~ name ~ "' and run_id || '/' || beat in (
            select subject from " ~ log ~ " where what = 'followed' and model in (" ~ quoted_list(followers) ~ ")
            group by 1 having count(distinct model) = " ~ followers | length ~ ")") %}
    {% endfor %}
    {% do conditions.extend([
        "what = 'followed' and saved_ts < " ~ day_ago ~ " and subject not in (
            select run_id || '/' || beat from " ~ log ~ " where what = 'rebuilt')",
        "what != 'seeded' and saved_ts < " ~ day_ago ~ " and (model, basis) not in (
            select model, max_by(basis, saved_ts) from " ~ log ~ " where what = 'built' group by 1)",
    ]) %}
    {% for condition in conditions %}{% do run_query('delete from ' ~ log ~ ' where ' ~ condition) %}{% endfor %}
{% endmacro %}

{# {model: the models that follow its log}. #}
{% macro followers_of_models() %}
    {% set found = {} %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' %}
        {% set upstream = modules.re.search("refresh_following\\(\\s*'(\\w+)'", node.raw_code) %}
        {% if upstream %}{% do found.setdefault(upstream.group(1), []).append(node.name) %}{% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Raw, the refresh log and every incremental model, each with the column that it is partitioned by the day or month of. #}
{% macro maintained_tables() %}
    {% set tables = [] %}
    {% for node in graph.sources.values() %}
        {% do tables.append({'relation': source(node.source_name, node.name), 'column': node.loaded_at_field, 'is_source': true}) %}
    {% endfor %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'incremental' %}
        {% set is_by_month = node.config.partitioned_by[0].startswith('month(') %}
        {% do tables.append({'relation': ref(node.name), 'column': day_column(node.config), 'is_by_month': is_by_month}) %}
    {% endfor %}
    {% do tables.append({
        'relation': api.Relation.create(database=target.database, schema=target.schema, identifier='refresh_log'),
        'column': none,
    }) %}
    {{ return(tables) }}
{% endmacro %}

{# Midnight of the day so long ago, or of its month's first day. #}
{% macro days_ago(days, of_month=false) %}
    {% set today = modules.datetime.datetime.now(modules.pytz.utc).date() %}
    {% set day = today - modules.datetime.timedelta(days=days) %}
    {{ return((day.replace(day=1) if of_month else day).isoformat() ~ ' 00:00:00') }}
{% endmacro %}
