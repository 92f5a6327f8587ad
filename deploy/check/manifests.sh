#!/bin/sh
# Validates the files of deploy/ strictly, and asks no server: `manifests.sh KUBERNETES_VALIDATE`. Start with `make check-deploy`.
set -u
cd "$(dirname "$0")/.." || exit
validate=$(cd "$OLDPWD" && cd "$(dirname "$1")" && pwd)/$(basename "$1")
failed=0
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT

if command -v kubectl >/dev/null; then
    for overlay in kubernetes/overlays/*; do
        manifest=$rendered/$(basename "$overlay").yaml
        kubectl kustomize "$overlay" >"$manifest" || { failed=1; continue; }
        # The oldest version that the files need, and the newest of the tool. It warns of kinds without a schema: those of
        # KEDA and the Prometheus operator.
        "$validate" --strict --quiet --no-warn -k 1.30 "$manifest" || failed=1
        "$validate" --strict --quiet -k 1.37 "$manifest" || failed=1
        echo "$overlay: $(grep -c '^kind:' "$manifest") resources checked"
    done
else
    echo "The files for Kubernetes are not checked: no kubectl here."
fi

exit "$failed"
