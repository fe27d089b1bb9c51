"""Simulated phones: calibrated on the public data's statistics, with labelled outages."""
