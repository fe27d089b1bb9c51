"""OPTIMIZE and VACUUM that ask to be run again, as on AWS when one run does not get to the end; here on request.

Set the Glue parameter `local.optimize_more_runs` (or `local.vacuum_more_runs`) of a database to the number of runs that
shall end in ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED; each such run takes one off.
"""

import threading

from botocore.exceptions import ClientError

from infra.local.athena import catalog
from infra.local.athena.errors import more_runs_needed

_spending = threading.Lock()


def parameter(statement: str) -> str:
    """The database parameter for OPTIMIZE or VACUUM."""
    return f"local.{statement.lower()}_more_runs"


def spend(statement: str, database: str) -> None:
    """Take one off the asked number of runs.

    Raises: QueryFailed: more than none were left.
    """
    with _spending:
        left = _left(parameter(statement), database)
        if left <= 0:
            return
        catalog.update_database_parameters(database, {parameter(statement): str(left - 1)})
    raise more_runs_needed(statement)


def _left(name: str, database: str) -> int:
    try:
        found = catalog.client("glue").get_database(Name=database)["Database"]
    except ClientError:
        return 0
    value = found.get("Parameters", {}).get(name, "0")
    return int(value) if value.isdigit() else 0
