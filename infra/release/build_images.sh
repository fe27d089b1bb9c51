#!/usr/bin/env bash
# Build both images from the contexts of `make package` and push them under a release's tag, unless they are there.
# Usage: PYTHON_IMAGE=python:3.13-slim@sha256:… infra/release/build_images.sh <tag> <registry/prefix>
set -euo pipefail
tag=$1 prefix=$2
cd "$(dirname "$0")/../../build/images"

if [[ ! ${PYTHON_IMAGE:-} =~ @sha256:[0-9a-f]{64}$ ]]; then
    echo "error: PYTHON_IMAGE='${PYTHON_IMAGE:-}' names no digest: set it to python:3.13-slim@sha256:… (docker buildx imagetools inspect python:3.13-slim)" >&2
    exit 1
fi
aws ecr get-login-password | docker login --username AWS --password-stdin "${prefix%%/*}"
for name in dashboard refresh; do
    repository="${prefix#*/}/$name"
    if aws ecr describe-images --repository-name "$repository" --image-ids "imageTag=$tag" >/dev/null 2>&1; then
        echo "there already: $repository:$tag"
        continue
    fi
    docker build --pull --build-arg "PYTHON_IMAGE=$PYTHON_IMAGE" --tag "$prefix/$name:$tag" - <"$name.tar"
    docker push "$prefix/$name:$tag"
    echo "pushed: $repository:$tag"
done
