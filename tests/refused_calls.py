"""Calls that no role may make, by what forbids them: beside the recorded calls, the other half of least privilege."""

from infra.local.settings import ACCOUNT_ID, REGION
from tests.access import NAME, Ask

_BUCKETS = {
    name: f"arn:aws:s3:::{NAME}-{name}-{ACCOUNT_ID}"
    for name in ("raw", "marts", "athena-results", "checkpoints", "artifacts")
}
_ANOTHERACCOUNT_IDS = "arn:aws:s3:::somebody-elses-bucket"
_RAW_FILE = f"{_BUCKETS['raw']}/network_events/data/a.parquet"
_MART_FILE = f"{_BUCKETS['marts']}/marts/signal_trends/data/a.parquet"
_RESULT = f"{_BUCKETS['athena-results']}/dashboard/a.csv"
_CHECKPOINT = f"{_BUCKETS['checkpoints']}/network_events/ledger/1/plan.json"
_GLUE = f"arn:aws:glue:{REGION}:{ACCOUNT_ID}"
_STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT_ID}:stream/{NAME}-network-events"
_RAW_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/raw"
_RELEASED = f"{_BUCKETS['artifacts']}/releases/v1/job.py"
_RUNNING = ("stream", "refresh", "dashboard", "adhoc", "feed", "crawler", "ci", "build")
_PLAIN = {"aws:SecureTransport": "false"}
_OWN_KEY = {
    "s3:x-amz-server-side-encryption": "aws:kms",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/somebody-elses",
}

_TO_ANOTHER_SERVICE = {"iam:PassedToService": "lambda.amazonaws.com"}


def _of(roles: tuple[str, ...], action: str, resource: str, *, through_athena: bool = False) -> list[Ask]:
    return [Ask(role, action, resource, through_athena) for role in roles]


REFUSED: tuple[tuple[str, list[Ask]], ...] = (
    (
        "the dashboard writes nothing but acknowledgements",
        [
            Ask("dashboard", "s3:PutObject", _MART_FILE, through_athena=True),
            Ask("dashboard", "s3:PutObject", f"{_BUCKETS['marts']}/marts/outage_incidents/data/a", through_athena=True),
            Ask("dashboard", "s3:DeleteObject", f"{_BUCKETS['marts']}/marts/outage_acknowledgements/data/a", True),
            Ask("dashboard", "glue:UpdateTable", f"{_GLUE}:table/marts/signal_trends", through_athena=True),
            Ask("dashboard", "glue:CreateTable", f"{_GLUE}:table/marts/another", through_athena=True),
            Ask("dashboard", "glue:DeleteTable", f"{_GLUE}:table/marts/outage_acknowledgements", through_athena=True),
        ],
    ),
    (
        "the job reads no results, and no marts",
        [
            Ask("stream", "s3:GetObject", _RESULT),
            Ask("stream", "s3:ListBucket", _BUCKETS["athena-results"]),
            Ask("stream", "s3:GetObject", _MART_FILE),
            Ask("stream", "glue:GetTable", f"{_GLUE}:table/marts/signal_trends"),
        ],
    ),
    (
        "only refresh, CI, the crawlers and the job see raw",
        [
            *_of(("adhoc", "dashboard"), "s3:GetObject", _RAW_FILE, through_athena=True),
            *_of(("adhoc", "dashboard", "feed", "build"), "s3:GetObject", _RAW_FILE),
            *_of(("adhoc", "dashboard"), "glue:GetTable", f"{_GLUE}:table/raw/network_events", through_athena=True),
            *_of(("adhoc", "dashboard"), "kms:Decrypt", _RAW_KEY, through_athena=True),
            *_of(("adhoc", "dashboard", "refresh", "feed"), "kinesis:GetRecords", _STREAM),
        ],
    ),
    (
        "nobody but the job touches checkpoints",
        [
            ask
            for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
            for ask in _of(tuple(role for role in _RUNNING if role != "stream"), action, _CHECKPOINT)
        ],
    ),
    (
        "no role reaches a bucket that is not its business, or another account's",
        [
            *_of(
                ("dashboard", "adhoc", "refresh", "crawler", "feed"),
                "s3:PutObject",
                _RELEASED,
            ),
            *_of(("stream", "crawler", "feed", "build"), "s3:PutObject", _MART_FILE),
            *_of(("crawler",), "s3:PutObject", _RAW_FILE),
            *_of(("build",), "s3:DeleteObject", _RELEASED),
            *_of(("dashboard",), "s3:GetObject", f"{_BUCKETS['athena-results']}/dbt/a.csv"),
            *_of(("ci",), "s3:PutObject", _MART_FILE, through_athena=True),
            *_of(_RUNNING, "s3:PutObject", f"{_ANOTHERACCOUNT_IDS}/a"),
            Ask("refresh", "s3:PutObject", _MART_FILE, context={"aws:ResourceAccount": "210987654321"}),
        ],
    ),
    (
        "data is reached from the private network or through Athena only",
        [
            Ask("refresh", "s3:GetObject", _MART_FILE, context={"aws:SourceVpce": "vpce-another"}),
            Ask("stream", "s3:PutObject", _RAW_FILE, context={"aws:SourceVpce": "vpce-another"}),
            Ask("dashboard", "s3:GetObject", _MART_FILE, context={"aws:SourceVpce": "vpce-another"}),
        ],
    ),
    (
        "nothing without TLS",
        [
            Ask("refresh", "s3:GetObject", _MART_FILE, context=_PLAIN),
            Ask("stream", "s3:PutObject", _RAW_FILE, context=_PLAIN),
            Ask("stream", "s3:PutObject", _CHECKPOINT, context=_PLAIN),
            Ask("build", "s3:PutObject", _RELEASED, context=_PLAIN),
            Ask("adhoc", "s3:GetObject", f"{_BUCKETS['athena-results']}/adhoc/a.csv", context=_PLAIN),
        ],
    ),
    (
        "nothing is stored without our keys",
        [
            Ask("stream", "s3:PutObject", _RAW_FILE, context={"s3:x-amz-server-side-encryption": "AES256"}),
            Ask("stream", "s3:PutObject", _RAW_FILE, context=_OWN_KEY),
            Ask("refresh", "s3:PutObject", _MART_FILE, context={"s3:x-amz-server-side-encryption": "AES256"}),
            Ask("refresh", "s3:PutObject", _MART_FILE, True, {"s3:x-amz-server-side-encryption": "AES256"}),
        ],
    ),
    (
        "no role changes what may be done",
        [
            *_of((*_RUNNING, "plan"), "iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT_ID}:role/{NAME}-dashboard"),
            *_of((*_RUNNING, "plan"), "s3:PutBucketPolicy", _BUCKETS["raw"]),
            *_of((*_RUNNING, "plan"), "kms:PutKeyPolicy", _RAW_KEY),
            *_of(("plan",), "kinesis:GetRecords", _STREAM),
            *_of(("plan",), "s3:GetObject", _RAW_FILE),
            *_of(("apply",), "iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT_ID}:role/somebody-elses"),
            Ask("apply", "iam:PassRole", f"arn:aws:iam::{ACCOUNT_ID}:role/{NAME}-stream", context=_TO_ANOTHER_SERVICE),
        ],
    ),
)


def table() -> str:
    """What is refused, and to which roles."""
    lines = ["| rule | refused | to |", "| --- | --- | --- |"]
    for rule, asks in REFUSED:
        roles: dict[str, list[str]] = {}
        for ask in asks:
            roles.setdefault(_text(ask), []).append(ask.role)
        lines += [f"| {rule} | {text} | {', '.join(refused)} |" for text, refused in roles.items()]
    return "\n".join(lines)


def _text(ask: Ask) -> str:
    resource = (
        ask.resource.removeprefix("arn:aws:").replace(f"{REGION}:{ACCOUNT_ID}:", "").replace(f"-{ACCOUNT_ID}", "")
    )
    way = " through Athena" if ask.through_athena else ""
    given = "".join(f", {key} = {value}" for key, value in ask.context.items())
    return f"{ask.action} on `{resource}`{way}{given}"
