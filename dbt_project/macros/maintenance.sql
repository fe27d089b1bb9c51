{# Compaction and expiry through Athena: `dbt run-operation optimize_tables` and `vacuum_tables`. Both repeat while
   Athena asks for more runs. #}

{# Compact what was written in the last `days` days; all of it without. #}
{% macro optimize_tables(days=none) %}
    {% for table in maintained_tables() %}
        {% set where = " where " ~ table.column ~ " >= timestamp '" ~ days_ago(days) ~ "'" if days and table.column else '' %}
        {% do adapter.run_operation_with_potential_multiple_runs(
            'optimize ' ~ table.relation.render_pure() ~ ' rewrite data using bin_pack' ~ where, 'optimize'
        ) %}
    {% endfor %}
{% endmacro %}

{% macro vacuum_tables() %}
    {% for table in maintained_tables() %}
        {% do adapter.run_operation_with_potential_multiple_runs('vacuum ' ~ table.relation.render_pure(), 'vacuum') %}
    {% endfor %}
{% endmacro %}

{# Raw, the refresh log and every incremental model, each with the column that it is partitioned by the day of. #}
{% macro maintained_tables() %}
    {% set tables = [] %}
    {% for node in graph.sources.values() %}
        {% do tables.append({'relation': source(node.source_name, node.name), 'column': node.loaded_at_field}) %}
    {% endfor %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'incremental' %}
        {% set column = modules.re.search('day\\((\\w+)\\)', node.config.partitioned_by[0]).group(1) %}
        {% do tables.append({'relation': ref(node.name), 'column': column}) %}
    {% endfor %}
    {% do tables.append({
        'relation': api.Relation.create(database=target.database, schema=target.schema, identifier='refresh_log'),
        'column': none,
    }) %}
    {{ return(tables) }}
{% endmacro %}

{% macro days_ago(days) %}
    {% set today = modules.datetime.datetime.now(modules.pytz.utc).date() %}
    {{ return((today - modules.datetime.timedelta(days=days)).isoformat() ~ ' 00:00:00') }}
{% endmacro %}
