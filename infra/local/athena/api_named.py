"""Athena's calls about saved (named) queries that moto lacks."""

from infra.local.athena.errors import InvalidRequest
from infra.local.athena.paging import Request


def delete_named_query(self: Request) -> str:
    query_id = self._get_param("NamedQueryId")
    if self.athena_backend.named_queries.pop(query_id, None) is None:
        raise InvalidRequest(f"Query {query_id} was not found")
    return "{}"


HANDLERS = (delete_named_query,)
