#!/usr/bin/env bash
# Drop the schema that a branch was built in, with its tables and their files.
# Usage: infra/release/drop_schema.sh <ci_… schema> <marts bucket>
set -euo pipefail
schema=$1 bucket=$2

if [[ ! $schema =~ ^ci_[a-z0-9_]+$ ]]; then
    echo "error: '$schema' is no schema of a branch: those are named ci_…; nothing was dropped" >&2
    exit 1
fi
if aws glue get-database --name "$schema" >/dev/null 2>&1; then
    for table in $(aws glue get-tables --database-name "$schema" --query 'TableList[].Name' --output text); do
        aws glue delete-table --database-name "$schema" --name "$table"
    done
    aws glue delete-database --name "$schema"
fi
aws s3 rm --recursive --only-show-errors "s3://$bucket/$schema/"
aws s3 rm --recursive --only-show-errors "s3://$bucket/refresh_log/$schema/"
echo "dropped: $schema"
