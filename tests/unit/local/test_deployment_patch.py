"""Settings that Terraform wrote are there when it reads them back."""

from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local.patches import deployment


@pytest.fixture(scope="module", autouse=True)
def _patched() -> None:
    deployment.install()


def _create_job(**changes: Any) -> Any:
    glue = boto3.client("glue")
    glue.create_job(Name="j", Role="r", Command={"Name": "gluestreaming"}, MaintenanceWindow="Sun:2", **changes)
    return glue


@mock_aws
def test_a_service_keeps_how_it_is_deployed() -> None:
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(family="t", containerDefinitions=[{"name": "n", "image": "i", "memory": 64}])
    configuration = {"maximumPercent": 100, "minimumHealthyPercent": 0}
    ecs.create_service(
        cluster="c",
        serviceName="s",
        taskDefinition="t",
        desiredCount=1,
        deploymentConfiguration=configuration,
        enableECSManagedTags=True,
        healthCheckGracePeriodSeconds=60,
        availabilityZoneRebalancing="ENABLED",
    )
    found = ecs.describe_services(cluster="c", services=["s"])["services"][0]
    assert found["deploymentConfiguration"] == configuration
    assert found["enableECSManagedTags"] is True
    assert found["healthCheckGracePeriodSeconds"] == 60
    assert found["availabilityZoneRebalancing"] == "ENABLED"


@mock_aws
def test_a_job_keeps_its_maintenance_window() -> None:
    assert _create_job().get_job(JobName="j")["Job"]["MaintenanceWindow"] == "Sun:2"


@mock_aws
def test_updating_a_job_overwrites_its_definition() -> None:
    glue = _create_job(DefaultArguments={"--a": "1"}, MaxRetries=3)
    command = {"Name": "gluestreaming", "ScriptLocation": "s3://b/v2/job.py"}
    glue.update_job(JobName="j", JobUpdate={"Role": "r", "Command": command, "DefaultArguments": {"--a": "2"}})
    job = glue.get_job(JobName="j")["Job"]
    assert job["Command"] == command
    assert job["DefaultArguments"] == {"--a": "2"}
    assert "MaxRetries" not in job
    assert "MaintenanceWindow" not in job


@mock_aws
def test_updating_a_job_that_is_not_there_is_refused() -> None:
    glue = boto3.client("glue")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.update_job(JobName="j", JobUpdate={"Role": "r"})


@mock_aws
def test_a_streaming_run_goes_on_until_it_is_stopped_and_another_may_start() -> None:
    glue = _create_job()
    run = glue.start_job_run(JobName="j")["JobRunId"]
    for _ in range(3):
        assert glue.get_job_run(JobName="j", RunId=run)["JobRun"]["JobRunState"] == "RUNNING"
    stopped = glue.batch_stop_job_run(JobName="j", JobRunIds=[run, "jr_none"])
    assert stopped["SuccessfulSubmissions"] == [{"JobName": "j", "JobRunId": run}]
    assert [error["JobRunId"] for error in stopped["Errors"]] == ["jr_none"]
    assert glue.get_job_run(JobName="j", RunId=run)["JobRun"]["JobRunState"] == "STOPPED"
    assert glue.start_job_run(JobName="j")["JobRunId"] != run


@mock_aws
def test_a_connection_keeps_its_type() -> None:
    glue = boto3.client("glue")
    connection = {"Name": "c", "ConnectionType": "NETWORK", "ConnectionProperties": {}}
    glue.create_connection(ConnectionInput=connection)
    assert glue.get_connection(Name="c")["Connection"]["ConnectionType"] == "NETWORK"


@mock_aws
def test_a_deleted_connection_is_gone() -> None:
    glue = boto3.client("glue")
    glue.create_connection(ConnectionInput={"Name": "c", "ConnectionType": "NETWORK", "ConnectionProperties": {}})
    glue.delete_connection(ConnectionName="c")
    for call in (lambda: glue.get_connection(Name="c"), lambda: glue.delete_connection(ConnectionName="c")):
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            call()


@pytest.mark.parametrize(
    "allows",
    [
        {"UserIdGroupPairs": [{"GroupId": "self", "Description": "why"}]},
        {"PrefixListIds": [{"PrefixListId": "pl-1", "Description": "why"}]},
        {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "why"}]},
    ],
)
@mock_aws
def test_a_rule_keeps_its_description(allows: dict[str, list[dict[str, str]]]) -> None:
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    if "UserIdGroupPairs" in allows:
        allows = {"UserIdGroupPairs": [{**allows["UserIdGroupPairs"][0], "GroupId": group}]}
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **allows}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert [rule["Description"] for rule in rules if not rule["IsEgress"]] == ["why"]
