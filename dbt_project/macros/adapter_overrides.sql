{# The adapter's macros, wrapped for models that carry a refresh header; others pass through unchanged. #}

{# One statement per slice: the first creates the table, the others insert. #}
{% macro safe_create_table_as(temporary, relation, compiled_code, language='sql', force_batch=False) %}
    {% set result = dbt.safe_create_table_as(temporary, relation, compiled_code, language, force_batch) %}
    {% set work = refresh_work_of(compiled_code) if language == 'sql' else none %}
    {% if work %}
        {% for slice in work.slices[1:] %}
            {% do run_query('insert into ' ~ relation ~ '\n' ~ of_slice(compiled_code, slice)) %}
        {% endfor %}
    {% endif %}
    {{ return(result) }}
{% endmacro %}

{% macro of_slice(sql, slice) %}
    {% set parts = modules.re.split('(?s)/\\*touched (\\S+) (\\w+)\\*/.*?/\\*end\\*/', sql) %}
    {% set out = [parts[0]] %}
    {% for i in range(1, parts | length, 3) %}
        {% do out.append(since_first(slice) if parts[i + 1] == 'since' else in_ranges(parts[i], slice[parts[i + 1]])) %}
        {% do out.append(parts[i + 2]) %}
    {% endfor %}
    {{ return(out | join('')) }}
{% endmacro %}

{# Nothing touched: nothing to merge. Otherwise the target is read only where it can change. #}
{% macro iceberg_merge(
    on_schema_change, tmp_relation, target_relation, unique_key, incremental_predicates, existing_relation,
    delete_condition, update_condition, insert_condition, force_batch, statement_name='main'
) %}
    {% set work = refresh_work_of(compiled_code) %}
    {% if work and not work.slices %}{{ return("select 'nothing touched'") }}{% endif %}
    {% set predicates = (incremental_predicates or []) | list %}
    {% if work %}
        {% set days = work.slices | map(attribute='days') | sum(start=[]) %}
        {% set column = 'bucket_ts' if 'bucket_ts' in unique_key else 'period_start_ts' %}
        {% do predicates.append(in_ranges('target.' ~ column, days)) %}
    {% endif %}
    {{ return(dbt.iceberg_merge(
        on_schema_change, tmp_relation, target_relation, unique_key, predicates, existing_relation,
        delete_condition, update_condition, insert_condition, force_batch, statement_name
    )) }}
{% endmacro %}

{# A unit test has no table type, and Hive tables hold no timestamp(6). #}
{% macro resolve_table_type() %}
    {{ return('iceberg' if model.resource_type == 'unit_test' else dbt.resolve_table_type()) }}
{% endmacro %}

{# Two runs of a unit test at a time, or one after another that failed, don't meet in one table. #}
{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') %}
    {% if model.resource_type == 'unit_test' %}
        {% set suffix = suffix ~ '_' ~ invocation_id.split('-')[0] %}
    {% endif %}
    {{ return(dbt.make_temp_relation(base_relation, suffix, **kwargs)) }}
{% endmacro %}
