"""Kafka's jars: only the pinned files are used, and a failure names the jar and a remedy."""

import hashlib
from pathlib import Path

import pytest
import requests

from deploy.local import jars
from deploy.local.failures import StartError
from deploy.local.jars import Jar

BODIES = {"a.b:first:1.0": b"first body", "a.b:second:2.1": b"second body"}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, two pinned jars, and a mirror that serves them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pins = tuple(Jar(name, hashlib.sha256(body).hexdigest(), len(body)) for name, body in BODIES.items())
    monkeypatch.setattr(jars, "pinned", lambda: pins)
    hand_out(monkeypatch, BODIES)
    return tmp_path / "handoff"


def hand_out(monkeypatch: pytest.MonkeyPatch, bodies: dict[str, bytes]) -> None:
    def downloaded(jar: Jar, repository: Path) -> Path:
        if jar.coordinate not in bodies:
            raise requests.ConnectionError
        repository.mkdir(exist_ok=True)
        path = repository / jar.file_name
        path.write_bytes(bodies[jar.coordinate])
        return path

    monkeypatch.setattr(jars, "_downloaded", downloaded)


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("kafka-*/*"))


def test_all_jars_appear_together_and_progress_is_reported(cache: Path) -> None:
    reported: list[int] = []
    jars.fetch(reported.append)
    assert kept(cache) == ["first-1.0.jar", "second-2.1.jar"]
    assert reported[-1] == sum(map(len, BODIES.values()))


def test_jars_in_the_cache_are_not_fetched_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jars.fetch(lambda _: None)
    hand_out(monkeypatch, {})
    jars.fetch(lambda _: None)
    assert len(kept(cache)) == 2


def test_a_damaged_jar_in_the_cache_is_fetched_again(cache: Path) -> None:
    jars.fetch(lambda _: None)
    (damaged,) = cache.glob("kafka-*/first-1.0.jar")
    damaged.write_bytes(b"first bodY")
    jars.fetch(lambda _: None)
    assert damaged.read_bytes() == b"first body"


def test_another_file_than_the_pinned_one_is_refused_by_name(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_out(monkeypatch, BODIES | {"a.b:second:2.1": b"second bodY"})
    with pytest.raises(StartError, match=r"a\.b:second:2\.1 .*SHA-256 differs"):
        jars.fetch(lambda _: None)
    assert kept(cache) == []


def test_a_failed_download_names_the_jar_and_a_remedy(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_out(monkeypatch, {"a.b:second:2.1": BODIES["a.b:second:2.1"]})
    with pytest.raises(StartError, match=r"a\.b:first:1\.0 could not be fetched(.|\n)*HTTPS_PROXY"):
        jars.fetch(lambda _: None)
    assert kept(cache) == []


def test_the_remains_of_an_interrupted_fetch_are_removed(cache: Path) -> None:
    (cache / "kafka-1234.part" / "jars").mkdir(parents=True)
    jars.fetch(lambda _: None)
    assert list(cache.glob("*.part")) == []


def test_every_pinned_jar_has_a_digest_and_the_list_has_no_address() -> None:
    pins = jars.pinned()
    assert len({jar.file_name for jar in pins}) == len(pins) > 40
    assert all(len(jar.sha256) == 64 and jar.size_bytes > 0 for jar in pins)
    assert "://" not in Path(jars.__file__).with_name("jars.toml").read_text()
