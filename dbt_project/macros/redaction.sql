{# What may be shown of a record that was refused: raw keeps the record itself. #}

{# Every letter as x, every digit as 9, what can't be printed as ?; at most 200 characters. #}
{% macro masked(text) -%}
    regexp_replace(
            regexp_replace(regexp_replace(substr({{ text }}, 1, 200), '[\p{L}\p{M}]', 'x'), '\p{N}', '9'),
            '[\p{C}\x{FFFD}]', '?'
        )
{%- endmacro %}

{# The fields of a JSON object; null for anything else. #}
{% macro fields_of(text) -%}
    try(cast(json_parse({{ text }}) as map(varchar, json)))
{%- endmacro %}

{# Names of the contract's fields stand as they are, and the values that explain a refusal. A value of another type than
   the contract's could hold anything, so only short words and numbers stand. #}
{% macro redacted_fields(fields) -%}
    substr('{' || array_join(transform(
            array_sort(map_keys({{ fields }})),
            name -> if(name in ({{ contract_fields() }}), '"' || name || '"', {{ masked("json_format(cast(name as json))") }})
            || ': ' || if(
                name in ('event_ts', 'schema_version', 'feed')
                and regexp_like(json_format({{ fields }}[name]), '{{ short_word() }}'),
                json_format({{ fields }}[name]),
                {{ masked('json_format(' ~ fields ~ '[name])') }}
            )
        ), ', ') || '}', 1, 2000)
{%- endmacro %}

{# The feed that a refused record names, if it is one word. #}
{% macro named_feed(json) -%}
    case
                when coalesce(json_format({{ json }}), 'null') = 'null' then 'default'
                when regexp_like(json_format({{ json }}), '{{ short_word() }}') then replace(json_format({{ json }}), '"')
                else 'unknown'
            end
{%- endmacro %}

{% macro short_word() -%} ^"?[0-9A-Za-z_:+.-]{1,40}"?$ {%- endmacro %}

{% macro contract_fields() -%}
    'event_id', 'event_ts', 'schema_version', 'feed', 'device_id', 'lat', 'long', 'signal', 'signal_scale', 'network',
                'operator', 'net', 'status', 'description', 'speed', 'satellites', 'precission', 'provider', 'activity',
                'postal_code'
{%- endmacro %}
