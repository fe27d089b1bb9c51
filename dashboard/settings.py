"""Where the marts are, from the environment; the AWS clients read AWS_* themselves."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    schema: str
    work_group: str
    release: str

    @classmethod
    def from_env(cls) -> "Settings":
        return cls(
            schema=os.environ.get("TELCOPULSE_MARTS_SCHEMA", "marts"),
            work_group=os.environ.get("TELCOPULSE_DASHBOARD_WORKGROUP", "dashboard"),
            release=os.environ.get("TELCOPULSE_RELEASE", "development"),
        )
