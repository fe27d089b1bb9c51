"""Workgroups are changed, found and deleted as on AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

LOCATION = "s3://results/"


def configuration(athena: Any) -> dict[str, Any]:
    found: dict[str, Any] = athena.get_work_group(WorkGroup="w")["WorkGroup"]["Configuration"]
    return found


def test_what_an_update_does_not_name_stays(athena: Any) -> None:
    athena.update_work_group(
        WorkGroup="w",
        Description="new",
        ConfigurationUpdates={"BytesScannedCutoffPerQuery": 10_000_000, "PublishCloudWatchMetricsEnabled": True},
    )
    found = configuration(athena)
    assert found["BytesScannedCutoffPerQuery"] == 10_000_000
    assert found["PublishCloudWatchMetricsEnabled"] is True
    assert found["EnforceWorkGroupConfiguration"] is True
    assert found["ResultConfiguration"] == {"OutputLocation": LOCATION}
    assert athena.get_work_group(WorkGroup="w")["WorkGroup"]["Description"] == "new"


def test_a_cut_off_and_an_output_location_are_taken_away(athena: Any) -> None:
    athena.update_work_group(WorkGroup="w", ConfigurationUpdates={"BytesScannedCutoffPerQuery": 10_000_000})
    athena.update_work_group(
        WorkGroup="w",
        ConfigurationUpdates={
            "RemoveBytesScannedCutoffPerQuery": True,
            "EnforceWorkGroupConfiguration": False,
            "ResultConfigurationUpdates": {
                "RemoveOutputLocation": True,
                "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
            },
        },
    )
    found = configuration(athena)
    assert "BytesScannedCutoffPerQuery" not in found
    assert found["EnforceWorkGroupConfiguration"] is False
    assert found["ResultConfiguration"] == {"EncryptionConfiguration": {"EncryptionOption": "SSE_S3"}}


def test_a_disabled_workgroup_takes_no_query(athena: Any) -> None:
    athena.update_work_group(WorkGroup="w", State="DISABLED")
    with pytest.raises(ClientError, match="WorkGroup w is disabled"):
        athena.start_query_execution(QueryString="select 1", WorkGroup="w")


@pytest.mark.parametrize("operation", ["get_work_group", "update_work_group", "delete_work_group"])
def test_an_unknown_workgroup_is_not_found(athena: Any, operation: str) -> None:
    with pytest.raises(ClientError, match="WorkGroup none is not found") as refusal:
        getattr(athena, operation)(WorkGroup="none")
    assert refusal.value.response["Error"]["Code"] == "InvalidRequestException"


def test_the_primary_workgroup_stays(athena: Any) -> None:
    with pytest.raises(ClientError, match="primary workgroup cannot be deleted"):
        athena.delete_work_group(WorkGroup="primary")


def test_a_deleted_saved_query_is_gone(athena: Any) -> None:
    saved = athena.create_named_query(Name="q", Database="default", QueryString="select 1", WorkGroup="primary")
    athena.delete_named_query(NamedQueryId=saved["NamedQueryId"])
    assert athena.list_named_queries(WorkGroup="primary")["NamedQueryIds"] == []
    with pytest.raises(ClientError, match="was not found"):
        athena.delete_named_query(NamedQueryId=saved["NamedQueryId"])


def test_a_workgroup_that_holds_queries_is_deleted_with_them_on_request_only(athena: Any) -> None:
    saved = athena.create_named_query(Name="q", Database="d", QueryString="select 1", WorkGroup="w")["NamedQueryId"]
    athena.create_prepared_statement(StatementName="p", WorkGroup="w", QueryStatement="select ?")
    with pytest.raises(ClientError, match="WorkGroup w is not empty"):
        athena.delete_work_group(WorkGroup="w")
    athena.delete_work_group(WorkGroup="w", RecursiveDeleteOption=True)
    assert saved not in athena.list_named_queries()["NamedQueryIds"]
    athena.create_work_group(Name="w")
    assert athena.list_prepared_statements(WorkGroup="w")["PreparedStatements"] == []


def test_a_workgroup_in_which_a_query_ran_is_not_empty(athena: Any) -> None:
    athena.start_query_execution(QueryString="select 1", WorkGroup="w")
    with pytest.raises(ClientError, match="WorkGroup w is not empty"):
        athena.delete_work_group(WorkGroup="w")
