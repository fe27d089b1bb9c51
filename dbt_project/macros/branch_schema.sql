{# `dbt run-operation drop_branch_schema --target ci`: removes what a branch has built, data included. #}
{% macro drop_branch_schema() %}
    {% if target.name != 'ci' %}
        {{ exceptions.raise_compiler_error(
            'drop_branch_schema drops schema ' ~ target.schema ~ ' whole, so it works on target ci only; this is target ' ~ target.name
        ) }}
    {% endif %}
    {% set schema = api.Relation.create(database=target.database, schema=target.schema) %}
    {% for relation in adapter.list_relations_without_caching(schema) %}
        {% do adapter.drop_relation(relation) %}
    {% endfor %}
    {% do adapter.drop_schema(schema) %}
    {% do log('dropped schema ' ~ target.schema, info=true) %}
{% endmacro %}
