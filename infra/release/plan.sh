#!/usr/bin/env bash
# Plan a release and keep the plan beside the state, where what it holds is encrypted, for the one who approves.
# Usage: infra/release/plan.sh <environment> <tag> <state bucket>; TF_VAR_… are set
set -euo pipefail
environment=$1 tag=$2 bucket=$3
cd "$(dirname "$0")/../terraform"

plan=$(mktemp)
trap 'rm -f "$plan"' EXIT
terraform init -input=false -backend-config="bucket=$bucket"
terraform plan -input=false -var-file="environments/$environment.tfvars" -out="$plan"
aws s3 cp --only-show-errors "$plan" "s3://$bucket/telcopulse/plans/$tag.tfplan"
echo "planned: $tag"
