#!/usr/bin/env bash
# Apply the plan of a release, as it was approved; Terraform refuses it if the account has changed since.
# Usage: infra/release/apply.sh <tag> <state bucket>
set -euo pipefail
tag=$1 bucket=$2
cd "$(dirname "$0")/../terraform"

plan=$(mktemp)
trap 'rm -f "$plan"' EXIT
terraform init -input=false -backend-config="bucket=$bucket"
aws s3 cp --only-show-errors "s3://$bucket/telcopulse/plans/$tag.tfplan" "$plan"
terraform apply -input=false "$plan"
aws s3 rm --only-show-errors "s3://$bucket/telcopulse/plans/$tag.tfplan"
echo "applied: $tag"
