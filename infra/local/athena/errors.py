"""How Athena says no: refusals at StartQueryExecution and failures of an execution."""

from botocore.exceptions import ClientError
from moto.core.exceptions import JsonRESTError

from infra.local.athena.trino_client import TrinoError
from infra.local.faults import Fault

# AthenaError: https://docs.aws.amazon.com/athena/latest/APIReference/API_AthenaError.html
SYSTEM, USER = 1, 2
DDL_TASK = "Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
_RESOURCES_EXHAUSTED, _INTERNAL, _ENGINE, _ICEBERG, _USER_QUERY, _HIVE, HIVE_DDL = 1, 100, 200, 233, 1000, 1001, 1003


class InvalidRequest(JsonRESTError):
    """InvalidRequestException: the call is refused, no execution exists."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__("InvalidRequestException", message)


class MetadataError(JsonRESTError):
    code = 400

    def __init__(self, message: str) -> None:
        super().__init__("MetadataException", message)


class ResourceNotFound(JsonRESTError):
    code = 400

    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message)


class QueryFailed(Exception):
    """An execution that ends as FAILED."""

    def __init__(
        self, message: str, error_type: int = _USER_QUERY, *, category: int = USER, retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_type = error_type
        self.category = category
        self.retryable = retryable


def hive_ddl_failed(message: str) -> QueryFailed:
    return QueryFailed(f"FAILED: {message}", HIVE_DDL)


def from_aws(error: ClientError) -> QueryFailed:
    """Glue or S3 refused what a DDL statement asks for."""
    refused = error.response["Error"]
    return hive_ddl_failed(f"{DDL_TASK} {refused['Code']}(message:{refused['Message']})")


def internal_error(error: Exception) -> QueryFailed:
    message = f"GENERIC_INTERNAL_ERROR: the local Athena failed at this statement ({error!r}), its log says where"
    return QueryFailed(message, _INTERNAL, category=SYSTEM)


def asked_for(fault: Fault) -> QueryFailed:
    """A fault on request as the engine's own error, so that a code means the same in both."""
    kind = "INSUFFICIENT_RESOURCES" if fault.action == "throttle" else "USER_ERROR"
    return from_trino(TrinoError({"errorName": fault.code, "errorType": kind, "message": fault.message}))


def from_trino(error: TrinoError) -> QueryFailed:
    """The engine's error in Athena's words and numbers."""
    text = f"{error.name}: {error.message}"
    if error.name.startswith("ICEBERG"):
        is_conflict = error.name == "ICEBERG_COMMIT_ERROR"
        return QueryFailed(text, _ICEBERG, category=SYSTEM if is_conflict else USER, retryable=is_conflict)
    if error.kind == "USER_ERROR":
        return QueryFailed(text)
    if error.kind == "INSUFFICIENT_RESOURCES":
        message = f"Query exhausted resources at this scale factor: {error.message}"
        return QueryFailed(message, _RESOURCES_EXHAUSTED, category=SYSTEM, retryable=True)
    if error.name.startswith("HIVE"):
        return QueryFailed(text, _HIVE)
    return QueryFailed(text, _ENGINE, category=SYSTEM)
