"""The local push service accepts what a real one would, and nothing else; its messages are the owner's to see."""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from deploy.local.push_checks import Refused, content_of
from deploy.local.push_store import PushStore
from services.cli.main import app
from services.escalation.channels.web_push.encryption import ReceiverKeys, encrypt
from services.escalation.channels.web_push.vapid import VapidKey
from tests.push import KEY, NOW

ORIGIN = "https://127.0.0.1:2526"
OTHER = VapidKey(ec.generate_private_key(ec.SECP256R1()), subject="mailto:oncall@company.com")
SIGNED = KEY.authorization(ORIGIN, NOW)
HEADERS = {"authorization": SIGNED, "ttl": "60", "content-encoding": "aes128gcm"}


def received(
    store: PushStore,
    changes: Mapping[str, str],
    *,
    length: int = 0,
    at: timedelta = timedelta(),
    sender: str | None = None,
) -> bytes:
    """The content of a message with these headers; without those that are empty."""
    anna = store.subscribe("anna", sender=sender)
    keys = anna.shown(ORIGIN)["keys"]
    body = encrypt(b"It is for you", ReceiverKeys.read(keys["p256dh"], keys["auth"])) + bytes(length)
    headers = {name: value for name, value in {**HEADERS, **changes}.items() if value}
    return content_of(body, headers, anna, origin=ORIGIN, now_seconds=(NOW + at).timestamp())


def test_a_message_is_checked_and_read(tmp_path: Path) -> None:
    usual = {"topic": "a-B_9" * 6, "urgency": "high"}
    assert received(PushStore(tmp_path), usual, sender=KEY.public) == b"It is for you"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer abc"}, 401),
        ({"authorization": SIGNED.replace("t=", "t=a")}, 403),
        ({"authorization": SIGNED.replace(KEY.public, OTHER.public)}, 403),
        ({"authorization": KEY.authorization("https://push.company.com", NOW)}, 403),
        ({"ttl": ""}, 400),
        ({"ttl": "soon"}, 400),
        ({"content-encoding": "aesgcm"}, 400),
        ({"topic": "x" * 33}, 400),
        ({"topic": "a b"}, 400),
        ({"urgency": "highest"}, 400),
    ],
)
def test_a_request_that_a_push_service_refuses_is_refused(
    tmp_path: Path, changes: Mapping[str, str], status: int
) -> None:
    with pytest.raises(Refused) as refused:
        received(PushStore(tmp_path), changes)
    assert refused.value.status == status


def test_a_signature_has_its_time_and_a_subscription_its_key(tmp_path: Path) -> None:
    store = PushStore(tmp_path)
    for at in (timedelta(hours=-13), timedelta(hours=12)):
        with pytest.raises(Refused, match="has ended, or lasts longer"):
            received(store, {}, at=at)
    with pytest.raises(Refused, match="another VAPID key"):
        received(store, {}, sender=OTHER.public)
    with pytest.raises(Refused, match="more than 4096 octets"):
        received(store, {}, length=2_049)
    with pytest.raises(Refused, match="not for this browser"):
        received(store, {}, length=1)


@pytest.mark.parametrize(
    "path", ["/", "/push/", "/push/unknown", "/push/../origin", "/push/a/b", "/push/%2e%2e", "/push/ä", "/other/x"]
)
def test_no_path_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    store = PushStore(tmp_path / "push")
    store.subscribe("anna")
    (tmp_path / "push" / "origin.json").write_text("{}")
    assert store.of_path(path) is None


def test_messages_are_kept_for_the_owner_and_listed(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        store = PushStore(tmp_path / "push")
        anna = store.subscribe("anna")
        store.keep(anna, rb'{"title": "\u001b[2J A sale"}', {"urgency": "high"}, answered=True)
        store.keep(anna, b"\xff no JSON", {}, answered=False)
    finally:
        os.umask(umask)
    assert [path for path in (tmp_path / "push").rglob("*") if path.stat().st_mode & 0o077] == []
    listed = CliRunner().invoke(app, ["push", "list", "--data", str(tmp_path)])
    assert (listed.exit_code, "anna" in listed.output, "\x1b" in listed.output) == (0, True, False)
    shown = json.loads(CliRunner().invoke(app, ["push", "list", "--json", "--data", str(tmp_path)]).stdout)
    assert [(one["number"], one["answered"]) for one in shown] == [(1, True), (2, False)]
    assert shown[1]["content"] == "\ufffd no JSON"


def test_a_subscription_is_printed_as_a_browser_gives_it(tmp_path: Path) -> None:
    before = CliRunner().invoke(app, ["push", "subscribe", "anna", "--data", str(tmp_path)])
    assert (before.exit_code, "does not exist" in before.output) == (1, True)
    store = PushStore(tmp_path / "push")
    store.announce(ORIGIN)
    made = json.loads(CliRunner().invoke(app, ["push", "subscribe", "anna", "--data", str(tmp_path)]).stdout)
    assert made["endpoint"].startswith(f"{ORIGIN}/push/")
    assert ReceiverKeys.read(made["keys"]["p256dh"], made["keys"]["auth"])
    found = store.of_path(made["endpoint"].removeprefix(ORIGIN))
    assert found is not None
    assert found.person == "anna"


def test_a_key_is_made_for_operators() -> None:
    first, second = (CliRunner().invoke(app, ["push", "key"]).stdout for _ in range(2))
    assert (
        VapidKey.read(first, subject="mailto:a@b.com").public != VapidKey.read(second, subject="mailto:a@b.com").public
    )
