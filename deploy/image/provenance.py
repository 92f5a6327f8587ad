"""The provenance of an image, as an in-toto statement of SLSA v1: `docker image inspect IMAGE` on standard input, the
statement on standard output. The argument is the list of packages, which the statement covers too."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
PINNED = ("Dockerfile", "requirements/bootstrap.txt", "requirements/build.txt", "requirements/runtime.txt")
"""The files that decide what goes into an image, apart from the base and the sources."""


def statement(image: Mapping[str, Any], sbom: Path) -> dict[str, Any]:
    """The statement about an image as Docker describes it. Raises ValueError for an image of unknown sources."""
    labels: Mapping[str, str] = image["Config"]["Labels"] or {}
    release, revision = (labels.get(f"org.opencontainers.image.{name}", "") for name in ("version", "revision"))
    if not revision or release.endswith("-dirty"):
        raise ValueError("the image was not built from a commit: commit every change and build it with `make image`")
    base = labels.get("org.opencontainers.image.base.name", "")
    sources = [
        _resource("git", {"gitCommit": revision}),
        *(_resource(file, _digest(CHECKOUT / file)) for file in PINNED),
    ]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            _resource("image", {"sha256": image["Id"].removeprefix("sha256:")}),
            _resource(sbom.name, _digest(sbom)),
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://docs.docker.com/reference/dockerfile/",
                "externalParameters": {
                    "base": base,
                    "release": release,
                    "registryDigests": image.get("RepoDigests", []),
                },
                "resolvedDependencies": sources,
            },
            "runDetails": {
                "builder": {"id": "make image"},
                "metadata": {"startedOn": labels.get("org.opencontainers.image.created", "")},
            },
        },
    }


def _resource(name: str, digest: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "digest": dict(digest)}


def _digest(file: Path) -> dict[str, str]:
    return {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}


def main(arguments: Sequence[str]) -> None:
    """Print the statement. Ends with the reason if the image cannot be attested."""
    (image,) = json.load(sys.stdin)
    try:
        print(json.dumps(statement(image, Path(arguments[0])), indent=2))
    except ValueError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
