"""Phones: a replay of the real slice of measurements, and a simulator. Plain boto3, so it feeds AWS as well."""
