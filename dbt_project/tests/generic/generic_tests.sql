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

{# A share from 0 to 1 between the bounds of its interval; all three are null where one is. #}
{% test within_its_interval(model, column_name) %}
{%- set low, high = column_name ~ '_ci_low', column_name ~ '_ci_high' %}
select {{ column_name }}, {{ low }}, {{ high }}
from {{ model }}
where
    ({{ column_name }} is null) != ({{ low }} is null)
    or ({{ column_name }} is null) != ({{ high }} is null)
    or not (0 <= {{ low }} and {{ low }} <= {{ column_name }} and {{ column_name }} <= {{ high }} and {{ high }} <= 1)
{% endtest %}
