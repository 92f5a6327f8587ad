#!/usr/bin/env bash
# Writes what a release needs beside its image: the list of packages, the provenance of the build, and a signature of it.
# Usage: deploy/image/attest.sh IMAGE KEY FOLDER; KEY is a private key as PEM. Needs a Docker daemon and a clean checkout.
set -euo pipefail

image=$1 key=$2 folder=$3
mkdir -p "$folder"

docker build --quiet --file deploy/image/sbom.Dockerfile --tag "$image-sbom" --build-arg IMAGE="$image" --build-arg PIP_INDEX_URL . >/dev/null
container=$(docker create "$image-sbom")
trap 'docker rm "$container" >/dev/null; docker image rm "$image-sbom" >/dev/null' EXIT
docker cp "$container:/sbom.json" "$folder/sbom.json" >/dev/null

docker image inspect "$image" | python3 deploy/image/provenance.py "$folder/sbom.json" >"$folder/provenance.json"
openssl dgst -sha256 -sign "$key" -out "$folder/provenance.json.sig" "$folder/provenance.json"
openssl pkey -in "$key" -pubout -out "$folder/release.pub"
echo "$image: $folder/sbom.json, provenance.json and its signature"
