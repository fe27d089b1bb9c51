"""AWS's list prices in US dollars, without free tiers, discounts and taxes.

US East (N. Virginia), which AWS's price pages show first, as known in June 2025: https://aws.amazon.com/pricing. Europe
(Ireland) is the same for Glue, Athena and S3 storage, and about a tenth dearer for Kinesis, endpoints and load
balancers. Nothing asks AWS for them: compare before you budget.
"""

AS_OF = "June 2025"
REGION = "US East (N. Virginia)"

# Kinesis Data Streams, on demand: a record counts as whole KiB when it is put; reads count as they are.
KINESIS_STREAM_HOUR = 0.04
KINESIS_IN_GB = 0.08
KINESIS_OUT_GB = 0.04
KINESIS_KEPT_GB_MONTH = 0.10  # beyond the first 24 hours
# Kinesis Data Streams, provisioned.
KINESIS_SHARD_HOUR = 0.015
KINESIS_PUT_UNIT = 0.014 / 1e6  # of up to 25 KB, so one a record
KINESIS_SHARD_KEPT_HOUR = 0.02  # beyond the first 24 hours

GLUE_DPU_HOUR = 0.44

S3_GB_MONTH = 0.023
S3_PUT = 0.005 / 1000  # PUT, COPY, POST, LIST
S3_GET = 0.0004 / 1000

ATHENA_TB = 5.00
ATHENA_LEAST_BYTES = 10 * 1024**2  # of each statement that reads or writes data

FARGATE_VCPU_HOUR = 0.04048
FARGATE_GB_HOUR = 0.004445
ALB_HOUR = 0.0225
ALB_LCU_HOUR = 0.008

CLOUDWATCH_METRIC_MONTH = 0.30
CLOUDWATCH_ALARM_MONTH = 0.10
CLOUDWATCH_DASHBOARD_MONTH = 3.00
CLOUDWATCH_PUT = 0.01 / 1000
LOGS_IN_GB = 0.50

ENDPOINT_HOUR = 0.01  # of an interface endpoint and zone; S3's gateway costs nothing
ENDPOINT_GB = 0.01

KMS_KEY_MONTH = 1.00
KMS_REQUEST = 0.03 / 10_000
