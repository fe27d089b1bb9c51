"""The account's resources, as Terraform makes them on AWS: buckets, stream, databases, workgroups, topic."""

import boto3

from infra.local.settings import REGION

BUCKETS = (
    "telcopulse-raw",
    "telcopulse-marts",
    "telcopulse-athena-results",
    "telcopulse-artifacts",
    "telcopulse-checkpoints",
)
# Every account's Athena has a database `default`.
DATABASES = {
    "default": "s3://telcopulse-athena-results/default/",
    "raw": "s3://telcopulse-raw/",
    "marts": "s3://telcopulse-marts/",
}
STREAM, SHARDS = "network-events", 2
OUTAGES_TOPIC = "telcopulse-outages"
WORKGROUPS = ("dbt", "ci", "dashboard", "adhoc")


def create() -> None:
    """Create every resource in the account that AWS_ENDPOINT_URL points to, which must be empty."""
    s3, glue = boto3.client("s3"), boto3.client("glue")
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for name, location in DATABASES.items():
        glue.create_database(DatabaseInput={"Name": name, "LocationUri": location})
    boto3.client("kinesis").create_stream(StreamName=STREAM, ShardCount=SHARDS)
    boto3.client("sns").create_topic(Name=OUTAGES_TOPIC)
    athena = boto3.client("athena")
    for workgroup in WORKGROUPS:
        athena.create_work_group(
            Name=workgroup,
            Configuration={
                "EnforceWorkGroupConfiguration": True,
                "ResultConfiguration": {"OutputLocation": f"s3://telcopulse-athena-results/{workgroup}/"},
                "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
            },
        )
