{# The adapter's macros, wrapped for incremental models; others pass through unchanged. #}

{# A model with a refresh header needs no temporary table. Its table is made empty, and filled as an incremental run
   fills it: what dies halfway is finished by the next run, and a run beside it doubles nothing. #}
{% macro safe_create_table_as(temporary, relation, compiled_code, language='sql', force_batch=False) %}
    {% if temporary and needs_no_table(compiled_code) %}{{ return('no temporary table') }}{% endif %}
    {% set work = refresh_work_of(compiled_code) %}
    {% if not work %}
        {{ return(dbt.safe_create_table_as(temporary, relation, compiled_code, language, force_batch)) }}
    {% endif %}
    {% do dbt.safe_create_table_as(false, relation, get_empty_schema_sql(model.columns) ~ ' limit 0') %}
    {% do get_assert_columns_equivalent(compiled_code) %}
    {% set basis = following_basis(relation, work.upstream_basis) if work.upstream_basis else refresh_basis(relation, model.unique_id) %}
    {% set merged = merge_slices(compiled_code, work, relation) %}
    {% do save_full_refresh(work, basis) %}
    {{ return(merged) }}
{% endmacro %}

{# Whether an incremental run writes its query's rows straight to the target. A log that gains a column can't. #}
{% macro needs_no_table(compiled_code) %}
    {% set is_log = config.get('incremental_strategy') == 'append' and has_same_columns(this) %}
    {{ return(refresh_work_of(compiled_code) or is_log) }}
{% endmacro %}

{% macro incremental_insert(
    on_schema_change, tmp_relation, target_relation, existing_relation, force_batch, statement_name='main'
) %}
    {% if not needs_no_table(compiled_code) %}
        {{ return(dbt.incremental_insert(
            on_schema_change, tmp_relation, target_relation, existing_relation, force_batch, statement_name
        )) }}
    {% endif %}
    {{ return(dbt.incremental_insert(
        'ignore', '(' ~ compiled_code ~ ')', target_relation, existing_relation, force_batch, statement_name
    )) }}
{% endmacro %}

{% macro iceberg_merge(
    on_schema_change, tmp_relation, target_relation, unique_key, incremental_predicates, existing_relation,
    delete_condition, update_condition, insert_condition, force_batch, statement_name='main'
) %}
    {% set work = refresh_work_of(compiled_code) %}
    {% if not work %}
        {{ return(dbt.iceberg_merge(
            on_schema_change, tmp_relation, target_relation, unique_key, incremental_predicates, existing_relation,
            delete_condition, update_condition, insert_condition, force_batch, statement_name
        )) }}
    {% endif %}
    {% do require_same_columns(target_relation) %}
    {{ return("select '" ~ merge_slices(compiled_code, work, target_relation) ~ "'") }}
{% endmacro %}

{# The adapter's merge a slice, straight from the query, reading the target only where it can change and writing only rows
   that did. Iceberg refuses the commit if another one has changed these days since the statement began; the adapter then
   runs it again. Returns what `statement` reads from a model's last statement. #}
{% macro merge_slices(compiled_code, work, relation) %}
    {% set unique_key = config.get('unique_key') %}
    {% set changed = any_changed(model.columns.keys() | reject('in', unique_key + ['refreshed_ts'])) %}
    {% set total = {'rowcount': 0} %}
    {% for slice in work.slices %}
        {% set statement = dbt.iceberg_merge(
            'ignore', '(' ~ of_slice(compiled_code, slice) ~ ')', relation, unique_key,
            [in_ranges('target.' ~ day_column(), slice.days)], relation, config.get('delete_condition'),
            config.get('update_condition', changed), config.get('insert_condition'), false
        ) %}
        {% set merged = fromjson(modules.re.search('{.*}', statement).group(0)) %}
        {% do total.update({'rowcount': total.rowcount + merged.rowcount}) %}
    {% endfor %}
    {{ return(tojson(total)) }}
{% endmacro %}

{# Rows that a merge leaves alone would keep null in a new column. #}
{% macro require_same_columns(relation) %}
    {% if not has_same_columns(relation) %}
        {% do exceptions.raise_compiler_error(
            'the columns of ' ~ relation.identifier ~ ' changed: rebuild it and what reads it with `dbt run --full-refresh --select '
            ~ model.name ~ '+`'
        ) %}
    {% endif %}
{% endmacro %}

{% macro has_same_columns(relation) %}
    {% set found = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {{ return(found | sort == model.columns.keys() | sort) }}
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

{# The adapter ends a model by asking Athena for the statistics that it holds already: nothing to wait and to pay for. #}
{% macro statement(name=none, fetch_result=false, auto_begin=true, language='sql') %}
    {% if execute %}
        {% set code = caller() %}
        {% set statistics = modules.re.fullmatch("(?i)\\s*select '({.*\"rowcount\".*})'\\s*", code) %}
        {% if statistics %}
            {% set count = fromjson(statistics.group(1)).rowcount %}
            {% call noop_statement(name, 'OK ' ~ count, 'OK', count) %}{{ code }}{% endcall %}
        {% else %}
            {% call dbt.statement(name, fetch_result, auto_begin, language) %}{{ code }}{% endcall %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# A model that writes straight from its query has no temporary table to look for and drop. #}
{% macro athena__drop_relation(relation) %}
    {% if '__dbt_tmp_' in relation.identifier and needs_no_table(compiled_code) %}{{ return('') }}{% endif %}
    {{ return(dbt.athena__drop_relation(relation)) }}
{% endmacro %}

{# Comparing a table's descriptions with the project's takes half a second: not on the beat that is to be fast. #}
{% macro athena__persist_docs(relation, model, for_relation=true, for_columns=true) %}
    {% if var('beat') == 'live' and is_incremental() %}{{ return('') }}{% endif %}
    {{ return(dbt.athena__persist_docs(relation, model, for_relation, for_columns)) }}
{% endmacro %}
