#!/usr/bin/env bash
# Build and test in a schema of the branch's own what differs from the newest release, on that release's tables.
# Usage: infra/release/build_branch.sh <ci_… schema> <artifacts bucket>; dbt's variables (TELCOPULSE_…) are set
set -euo pipefail
schema=$1 bucket=$2
export TELCOPULSE_DBT_TARGET=ci

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
# By version, not by time: a roll-back's patch may come after the next minor release.
keys=$(aws s3api list-objects-v2 --bucket "$bucket" --prefix releases/ --query 'Contents[].Key' --output text)
newest=$(tr '\t' '\n' <<<"$keys" | grep '/manifest.json$' | sort --version-sort | tail -1 || true)
if [[ -z $newest ]]; then
    echo "no release yet: everything is built"
    TELCOPULSE_MARTS_SCHEMA=$schema dbt build
else
    echo "compared with: $newest"
    aws s3 cp --only-show-errors "s3://$bucket/$newest" "$state/manifest.json"
    TELCOPULSE_MARTS_SCHEMA=$schema dbt build --select "state:modified+" --defer --state "$state"
fi
