"""Glue crawlers with Iceberg targets that walk S3 and register the tables they find."""

import statistics
import threading
import time
from datetime import datetime
from typing import Any

import boto3
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.glue import models, responses
from moto.glue.exceptions import CrawlerNotRunningException, CrawlerRunningException, GlueClientError

from infra.local import iceberg_files
from infra.local.crawl_registry import Registry

DEFAULT_DEPTH, MAX_DEPTH = 10, 20

# A crawl on AWS takes a minute or more; ours is as short as a client that polls once a second may miss.
RUNNING_AT_LEAST_S = 0.3
STOPPING_S = 0.2
_SETTINGS = {
    "Role": "role",
    "DatabaseName": "database_name",
    "Description": "description",
    "Targets": "targets",
    "Schedule": "schedule",
    "Classifiers": "classifiers",
    "TablePrefix": "table_prefix",
    "SchemaChangePolicy": "schema_change_policy",
    "RecrawlPolicy": "recrawl_policy",
    "LineageConfiguration": "lineage_configuration",
    "Configuration": "configuration",
    "CrawlerSecurityConfiguration": "crawler_security_configuration",
}


class InvalidTarget(GlueClientError):
    def __init__(self, problem: str) -> None:
        super().__init__("InvalidInputException", problem)


class CrawlerStopping(GlueClientError):
    def __init__(self, name: str) -> None:
        super().__init__("CrawlerStoppingException", f"Crawler with name {name} is stopping")


class CrawlFailed(Exception):
    """What LastCrawl shows as ErrorMessage."""


class Crawl:
    """One run: `status` is ListCrawls' (RUNNING, COMPLETED, FAILED, STOPPED), `state` the crawler's."""

    def __init__(self, crawler: str) -> None:
        self.crawl_id = str(models.mock_random.uuid4())
        self.log_group, self.log_stream, self.message_prefix = "/aws-glue/crawlers", crawler, self.crawl_id
        self.status, self.state, self.error = "RUNNING", "RUNNING", ""
        self.start_time, self.end_time = utcnow(), None
        self.registry: Registry | None = None
        self.stop_requested = threading.Event()

    @property
    def seconds(self) -> float:
        end: datetime = self.end_time or utcnow()
        return float((end - self.start_time).total_seconds())

    def advance(self) -> None:
        """Moto's crawls end by being looked at; ours end when the walk ends."""

    def as_dict(self) -> dict[str, Any]:
        """As ListCrawls shows it."""
        times = {"StartTime": self.start_time, **({"EndTime": self.end_time} if self.end_time else {})}
        error = {"ErrorMessage": self.error} if self.error else {}
        return {"CrawlId": self.crawl_id, "State": self.status, "DPUHour": 0.0, **times, **error, **self._log()}

    def last_crawl(self) -> dict[str, Any]:
        """As GetCrawler shows it under LastCrawl."""
        status = {"COMPLETED": "SUCCEEDED", "STOPPED": "CANCELLED"}.get(self.status, "FAILED")
        error = {"ErrorMessage": self.error} if self.error else {}
        return {"Status": status, "StartTime": self.start_time, **error, **self._log()}

    def _log(self) -> dict[str, str]:
        return {
            "LogGroup": self.log_group,
            "LogStream": self.log_stream,
            "MessagePrefix": self.message_prefix,
        }


class IcebergCrawler(models.FakeCrawler):
    """READY -> RUNNING -> STOPPING -> READY around a walk through S3.

    Source: AWS Glue API reference, Crawler ("State: READY | RUNNING | STOPPING") and IcebergTarget.
    """

    def __init__(self, **settings: Any) -> None:
        require_valid(settings["targets"] or {})
        super().__init__(**settings)
        self._lock = threading.Lock()

    @property
    def status(self) -> str:
        return self.crawls[-1].state if self.crawls else "READY"

    def as_dict(self) -> dict[str, Any]:
        shown = {key: value for key, value in super().as_dict().items() if key != "LastCrawl" and value is not None}
        finished = [crawl for crawl in self.crawls if crawl.end_time]
        shown["CrawlElapsedTime"] = 0 if self.status == "READY" else int(self.crawls[-1].seconds * 1000)
        return {**shown, **({"LastCrawl": finished[-1].last_crawl()} if finished else {})}

    def start_crawler(self) -> None:
        with self._lock:
            self.require_ready()
            self.crawls.append(Crawl(self.name))
        threading.Thread(target=self._run, args=(self.crawls[-1],), name=f"crawler-{self.name}", daemon=True).start()

    def stop_crawler(self) -> None:
        with self._lock:
            if self.status == "STOPPING":
                raise CrawlerStopping(self.name)
            if self.status != "RUNNING":
                raise CrawlerNotRunningException(f"Crawler with name {self.name} isn't running")
            self.crawls[-1].state = "STOPPING"
            self.crawls[-1].stop_requested.set()

    def require_ready(self) -> None:
        if self.status != "READY":
            raise CrawlerRunningException(f"Crawler with name {self.name} has already started")

    def metrics(self) -> dict[str, Any]:
        runtimes = [crawl.seconds for crawl in self.crawls if crawl.end_time]
        registry = self.crawls[-1].registry if self.crawls else None
        return {
            "CrawlerName": self.name,
            "TimeLeftSeconds": 0.0,
            "StillEstimating": self.status == "RUNNING",
            "LastRuntimeSeconds": runtimes[-1] if runtimes else 0.0,
            "MedianRuntimeSeconds": statistics.median(runtimes) if runtimes else 0.0,
            "TablesCreated": registry.created if registry else 0,
            "TablesUpdated": registry.updated if registry else 0,
            "TablesDeleted": 0,
        }

    def _run(self, crawl: Crawl) -> None:
        try:
            self._walk(crawl)
            crawl.stop_requested.wait(RUNNING_AT_LEAST_S - crawl.seconds)
            outcome = "STOPPED" if crawl.stop_requested.is_set() else "COMPLETED"
        except Exception as error:  # whatever a table's files hold, the crawler ends and says why
            outcome, crawl.error = "FAILED", f"{type(error).__name__}: {error}"
        crawl.state = "STOPPING"
        time.sleep(STOPPING_S)
        crawl.end_time, crawl.status, crawl.state = utcnow(), outcome, "READY"

    def _walk(self, crawl: Crawl) -> None:
        foreign = [kind for kind, targets in self.targets.items() if targets and kind != "IcebergTargets"]
        if foreign:
            raise CrawlFailed(f"the local AWS crawls IcebergTargets only, not {', '.join(foreign)}")
        session: Any = boto3.session.Session(region_name=self.backend.region_name)
        s3 = session.client("s3")
        crawl.registry = Registry(
            session.client("glue"),
            self.database_name,
            prefix=self.table_prefix or "",
            updates=(self.schema_change_policy or {}).get("UpdateBehavior") != "LOG",
        )
        for target in self.targets.get("IcebergTargets") or []:
            depth, exclusions = target.get("MaximumTraversalDepth") or DEFAULT_DEPTH, target.get("Exclusions") or []
            for path in target["Paths"]:
                for table in iceberg_files.find(s3, path, exclusions=exclusions, depth=depth):
                    if crawl.stop_requested.is_set():
                        return
                    crawl.registry.register(table, iceberg_files.read_metadata(s3, table.metadata_location))


def install() -> None:
    models.FakeCrawler = IcebergCrawler
    responses.GlueResponse.update_crawler = _update_crawler
    responses.GlueResponse.delete_crawler = _delete_crawler
    responses.GlueResponse.get_crawler_metrics = _get_crawler_metrics


def require_valid(targets: dict[str, Any]) -> None:
    """Raises: InvalidTarget."""
    for target in targets.get("IcebergTargets") or []:
        depth = target.get("MaximumTraversalDepth", DEFAULT_DEPTH)
        if not 1 <= depth <= MAX_DEPTH:
            raise InvalidTarget(f"MaximumTraversalDepth {depth} is not between 1 and {MAX_DEPTH}")
        if not target.get("Paths") or not all(str(path).startswith("s3://") for path in target["Paths"]):
            raise InvalidTarget(f"Paths {target.get('Paths')} of an Iceberg target are not s3://bucket/prefix")


def _update_crawler(self: responses.GlueResponse) -> EmptyResult:
    """UpdateCrawler, which moto lacks: only while it is READY."""
    crawler = self.glue_backend.get_crawler(self._get_param("Name"))
    crawler.require_ready()
    require_valid(self._get_param("Targets") or {})
    for key, attribute in _SETTINGS.items():
        if key in self.parameters:
            setattr(crawler, attribute, self.parameters[key])
    crawler.version += 1
    crawler.last_updated = utcnow()
    return EmptyResult()


def _delete_crawler(self: responses.GlueResponse) -> EmptyResult:
    """DeleteCrawler: CrawlerRunningException while it runs."""
    name = self._get_param("Name")
    self.glue_backend.get_crawler(name).require_ready()
    self.glue_backend.delete_crawler(name)
    return EmptyResult()


def _get_crawler_metrics(self: responses.GlueResponse) -> ActionResult:
    """GetCrawlerMetrics, which moto lacks: runtimes, and the tables of the last run."""
    wanted = self._get_param("CrawlerNameList")
    crawlers = [crawler for crawler in self.glue_backend.get_crawlers() if not wanted or crawler.name in wanted]
    return ActionResult({"CrawlerMetricsList": [crawler.metrics() for crawler in crawlers]})
