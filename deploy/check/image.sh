#!/usr/bin/env bash
# Builds the image and checks it as an orchestrator runs it. Needs a Docker daemon: deploy/check/docker.sh runs it with one.
# BASE names the base image, IMAGE the image to make.
set -euo pipefail

base=${BASE:-python:3.13-slim}
image=${IMAGE:-handoff:dev}
most_above_base=120000000
restricted=(--rm --read-only --cap-drop ALL --security-opt no-new-privileges)

fail() {
    echo "$image: $1" >&2
    exit 1
}

size() { docker image inspect --format '{{.Size}}' "$1"; }

docker image inspect "$base" >/dev/null 2>&1 || docker pull --quiet "$base" >/dev/null || fail "there is no base image $base"
began=$SECONDS
docker build --tag "$image" --build-arg BASE="$base" \
    --build-arg PIP_INDEX_URL --build-arg UV_DEFAULT_INDEX \
    --build-arg RELEASE="$(git describe --tags --long --always --abbrev=12 --dirty)" \
    --build-arg REVISION="$(git rev-parse HEAD)" \
    --build-arg CREATED="$(TZ=UTC0 git show --no-patch --date=iso-strict-local --format=%cd HEAD)" .
built=$((SECONDS - began))

above=$(($(size "$image") - $(size "$base")))
[ "$above" -le "$most_above_base" ] || fail "$above bytes above its base, more than $most_above_base"
user=$(docker run "${restricted[@]}" --entrypoint id "$image" -u)
[ "$user" = 10001 ] || fail "runs as user $user, not as 10001"
version=$(docker run "${restricted[@]}" "$image" --version)
if docker run "${restricted[@]}" "$image" health orders >/dev/null; then fail "a probe succeeds although nothing runs"; fi
echo "$image: $version, $((above / 1000000)) MB above its base, built in $built s"
