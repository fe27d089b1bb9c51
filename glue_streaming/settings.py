"""Arguments of the job and the backfill: Glue style (`--key value`), checked once."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from glue_streaming.errors import InvalidArgument
from glue_streaming.source import CONTINUE, FAIL


@dataclass(frozen=True)
class JobSettings:
    """`table`: catalog.database.table; `ledger`: s3:// prefix; `checkpoint`: any path that Spark can write."""

    stream_name: str
    table: str
    warehouse: str
    checkpoint: str
    ledger: str
    on_data_loss: str
    trigger_seconds: int
    metrics_namespace: str

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> "JobSettings":
        """Parse `--key value` pairs; Glue adds arguments of its own, which are left alone.

        Raises: InvalidArgument.
        """
        parser = argparse.ArgumentParser(
            prog="job.py", description="Append every record of a Kinesis stream to an Iceberg table, exactly once."
        )
        add_table_arguments(parser)
        parser.add_argument("--stream-name", "--stream_name", required=True, help="Kinesis stream to read")
        parser.add_argument("--checkpoint", required=True, help="where Spark keeps the query's offsets")
        parser.add_argument(
            "--ledger", required=True, help="s3:// prefix of the batch ledger; lives with the checkpoint"
        )
        parser.add_argument(
            "--on-data-loss",
            "--on_data_loss",
            choices=(FAIL, CONTINUE),
            default=FAIL,
            help="when records expired before they were read: fail (default), or log the gap and continue",
        )
        parser.add_argument(
            "--trigger-seconds", "--trigger_seconds", type=int, default=10, help="micro-batch interval (default 10)"
        )
        parser.add_argument(
            "--metrics-namespace", "--metrics_namespace", default="TelcoPulse", help="of the CloudWatch metrics"
        )
        known, _ = parser.parse_known_args(arguments)
        require_table(known.table)
        require_s3("ledger", known.ledger)
        if known.trigger_seconds < 1:
            raise InvalidArgument("trigger-seconds", known.trigger_seconds, "a number of seconds from 1")
        return cls(**{**vars(known), "checkpoint": known.checkpoint.rstrip("/")})


def add_table_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", required=True, help="raw table, for example glue_catalog.raw.network_events")
    parser.add_argument("--warehouse", required=True, help="s3:// folder for the table's files")


def require_table(table: str) -> None:
    """Raises: InvalidArgument."""
    if table.count(".") != 2:
        raise InvalidArgument("table", table, "of the form catalog.database.table")


def require_s3(name: str, url: str) -> None:
    """Raises: InvalidArgument."""
    if not url.startswith("s3://") or not url.removeprefix("s3://").strip("/").count("/"):
        raise InvalidArgument(name, url, "an S3 prefix of the form s3://bucket/prefix")
