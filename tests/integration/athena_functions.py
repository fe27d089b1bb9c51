"""The functions that the models may use: those that Athena engine version 3 documents.

Source: https://docs.aws.amazon.com/athena/latest/ug/functions-env3.html, which names Trino's pages as the reference of
its functions; each group below is one of them.
"""

import itertools
import re
from collections.abc import Iterator

from sqlglot import Token, TokenType, parse
from sqlglot.dialects import Athena

TRINO = "https://trino.io/docs/current/functions/"
DOCUMENTED = {
    "aggregate.html": "approx_percentile arbitrary array_agg avg bool_or count count_if histogram map_agg max max_by "
    "min min_by sum",
    "array.html": "array_distinct array_join array_sort cardinality contains element_at filter flatten none_match "
    "reduce repeat sequence slice transform",
    "binary.html": "from_big_endian_64 md5 to_hex xxhash64",
    "comparison.html": "greatest least",
    "conditional.html": "coalesce if nullif try",
    "conversion.html": "cast try_cast",
    "datetime.html": "at_timezone date_diff date_trunc from_unixtime hour minute to_unixtime with_timezone",
    "json.html": "json_extract json_format json_parse",
    "map.html": "element_at map map_entries map_from_entries map_keys map_values multimap_from_entries "
    "transform_values",
    "math.html": "abs ceiling floor ln power round sqrt",
    "regexp.html": "regexp_like regexp_replace",
    "string.html": "from_utf8 length lower replace substr to_utf8 trim upper",
    "window.html": "lag row_number",
    # Not functions, but written like them: types, and the relation that an array or map becomes.
    "../sql/select.html": "unnest",
    "../language/types.html": "array map row timestamp",
}
KNOWN = {name for names in DOCUMENTED.values() for name in names.split()}
MAX_TIMESTAMP_PRECISION = 6
_TIMESTAMP = re.compile(r"timestamp\s*\((\d+)\)|timestamp\s+'[^']*\.(\d+)'", re.IGNORECASE)


def functions(sql: str) -> set[str]:
    """Names that are followed at once by a bracket; the house style puts a space behind a keyword.

    Raises: sqlglot.errors.ParseError: this is no SQL of Athena's.
    """
    parse(sql, dialect="athena")
    tokens = list(Athena.Tokenizer().tokenize(sql))
    return {name.text.lower() for name, bracket in _neighbours(tokens) if _is_call(name, bracket)}


def too_precise_timestamps(sql: str) -> list[str]:
    found = _TIMESTAMP.finditer(sql)
    return [match[0] for match in found if max(int(match[1] or 0), len(match[2] or "")) > MAX_TIMESTAMP_PRECISION]


def _neighbours(tokens: list[Token]) -> Iterator[tuple[Token, Token]]:
    return itertools.pairwise(tokens)


def _is_call(name: Token, bracket: Token) -> bool:
    is_adjacent = bracket.token_type == TokenType.L_PAREN and bracket.start == name.end + 1
    return is_adjacent and re.fullmatch(r"[a-z_]\w*", name.text, re.IGNORECASE) is not None
