"""What the tests of the catalog's clients share: a database of their own, pyiceberg's catalog, a crawl."""

import time
import uuid
from typing import Any

import boto3
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.glue import GlueCatalog

from infra.local.settings import REGION

CRAWL_TIMEOUT_S = 60


def new_database(bucket: str = "telcopulse-raw") -> str:
    """A Glue database whose tables lie under s3://<bucket>/<database>."""
    name = f"d{uuid.uuid4().hex[:8]}"
    boto3.client("glue").create_database(DatabaseInput={"Name": name, "LocationUri": f"s3://{bucket}/{name}"})
    return name


def pyiceberg_catalog(endpoint_url: str) -> GlueCatalog:
    """The S3 endpoint must be named: pyarrow's S3 does not read AWS_ENDPOINT_URL, and asks AWS for the region."""
    catalog = load_catalog("glue", **{"type": "glue", "s3.endpoint": endpoint_url, "s3.region": REGION})
    assert isinstance(catalog, GlueCatalog)
    return catalog


def crawl(database: str, *paths: str) -> dict[str, Any]:
    """Register the Iceberg tables under `paths` in `database`; returns LastCrawl."""
    glue, name = boto3.client("glue"), f"c{uuid.uuid4().hex[:8]}"
    target = {"Paths": list(paths), "MaximumTraversalDepth": 5}
    glue.create_crawler(Name=name, Role="crawler", DatabaseName=database, Targets={"IcebergTargets": [target]})
    glue.start_crawler(Name=name)
    deadline = time.monotonic() + CRAWL_TIMEOUT_S
    while (crawler := glue.get_crawler(Name=name)["Crawler"])["State"] != "READY":
        assert time.monotonic() < deadline, f"crawler {name} is {crawler['State']} after {CRAWL_TIMEOUT_S} s"
        time.sleep(0.1)
    glue.delete_crawler(Name=name)
    return dict(crawler["LastCrawl"])
