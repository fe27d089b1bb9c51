#!/usr/bin/env bash
# Upload what `make package` built under a release's tag. A file that is there must be the same: a release never changes.
# Usage: infra/release/upload.sh <tag> <artifacts bucket>
set -euo pipefail
tag=$1 bucket=$2
cd "$(dirname "$0")/../../build"

# The checksums go last: with them the release is complete.
for file in job/job.py job/glue_streaming.zip dbt/manifest.json SHA256SUMS; do
    key="releases/$tag/$(basename "$file")"
    if aws s3api head-object --bucket "$bucket" --key "$key" >/dev/null 2>&1; then
        if ! aws s3 cp --only-show-errors "s3://$bucket/$key" - | cmp --silent - "$file"; then
            echo "error: s3://$bucket/$key is there with other content: release under a new tag" >&2
            exit 1
        fi
        echo "there already: $key"
    else
        aws s3 cp --only-show-errors "$file" "s3://$bucket/$key"
        echo "uploaded: $key"
    fi
done
