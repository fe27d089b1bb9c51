"""Publish the rows of outage_state_changes to an SNS topic, each at least once.

What was published stands in outage_notifications. A row is written there after SNS has taken the message, so a crash
between the two repeats the message: a subscriber knows it by its `change_id`. docs/outage-notifications.md says what a
message holds.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import boto3
from pyathena import connect
from pyathena.cursor import DictCursor

# A request of SNS takes ten messages: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
_BATCH = 10
# Changes are looked for from the newest published one on, less what a run beside the loop may commit later.
_LOOK_BACK = timedelta(days=1)
_BEGINNING = datetime(1970, 1, 2)

_NEWEST_PUBLISHED = "select max(published_ts) as published_ts from outage_notifications"

# Literals prune files, however long the log.
_NOT_PUBLISHED = """
select *
from outage_state_changes
where
    detected_ts >= %(since)s
    and change_id not in (select change_id from outage_notifications where published_ts >= %(since)s)
order by detected_ts, change_id
"""

_NOTE = """
insert into outage_notifications (change_id, message_id, published_ts)
select change_id, message_id, cast(current_timestamp at time zone 'UTC' as timestamp(6))
from (values {rows}) as v (change_id, message_id)
"""

_ATTRIBUTES = ("state_after", "is_closed", "area_level", "area_code", "network")


class NotPublished(Exception):
    """SNS took some messages and refused others; these are tried again."""

    def __init__(self, refused: Sequence[Mapping[str, Any]]) -> None:
        reasons = sorted({f"{entry['Code']}: {entry.get('Message', '')}" for entry in refused})
        super().__init__(f"SNS refused {len(refused)} messages: {'; '.join(reasons)}")


class Notifier:
    def __init__(self, topic_arn: str, schema: str, work_group: str) -> None:
        self._topic_arn = topic_arn
        self._sns: Any = boto3.client("sns")
        self._published_until: datetime | None = None
        self._athena: Any = connect(
            schema_name=schema, work_group=work_group, poll_interval=0.1, cursor_class=DictCursor
        )

    def publish_new(self) -> int:
        """Publish every state change that was not published yet; returns how many.

        Raises: NotPublished, botocore's and PyAthena's errors: what was not published is found again.
        """
        if self._published_until is None:
            self._published_until = self._query(_NEWEST_PUBLISHED)[0]["published_ts"] or _BEGINNING
        changes = self._query(_NOT_PUBLISHED, {"since": max(_BEGINNING, self._published_until - _LOOK_BACK)})
        for start in range(0, len(changes), _BATCH):
            batch = changes[start : start + _BATCH]
            self._publish(batch)
            self._published_until = max(self._published_until, batch[-1]["detected_ts"])
        return len(changes)

    def _publish(self, changes: Sequence[Mapping[str, Any]]) -> None:
        entries = [{"Id": str(number), **message_of(change)} for number, change in enumerate(changes)]
        answer = self._sns.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=entries)
        taken = {f"message_{entry['Id']}": entry["MessageId"] for entry in answer["Successful"]}
        if taken:
            changed = {
                f"change_{entry['Id']}": changes[int(entry["Id"])]["change_id"] for entry in answer["Successful"]
            }
            rows = ", ".join(f"(%(change_{entry['Id']})s, %(message_{entry['Id']})s)" for entry in answer["Successful"])
            self._query(_NOTE.format(rows=rows), {**changed, **taken})
        if answer["Failed"]:
            raise NotPublished(answer["Failed"])

    def _query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        with self._athena.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall()) if cursor.description else []


def message_of(change: Mapping[str, Any]) -> dict[str, Any]:
    """What SNS is told of a state change: all of its columns as JSON, and attributes for a subscription's filter."""
    said = {name: _json_value(value) for name, value in change.items()}
    attributes = {name: {"DataType": "String", "StringValue": _text(said[name])} for name in _ATTRIBUTES}
    return {"Message": json.dumps(said, ensure_ascii=False), "MessageAttributes": attributes}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _json_value(value: Any) -> Any:
    """Timestamps are UTC, of which Athena's own type says nothing."""
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else value
