"""The files under deploy/kubernetes as they are written, and as kubectl renders them, for the tests of this folder."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.sources import ROOT

Document = dict[str, Any]
FOLDER = ROOT / "deploy" / "kubernetes"
BASE, PARTS = FOLDER / "base", FOLDER / "base" / "service"
SECRETS = "/etc/handoff"
OVERLAYS = tuple(sorted(folder.name for folder in (FOLDER / "overlays").iterdir()))
HAS_KUBECTL = shutil.which("kubectl") is not None


def documents(path: Path) -> list[Document]:
    """The documents of a file."""
    return [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]


def kustomization(folder: Path) -> Document:
    (found,) = documents(folder / "kustomization.yaml")
    return found


def parts() -> dict[str, Document]:
    """What runs in the pods of a service: the workload of each component, without what the patches add."""
    found = (one for path in sorted(PARTS.glob("*.yaml")) for one in documents(path))
    return {
        labels["app.kubernetes.io/component"]: one
        for one in found
        if (labels := one.get("spec", {}).get("template", {}).get("metadata", {}).get("labels"))
    }


def literals(folder: Path, kind: str = "configMapGenerator") -> dict[str, dict[str, str]]:
    """The values that a kustomization gives, by the name of their ConfigMap or Secret."""
    return {
        one["name"]: dict(literal.split("=", 1) for literal in one["literals"])
        for one in kustomization(folder).get(kind, ())
    }


def configuration(overlay: str, service: str) -> dict[str, str]:
    """The environment of a service's containers."""
    sources = (literals(BASE), literals(FOLDER / "overlays" / overlay))
    return {name: value for of in ("handoff", service) for maps in sources for name, value in maps.get(of, {}).items()}


def pod(workload: Document) -> Document:
    found: Document = workload["spec"]["template"]["spec"]
    return found


def container(workload: Document) -> Document:
    (found,) = pod(workload)["containers"]
    return dict(found)


@cache
def rendered(overlay: str) -> tuple[Document, ...]:
    """The resources of an overlay. Needs kubectl, and asks no server."""
    command = ["kubectl", "kustomize", str(FOLDER / "overlays" / overlay)]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return tuple(yaml.safe_load_all(text))


def workloads(overlay: str) -> Iterator[Document]:
    yield from (one for one in rendered(overlay) if one["kind"] in ("Deployment", "StatefulSet", "Job"))
