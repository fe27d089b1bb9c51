"""Kinesis to Iceberg: every record that arrives becomes exactly one row of raw.network_events."""
