"""The provenance of an image, as an in-toto statement of SLSA v1: `docker image inspect IMAGE` on standard input, the
statement on standard output. The argument is the list of packages, which the statement covers too."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
PINNED = ("Dockerfile", "requirements/bootstrap.txt", "requirements/build.txt", "requirements/runtime.txt")
"""The files that decide what goes into an image, apart from the base and the sources."""
_LABEL = "org.opencontainers.image."


class NotFromACommit(ValueError):
    """The sources of the image are in no commit."""


def statement(image: Mapping[str, Any], sbom: Path) -> dict[str, Any]:
    """The statement about an image as Docker describes it. Raises NotFromACommit."""
    labels: Mapping[str, str] = image["Config"]["Labels"] or {}
    release, revision = labels.get(f"{_LABEL}version", ""), labels.get(f"{_LABEL}revision", "")
    if not revision or release.endswith("-dirty"):
        raise NotFromACommit("the image was not built from a commit: commit every change, then run `make image`")
    base = labels.get(f"{_LABEL}base.name", "")
    sources = [
        *_base(base),
        _resource("sources", {"gitCommit": revision}),
        *(_resource(path, _digest(_committed(revision, path))) for path in PINNED),
    ]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            _resource("image", {"sha256": image["Id"].removeprefix("sha256:")}),
            _resource(sbom.name, _digest(sbom.read_bytes())),
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://docs.docker.com/reference/dockerfile/",
                "externalParameters": {"base": base, "release": release},
                "resolvedDependencies": sources,
            },
            "runDetails": {"builder": {"id": "make image"}},
        },
    }


def _base(name: str) -> Sequence[Mapping[str, Any]]:
    """The base, if it was named by its digest."""
    image, _, digest = name.partition("@sha256:")
    return [_resource(image, {"sha256": digest})] if digest else []


def _resource(name: str, digest: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "digest": dict(digest)}


def _digest(content: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(content).hexdigest()}


def _committed(revision: str, path: str) -> bytes:
    return subprocess.run(["git", "show", f"{revision}:{path}"], cwd=CHECKOUT, capture_output=True, check=True).stdout


def main(arguments: Sequence[str]) -> None:
    """Write the statement. Ends with the reason if the image cannot be attested."""
    (image,) = json.load(sys.stdin)
    try:
        json.dump(statement(image, Path(arguments[0])), sys.stdout, indent=2)
    except NotFromACommit as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
