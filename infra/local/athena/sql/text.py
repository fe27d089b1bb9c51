"""Tokens, names and literals of a statement; the plan that the others build."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ICEBERG, HIVE = "awsdatacatalog", "awsdatacatalog_hive"

COMMENT, STRING, QUOTED = r"--[^\n]*(?:\n|$)|/\*.*?\*/", r"'(?:[^']|'')*'", r'"(?:[^"]|"")*"'
_TOKENS = re.compile(
    rf"""(?P<blank>\s+) | (?P<comment>{COMMENT}) | (?P<string>{STRING})
    | (?P<quoted>{QUOTED}) | (?P<backquoted>`[^`]*`) | (?P<number>\d[\w.]*) | (?P<word>[^\W\d]\w*(?:\$\w+)?)
    | (?P<operator>=>|->|<=|>=|<>|!=|\|\||.)""",
    re.S | re.X,
)


class Refused(Exception):
    """Becomes InvalidRequestException of StartQueryExecution."""


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def name(self) -> str:
        """The identifier that the token spells, without its quotes."""
        quoted = self.kind in ("quoted", "backquoted")
        return self.text[1:-1].replace('""', '"') if quoted else self.text


Tokens = Sequence[Token]
Name = list[str]


@dataclass
class Plan:
    """What to do: `operation` names the executor's method, `arguments` are its keyword arguments.

    `kind`: DML, DDL or UTILITY; `substatement`: Athena's SubstatementType.
    """

    kind: str
    substatement: str
    operation: str
    arguments: dict[str, Any] = field(default_factory=dict)


def lex(sql: str) -> list[Token]:
    """The statement's tokens, without blanks and comments."""
    matches = _TOKENS.finditer(sql)
    return [
        Token(str(match.lastgroup), match.group(), match.start(), match.end())
        for match in matches
        if match.lastgroup not in ("blank", "comment")
    ]


def end_position(sql: str) -> str:
    """The place behind the last character, as `line:column`."""
    lines = sql.split("\n")
    return f"{len(lines)}:{len(lines[-1]) + 1}"


def words(tokens: Tokens) -> list[str]:
    return [token.lower for token in tokens]


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def array(values: Sequence[object]) -> str:
    return f"ARRAY[{','.join(literal(value) for value in values)}]"


def qualified(catalog: str, name: Name, database: str) -> str:
    return ".".join([catalog, quote(name[-2] if len(name) > 1 else database), quote(name[-1])])


def read_name(tokens: Tokens, index: int) -> tuple[Name, int]:
    """A table's name as [database, table] or [table], and the index behind it."""
    if index >= len(tokens):
        raise Refused("missing name at the end of the statement")
    parts, behind = [tokens[index].name], index + 1
    while behind + 1 < len(tokens) and tokens[behind].text == ".":
        parts.append(tokens[behind + 1].name)
        behind += 2
    if len(parts) == 1 and tokens[index].kind == "backquoted" and "." in parts[0]:
        parts = parts[0].split(".")
    if len(parts) == 3:
        if parts[0].lower() != ICEBERG:
            raise Refused(f"Catalog '{parts[0]}' does not exist")
        parts = parts[1:]
    return [part.lower() for part in parts], behind


def matching(tokens: Tokens, opening: int) -> int:
    """The index of the parenthesis that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += (tokens[index].text in "([") - (tokens[index].text in ")]")
        if depth == 0:
            return index
    raise Refused("mismatched parentheses")


def split_commas(tokens: Tokens) -> list[list[Token]]:
    """Split at the commas of the top level."""
    parts: list[list[Token]] = []
    current: list[Token] = []
    depth = 0
    for token in tokens:
        if token.kind == "operator":
            depth += (token.text in "([") - (token.text in ")]")
        if token.text == "," and depth == 0:
            parts.append(current)
            current = []
        else:
            current.append(token)
    return [*parts, current] if current else parts


def value(tokens: Tokens, sql: str) -> Any:
    """A property's value: text, a list of texts, a boolean, or its own spelling."""
    if len(tokens) == 1 and tokens[0].kind == "string":
        return unquote(tokens[0])
    if tokens[0].lower == "array":
        return [unquote(token) for token in tokens if token.kind == "string"]
    spelled = sql[tokens[0].start : tokens[-1].end]
    return {"true": True, "false": False}.get(spelled.lower(), spelled)


def unquote(token: Token) -> str:
    return token.text[1:-1].replace("''", "'")


def properties(tokens: Tokens, sql: str) -> dict[str, Any]:
    """`'key' = 'value', …` of TBLPROPERTIES and DBPROPERTIES, keys as spelled."""
    return {value(part[:1], sql): value(part[2:], sql) for part in split_commas(tokens)}
