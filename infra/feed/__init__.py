"""Phones: a replay of the real slice of measurements. Plain boto3, so it feeds AWS as well."""
