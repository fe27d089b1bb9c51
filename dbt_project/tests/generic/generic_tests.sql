{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{# The rows for which the condition is false; null counts as true. #}
{% test holds(model, condition, column_name=none) %}
select *
from {{ model }}
where not ({{ condition }})
{% endtest %}
