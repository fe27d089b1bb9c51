{# How work is cut into statements, so that neither a full refresh nor a long catch-up grows with history. A local day
   lies in two UTC days, and Athena writes at most 100 partitions a statement, of a text of at most 262,144 bytes. #}

{% macro max_slice_days() %}{{ return(45) }}{% endmacro %}
{% macro max_slice_ranges() %}{{ return(200) }}{% endmacro %}

{# `days`: {from: {to, granules, rows}}; a slice rebuilds about `slice_rows` of the rows that touch it, whole buckets of
   at most a week. Of a new table, which every row touches, a day is one range: nothing in between can be lost. #}
{% macro slices_of_buckets(days, granule_minutes, slice_rows, is_new) %}
    {% set week = 7 * 24 * 60 // granule_minutes %}
    {% set found = [] %}
    {% for day_from, day in days | dictsort %}
        {% set granules = day.granules | unique | sort | list %}
        {% set granules = range(granules[0], granules[-1] + 1) | list if is_new else granules %}
        {% set row_share = (day.rows | sum) / granules | length %}
        {% for number in granules %}
            {% if not found or found[-1].rows + row_share > slice_rows
                or (found[-1].numbers | length == week and not is_new)
                or found[-1].range_count == max_slice_ranges()
                or (found[-1].days[-1][0] != day_from and found[-1].days | length == max_slice_days()) %}
                {% do found.append({'rows': 0, 'numbers': [], 'range_count': 0, 'days': []}) %}
            {% endif %}
            {% set slice = found[-1] %}
            {% set is_next = slice.numbers and slice.numbers[-1] + 1 == number %}
            {% do slice.update({'rows': slice.rows + row_share, 'range_count': slice.range_count + (0 if is_next else 1)}) %}
            {% do slice.numbers.append(number) %}
            {% if not slice.days or slice.days[-1][0] != day_from %}{% do slice.days.append([day_from, day.to]) %}{% endif %}
        {% endfor %}
    {% endfor %}
    {% set slices = [] %}
    {% for slice in found %}
        {% do slices.append({'granules': ranges_of(slice.numbers, granule_minutes), 'days': slice.days}) %}
    {% endfor %}
    {{ return(slices) }}
{% endmacro %}

{% macro granule_ts(number, granule_minutes) %}
    {% set epoch = modules.datetime.datetime(1970, 1, 1) %}
    {{ return((epoch + modules.datetime.timedelta(minutes=number * granule_minutes)).isoformat(' ')) }}
{% endmacro %}

{# Hours since 1970 that granules lie in. #}
{% macro hours_of(granules, granule_minutes) %}
    {% set hours = [] %}
    {% for number in granules %}{% do hours.append(number * granule_minutes // 60) %}{% endfor %}
    {{ return(hours | unique | sort | list) }}
{% endmacro %}

{# `days`: {from: {to, rows, hours}}, no hours for all of a day's; a slice rebuilds about `slice_rows` rows of the upstream,
   whole days. #}
{% macro slices_of_days(days, slice_rows) %}
    {% set slices = [] %}
    {% for day_from, day in days | dictsort %}
        {% if not slices or slices[-1].rows + day.rows > slice_rows or slices[-1].days | length == max_slice_days() %}
            {% do slices.append({'rows': 0, 'days': [], 'granules': []}) %}
        {% endif %}
        {% do slices[-1].update({'rows': slices[-1].rows + day.rows}) %}
        {% do slices[-1].days.append([day_from, day.to]) %}
        {% do slices[-1].granules.extend(ranges_of(day.hours | unique | sort, 60) if day.hours else [[day_from, day.to]]) %}
    {% endfor %}
    {{ return(slices) }}
{% endmacro %}

{# Granules in order as ranges of timestamps, neighbours as one. #}
{% macro ranges_of(granules, granule_minutes) %}
    {% set found = [] %}
    {% for number in granules %}
        {% if found and found[-1][1] == number %}
            {% do found[-1].pop() %}
            {% do found[-1].append(number + 1) %}
        {% else %}
            {% do found.append([number, number + 1]) %}
        {% endif %}
    {% endfor %}
    {% set ranges = [] %}
    {% for first, last in found %}
        {% do ranges.append([granule_ts(first, granule_minutes), granule_ts(last, granule_minutes)]) %}
    {% endfor %}
    {{ return(ranges) }}
{% endmacro %}

{% macro with_minutes_before(ranges, minutes) %}
    {% set found = [] %}
    {% for from_ts, to_ts in ranges %}{% do found.append([minutes_before(from_ts, minutes), to_ts]) %}{% endfor %}
    {{ return(found) }}
{% endmacro %}

{# The column that the model is partitioned by. #}
{% macro day_column(node_config=config) %}
    {{ return(modules.re.search('\\((\\w+)\\)', node_config.get('partitioned_by')[0]).group(1)) }}
{% endmacro %}
