"""Every state change reaches a queue that is subscribed to the topic, whatever fails on the way."""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dbt_project.notifications import Notifier
from infra.local import athena_client
from infra.local.faults_client import FaultsClient
from infra.local.settings import LocalSettings
from tests.integration.marts import Marts

LOG = "outage_state_changes"
SENT = "outage_notifications"


class Told:
    """The log of a schema, the topic that it is published to, and a queue behind the topic."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        name = uuid.uuid4().hex
        sns, self._sqs = boto3.client("sns"), boto3.client("sqs")
        self.topic: str = sns.create_topic(Name=name)["TopicArn"]
        self._queue: str = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def says(self, *change_ids: str, hours_ago: int = 0) -> None:
        rows = ", ".join(f"('{change_id}', date_add('hour', {-hours_ago}, localtimestamp))" for change_id in change_ids)
        athena_client.query(
            f"insert into {LOG} select change_id, 'i-' || change_id, 'municipality', '080193', 'Ñandú ''4G''', 1, "
            "'OK', 'CONFIRMED', false, 0.5e0, cast(said_ts as timestamp(6)) "
            f"from (values {rows}) as c (change_id, said_ts)",
            database=self.schema,
        )

    def publish(self) -> int:
        """As a loop that has just started."""
        return Notifier(self.topic, self.schema, "dbt").publish_new()

    def received(self) -> list[dict[str, Any]]:
        messages = []
        while found := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                messages.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def received_ids(self) -> Counter[str]:
        return Counter(json.loads(envelope["Message"])["change_id"] for envelope in self.received())


@pytest.fixture
def told(marts: Marts) -> Iterator[Told]:
    """Nothing was said yet."""
    marts.dbt.run("run", "--select", SENT)
    athena_client.query(f"delete from {SENT}", database=marts.schema)
    athena_client.query(f"drop table if exists {LOG}", database=marts.schema)
    athena_client.query(
        f"create table {LOG} (change_id string, incident_id string, area_level string, area_code string, "
        "network string, change_number bigint, state_before string, state_after string, is_closed boolean, "
        "peak_bad_share double, detected_ts timestamp) "
        f"location 's3://telcopulse-marts/{marts.schema}/{LOG}-{uuid.uuid4().hex}/' "
        "tblproperties ('table_type'='ICEBERG')",
        database=marts.schema,
    )
    yield Told(marts.schema)
    athena_client.query(f"drop table {LOG}", database=marts.schema)


@pytest.fixture
def faults(local_aws: LocalSettings) -> Iterator[FaultsClient]:
    client = FaultsClient(local_aws.endpoint_url)
    yield client
    client.clear()


def test_a_message_holds_the_whole_row_and_can_be_filtered_by(told: Told) -> None:
    told.says("c1")
    assert told.publish() == 1
    (envelope,) = told.received()
    message = json.loads(envelope["Message"])
    said = message.pop("detected_ts")
    assert said.endswith("Z")
    assert message == {
        "change_id": "c1", "incident_id": "i-c1", "area_level": "municipality", "area_code": "080193",
        "network": "Ñandú '4G'", "change_number": 1, "state_before": "OK", "state_after": "CONFIRMED",
        "is_closed": False, "peak_bad_share": 0.5,
    }  # fmt: skip
    attributes = {name: attribute["Value"] for name, attribute in envelope["MessageAttributes"].items()}
    assert attributes["state_after"] == "CONFIRMED"
    assert attributes["is_closed"] == "false"


def test_each_change_is_published_once_when_nothing_fails(told: Told) -> None:
    first = [f"c{number:02}" for number in range(23)]
    told.says(*first, hours_ago=50)
    notifier = Notifier(told.topic, told.schema, "dbt")
    assert (notifier.publish_new(), notifier.publish_new()) == (23, 0)
    told.says("later")
    # What a run beside the loop commits late was said before what is published already.
    told.says("said-before", hours_ago=3)
    assert notifier.publish_new() == 2
    assert told.publish() == 0
    assert told.received_ids() == Counter([*first, "later", "said-before"])


def test_nothing_is_lost_while_sns_is_down(told: Told, faults: FaultsClient) -> None:
    told.says("c1", "c2")
    with faults.active("sns", "PublishBatch", code="InternalError", status=500), pytest.raises(ClientError):
        told.publish()
    assert told.received() == []
    told.says("c3")
    assert told.publish() == 3
    assert told.received_ids() == Counter(["c1", "c2", "c3"])


def test_a_loop_that_dies_after_sns_took_a_message_repeats_it_under_the_same_id(
    told: Told, faults: FaultsClient
) -> None:
    told.says("c1")
    with (
        faults.active("athena", "StartQueryExecution", resource=f"insert into {SENT}", code="InternalServerException"),
        pytest.raises(Exception, match="InternalServerException"),
    ):
        told.publish()
    assert told.publish() == 1
    assert told.received_ids() == Counter({"c1": 2})
