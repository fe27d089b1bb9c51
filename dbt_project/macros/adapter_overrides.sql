{# The adapter's macros, wrapped for incremental models; others pass through unchanged. #}

{# A model with a refresh header needs no temporary table. Its table is made empty, and filled as an incremental run
   fills it: what dies halfway is finished by the next run, and a run beside it doubles nothing. #}
{% macro safe_create_table_as(temporary, relation, compiled_code, language='sql', force_batch=False) %}
    {% set work = refresh_work_of(compiled_code) if language == 'sql' else none %}
    {% if not work %}
        {{ return(dbt.safe_create_table_as(temporary, relation, compiled_code, language, force_batch)) }}
    {% endif %}
    {% if temporary %}{{ return('no temporary table') }}{% endif %}
    {% set result = dbt.safe_create_table_as(false, relation, get_empty_schema_sql(model.columns) ~ ' limit 0') %}
    {% do get_assert_columns_equivalent(compiled_code) %}
    {% set basis = following_basis(relation, work.upstream_basis) if work.upstream_basis else refresh_basis(relation, model.unique_id) %}
    {% for slice in work.slices %}
        {% set result = merge_slice(
            compiled_code, slice, relation, config.get('unique_key'), config.get('delete_condition'),
            config.get('update_condition'), config.get('insert_condition')
        ) %}
    {% endfor %}
    {% set save = save_refresh_of(work, basis) %}
    {% if save %}{% do run_query(save) %}{% endif %}
    {{ return(result) }}
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
    {% set merged = namespace(statement="select 'nothing touched'") %}
    {% for slice in work.slices %}
        {% set merged.statement = merge_slice(
            compiled_code, slice, target_relation, unique_key, delete_condition, update_condition, insert_condition
        ) %}
    {% endfor %}
    {{ return(merged.statement) }}
{% endmacro %}

{# The adapter's merge of one slice, straight from the query, reading the target only where it can change. Iceberg
   refuses the commit if another one has changed these days since the statement began; the adapter then runs it again. #}
{% macro merge_slice(compiled_code, slice, relation, unique_key, delete_condition, update_condition, insert_condition) %}
    {% set column = 'bucket_ts' if 'bucket_ts' in unique_key else 'period_start_ts' %}
    {{ return(dbt.iceberg_merge(
        'ignore', '(' ~ of_slice(compiled_code, slice) ~ ')', relation, unique_key,
        [in_ranges('target.' ~ column, slice.days)], relation, delete_condition, update_condition, insert_condition, false
    )) }}
{% endmacro %}

{# Rows that a merge leaves alone would keep null in a new column. #}
{% macro require_same_columns(relation) %}
    {% set found = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {% if found | sort != model.columns.keys() | sort %}
        {% do exceptions.raise_compiler_error(
            'the columns of ' ~ relation.identifier ~ ' changed: rebuild it and what reads it with `dbt run --full-refresh --select '
            ~ model.name ~ '+`. The table has ' ~ found | join(', ')
        ) %}
    {% endif %}
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

{# A merge straight from its query has no temporary table to look for and drop. #}
{% macro athena__drop_relation(relation) %}
    {% if '__dbt_tmp_' in relation.identifier and refresh_work_of(compiled_code) %}{{ return('') }}{% endif %}
    {{ return(dbt.athena__drop_relation(relation)) }}
{% endmacro %}

{# Comparing a table's descriptions with the project's takes half a second: not on the beat that is to be fast. #}
{% macro athena__persist_docs(relation, model, for_relation=true, for_columns=true) %}
    {% if var('beat') == 'live' and is_incremental() %}{{ return('') }}{% endif %}
    {{ return(dbt.athena__persist_docs(relation, model, for_relation, for_columns)) }}
{% endmacro %}
