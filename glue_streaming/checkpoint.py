"""The checkpoint and the batch ledger live and die together."""

from pyspark.sql import SparkSession

from glue_streaming.errors import ForeignLedger, LostLedger
from glue_streaming.ledger import Ledger


def require_together(spark: SparkSession, checkpoint: str, ledger_url: str) -> None:
    """Refuse a ledger that the checkpoint knows nothing of, and the reverse.

    Raises: ForeignLedger, LostLedger.
    """
    has_batches = Ledger(ledger_url).last_batch() > 0
    has_offsets = _exists(spark, f"{checkpoint.rstrip('/')}/offsets/0") or _exists(spark, f"{checkpoint}/metadata")
    if has_batches and not has_offsets:
        raise ForeignLedger(ledger_url, checkpoint)
    if not has_batches and _exists(spark, f"{checkpoint.rstrip('/')}/commits/0"):
        raise LostLedger(ledger_url, checkpoint)


def _exists(spark: SparkSession, path: str) -> bool:
    """Whether a file is there, on any file system that Spark can write to."""
    jvm, configuration = spark._jvm, spark._jsc.hadoopConfiguration()
    hadoop_path = jvm.org.apache.hadoop.fs.Path(path)
    return bool(hadoop_path.getFileSystem(configuration).exists(hadoop_path))
