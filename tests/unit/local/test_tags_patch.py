"""What Terraform reads back from the local AWS is what it wrote."""

import boto3
import pytest
from moto import mock_aws

from infra.local.patches import tags


@pytest.fixture(scope="module", autouse=True)
def _patched() -> None:
    tags.install()


@mock_aws
def test_a_stream_keeps_the_tags_it_was_created_with() -> None:
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1, Tags={"project": "telcopulse"})
    assert kinesis.list_tags_for_stream(StreamName="s")["Tags"] == [{"Key": "project", "Value": "telcopulse"}]


@mock_aws
def test_a_scalable_target_keeps_and_loses_tags() -> None:
    boto3.client("ecs").create_cluster(clusterName="c")
    boto3.client("ecs").register_task_definition(
        family="t", containerDefinitions=[{"name": "n", "image": "i", "memory": 64}]
    )
    boto3.client("ecs").create_service(cluster="c", serviceName="s", taskDefinition="t", desiredCount=0)
    scaling = boto3.client("application-autoscaling")
    arn = scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/c/s",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=2,
        Tags={"project": "telcopulse"},
    )["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"owner": "us"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["project"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"owner": "us"}
