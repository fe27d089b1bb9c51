"""Pages of the API's answers."""

from typing import Any, TypeAlias

from infra.local.athena.errors import InvalidRequest

Request: TypeAlias = Any  # moto's AthenaResponse, which ships no types
# The largest page of ListQueryExecutions, ListDatabases, ListTableMetadata and ListPreparedStatements.
LISTED = 50


def asked_for(self: Request, *, default: int, largest: int) -> tuple[int, int]:
    """The asked page's size and first row.

    Raises: InvalidRequest.
    """
    asked, token = self._get_param("MaxResults"), self._get_param("NextToken")
    size = default if asked is None else int(asked)
    if not 1 <= size <= largest:
        raise InvalidRequest(f"MaxResults is {size}: it must be from 1 to the maximum allowed length {largest}")
    if token and not str(token).isdigit():
        raise InvalidRequest(f"NextToken {token!r} is not valid")
    return size, int(token or 0)


def of(self: Request, name: str, found: list[Any]) -> dict[str, Any]:
    """The asked page of a list as an answer's `name`, with a `NextToken` if there is more."""
    size, start = asked_for(self, default=LISTED, largest=LISTED)
    answer: dict[str, Any] = {name: found[start : start + size]}
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return answer
