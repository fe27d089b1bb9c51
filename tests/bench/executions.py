"""Queries that Athena was asked."""

from collections.abc import Iterator
from typing import Any

import boto3


def executions(workgroup: str) -> Iterator[dict[str, Any]]:
    """All of a workgroup, as GetQueryExecution describes them."""
    athena: Any = boto3.client("athena")
    for page in athena.get_paginator("list_query_executions").paginate(WorkGroup=workgroup):
        if ids := page["QueryExecutionIds"]:
            yield from athena.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
