"""Where the local AWS listens and keeps its files: read once from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

REPO_ROOT = Path(__file__).resolve().parents[2]
TOOLS_DIR = REPO_ROOT / ".local"
JARS_DIR = TOOLS_DIR / "jars"
TRINO_DIST_DIR = TOOLS_DIR / "trino"
SPARK_CONF_DIR = TOOLS_DIR / "spark"

ACCOUNT_ID = "123456789012"
REGION = "eu-west-1"
ACCESS_KEY = "test"
# Marks the engine's own calls of Glue, for which the catalog does what Athena would do; moto reads keys of AWS's form.
ENGINE_ACCESS_KEY = "TELCOPULSEENGINE0000"
SECRET_KEY = "test"
LOOPBACK = "127.0.0.1"
MAX_PUT_VARIABLE = "TELCOPULSE_S3_MAX_PUT_MB"
DML_TIMEOUT_VARIABLE = "TELCOPULSE_ATHENA_DML_TIMEOUT_S"
RECORD_CALLS_VARIABLE = "TELCOPULSE_RECORD_CALLS"


class LocalError(Exception):
    """Something about the local stack that a person can put right; the text says how."""


class InvalidSetting(LocalError):
    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r} is not {expected}: set it to one, or unset it for the default")


@dataclass(frozen=True)
class LocalSettings:
    """One stack. Two stacks differ in their ports; the state folder follows the AWS port."""

    aws_port: int
    trino_port: int
    dashboard_port: int
    state_dir: Path
    kinesis_limits: bool = False
    max_put_mb: int = 256
    athena_dml_timeout_s: int = 1800
    record_calls: bool = False

    @property
    def endpoint_url(self) -> str:
        return f"http://{LOOPBACK}:{self.aws_port}"

    @property
    def trino_url(self) -> str:
        return f"http://{LOOPBACK}:{self.trino_port}"

    @property
    def dashboard_url(self) -> str:
        return f"http://{LOOPBACK}:{self.dashboard_port}"

    @property
    def logs_dir(self) -> Path:
        return self.state_dir / "logs"

    @property
    def objects_dir(self) -> Path:
        """Bodies of S3 objects; they go with the account that they belong to."""
        return self.state_dir / "s3"

    @property
    def calls_log(self) -> Path:
        """Every call as a line of JSON, if `record_calls`."""
        return self.logs_dir / "calls.jsonl"

    @property
    def checkpoint_dir(self) -> Path:
        """Spark's checkpoint: AWS keeps it in S3, for which a laptop's Spark has no file system."""
        return self.state_dir / "checkpoint"

    @property
    def spark_temporary_dir(self) -> Path:
        """A JVM that is killed leaves its temporary files; they go with the account."""
        return self.state_dir / "spark"

    @classmethod
    def from_env(cls) -> "LocalSettings":
        """Read TELCOPULSE_AWS_PORT, _TRINO_PORT, _DASHBOARD_PORT, _STATE_DIR, _KINESIS_LIMITS, _S3_MAX_PUT_MB,
        _ATHENA_DML_TIMEOUT_S and _RECORD_CALLS.

        Raises: InvalidSetting: a port is not a number from 1 to 65535, a switch neither 0 nor 1, a size or a time not
        positive or beyond AWS's own.
        """
        aws_port = _port("TELCOPULSE_AWS_PORT", 4566)
        state = os.environ.get("TELCOPULSE_STATE_DIR")
        return cls(
            aws_port=aws_port,
            trino_port=_port("TELCOPULSE_TRINO_PORT", aws_port + 1),
            dashboard_port=_port("TELCOPULSE_DASHBOARD_PORT", 8501),
            state_dir=Path(state).resolve() if state else TOOLS_DIR / "stacks" / str(aws_port),
            kinesis_limits=_switch("TELCOPULSE_KINESIS_LIMITS"),
            max_put_mb=_whole(MAX_PUT_VARIABLE, cls.max_put_mb, largest=5 * 1024, what="a number of MiB"),
            athena_dml_timeout_s=_whole(
                DML_TIMEOUT_VARIABLE,
                cls.athena_dml_timeout_s,
                largest=cls.athena_dml_timeout_s,
                what="a number of seconds",
            ),
            record_calls=_switch(RECORD_CALLS_VARIABLE),
        )

    def environment(self) -> dict[str, str]:
        """What a process needs to reach this stack: endpoint, dummy credentials, region and the repository's paths."""
        venv_bin = str(REPO_ROOT / ".venv" / "bin")
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "DBT_PROFILES_DIR": str(REPO_ROOT / "dbt_project"),
            "SPARK_CONF_DIR": str(SPARK_CONF_DIR),
            "SPARK_LOCAL_IP": LOOPBACK,
            "SPARK_SUBMIT_OPTS": f'-Djava.io.tmpdir="{self.spark_temporary_dir}"',
            "TELCOPULSE_OUTAGES_TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:telcopulse-outages",
            "PYTHONPATH": str(REPO_ROOT),
            "PATH": os.pathsep.join([venv_bin, os.environ.get("PATH", "")]),
            "TELCOPULSE_AWS_PORT": str(self.aws_port),
            "TELCOPULSE_TRINO_PORT": str(self.trino_port),
            "TELCOPULSE_DASHBOARD_PORT": str(self.dashboard_port),
            "TELCOPULSE_STATE_DIR": str(self.state_dir),
            "TELCOPULSE_KINESIS_LIMITS": str(int(self.kinesis_limits)),
            MAX_PUT_VARIABLE: str(self.max_put_mb),
            DML_TIMEOUT_VARIABLE: str(self.athena_dml_timeout_s),
            RECORD_CALLS_VARIABLE: str(int(self.record_calls)),
        }


def _port(name: str, default: int) -> int:
    return _whole(name, default, largest=65535, what="a port number")


def _whole(name: str, default: int, *, largest: int, what: str) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= largest:
        raise InvalidSetting(name, text, f"{what} from 1 to {largest}")
    return int(text)


def _switch(name: str) -> bool:
    """Off unless the variable is 1."""
    text = os.environ.get(name, "0")
    if text not in ("0", "1"):
        raise InvalidSetting(name, text, "0 or 1")
    return text == "1"
