"""The files that make the image: they fit each other, and every builder can read them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.image.provenance import PINNED, NotFromACommit, statement
from tests.architecture.sources import ROOT

DOCKERFILES = ("Dockerfile", "deploy/image/sbom.Dockerfile")
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
HEAD = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def instructions(path: str) -> list[str]:
    """The instructions of a Dockerfile, each on one line."""
    text = re.sub(r"^#.*\n", "", (ROOT / path).read_text("utf-8"), flags=re.M)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


@pytest.mark.parametrize("path", DOCKERFILES)
def test_a_builder_of_any_age_reads_the_dockerfile(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert re.findall(r"^#\s*syntax\s*=|<<|--mount|--chmod|--link", text, re.M) == []


@pytest.mark.parametrize("path", DOCKERFILES)
def test_every_copied_file_exists_and_is_sent_to_the_builder(path: str) -> None:
    copied = [line.split()[1:-1] for line in instructions(path) if re.match(r"COPY (?!--from)", line)]
    names = [name for names in copied for name in names]
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert [name for name in names if f"!{name}" not in IGNORED] == []


def test_nothing_is_sent_to_the_builder_unless_it_is_listed() -> None:
    assert IGNORED[0] == "*"
    assert [name for name in IGNORED if name.startswith("!") and not (ROOT / name[1:]).exists()] == []


def test_the_base_and_the_index_are_arguments() -> None:
    lines = instructions("Dockerfile")
    assert [line for line in lines if line.startswith("FROM")] == ["FROM ${BASE} AS build", "FROM ${BASE}"]
    assert {"ARG BASE=python:3.13-slim", "ARG PIP_INDEX_URL", "ARG UV_DEFAULT_INDEX"} <= set(lines)


@pytest.mark.parametrize("path", DOCKERFILES)
def test_every_requirements_file_is_installed_by_its_hashes(path: str) -> None:
    installs = re.findall(r"pip install [^&]*-r \S+", "\n".join(instructions(path)))
    assert installs
    assert [one for one in installs if "--require-hashes" not in one] == []


def test_the_image_and_the_checks_have_the_same_versions() -> None:
    checked = _versions("dev")
    differing = {
        name: (version, checked.get(name))
        for file in ("runtime", "build", "local")
        for name, version in _versions(file).items()
        if version != checked.get(name)
    }
    assert differing == {}


def test_a_script_says_in_one_line_why_there_is_no_docker(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "DOCKER_HOST": "unix:///nowhere/docker.sock"}
    called = subprocess.run(
        [ROOT / "deploy/check/docker.sh", "true"], env=environment, capture_output=True, text=True, check=False
    )
    assert called.returncode == 1
    assert called.stderr == (
        "Docker cannot be used here: no daemon responds at DOCKER_HOST (unix:///nowhere/docker.sock)\n"
    )


def test_a_statement_names_the_image_its_packages_and_its_sources(tmp_path: Path) -> None:
    (tmp_path / "sbom.json").write_text("{}")
    found = statement(_image(HEAD, "v1.0.0-0-g1"), tmp_path / "sbom.json")
    assert [one["name"] for one in found["subject"]] == ["image", "sbom.json"]
    assert found["subject"][0]["digest"] == {"sha256": "12"}
    sources = found["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert sources[:2] == [
        {"name": "python", "digest": {"sha256": "34"}},
        {"name": "sources", "digest": {"gitCommit": HEAD}},
    ]
    assert [one["name"] for one in sources[2:]] == list(PINNED)


def test_an_image_of_uncommitted_sources_is_not_attested(tmp_path: Path) -> None:
    with pytest.raises(NotFromACommit):
        statement(_image(HEAD, "v1.0.0-0-g1-dirty"), tmp_path / "sbom.json")


def test_the_build_finds_a_module_that_the_image_lacks(tmp_path: Path) -> None:
    for name in ("services", "shared"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / "services" / "needy.py").write_text("import a_package_of_the_checkout_alone")
    program = (ROOT / "deploy/image/imported.py").read_text("utf-8")
    called = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert called.returncode == 1
    assert "a_package_of_the_checkout_alone" in called.stderr


def _versions(file: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{file}.txt").read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.M))


def _image(revision: str, release: str) -> dict[str, object]:
    names = {"version": release, "revision": revision, "base.name": "python@sha256:34"}
    return {
        "Id": "sha256:12",
        "Config": {"Labels": {f"org.opencontainers.image.{name}": value for name, value in names.items()}},
    }
