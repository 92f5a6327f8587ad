"""Documents that an earlier release shipped, or that were published once, are still readable."""

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from services.escalation.domain.loss_class import LossClass
from services.escalation.domain.policy import document
from services.escalation.domain.policy.document import digest, overridden, past_text, read, read_published, shipped
from services.escalation.domain.policy.model import Override, Policy
from services.escalation.domain.policy.reasons import Reason
from shared.contracts.escalation import EpisodeResult, SignalKind
from tests.unit.policy_texts import TEXT, changed, tomlified

FOLDER = Path(__file__).parent / "policies"
PAST = [*FOLDER.rglob("*.toml"), *Path(document.__file__).parent.glob("past/*.toml")]


@pytest.mark.parametrize("file", PAST, ids=lambda file: "/".join(file.parts[-2:]))
def test_every_document_ever_shipped_is_still_readable(file: Path) -> None:
    text = file.read_text("utf-8")
    assert read(text) == read_published(text)


def test_the_text_that_databases_were_made_with_is_kept() -> None:
    """By its digest: decisions under version 1 must keep their policy, with any text in the next release."""
    assert digest(past_text("1.toml")).startswith("77829688018e")


def test_the_text_before_the_plays_were_reworded_is_kept() -> None:
    """Databases made with it have it as their first version, a row; its rules are those of the present default text."""
    before = (FOLDER / "shipped" / "7.toml").read_text("utf-8")
    assert digest(before).startswith("f660866696a6")
    words = {"plays", "duties", "reasons"}
    assert read(before).model_dump(exclude=words) == shipped().model_dump(exclude=words)
    assert [one.code for one in _reasons(read(before))] == [one.code for one in _reasons(shipped())]


def test_the_text_before_companies_and_devices_is_kept() -> None:
    """Likewise: it has neither a company name nor channels, and what it does not set counts as it ships."""
    before = (FOLDER / "shipped" / "8.toml").read_text("utf-8")
    assert digest(before).startswith("4f0064086f56")
    words = {"plays", "duties", "reasons"}
    assert read(before).model_dump(exclude=words) == shipped().model_dump(exclude=words)
    assert read(before).plays.introductions.seller == shipped().plays.introductions.seller
    assert [one.code for one in _reasons(read(before))] == [one.code for one in _reasons(shipped())]


def test_the_text_before_scripts_had_gaps_is_kept() -> None:
    """Likewise: only words differ."""
    before = (FOLDER / "shipped" / "9.toml").read_text("utf-8")
    assert digest(before).startswith("60db7a4ef4c8")
    words = {"plays", "duties", "reasons"}
    assert read(before).model_dump(exclude=words) == shipped().model_dump(exclude=words)


def _reasons(policy: Policy) -> list[Reason]:
    return [one for reasons in policy.reasons.values() for one in reasons]


@pytest.mark.parametrize("kind", SignalKind)
def test_a_document_older_than_a_signal_has_its_default(kind: SignalKind) -> None:
    values = tomllib.loads(TEXT)
    del values["signals"][kind.value]
    assert read_published(tomlified(values)) == shipped()


@pytest.mark.parametrize("kind", SignalKind)
def test_a_document_older_than_a_signals_setting_has_its_default(kind: SignalKind) -> None:
    for name in shipped().signals.of(kind).model_dump():
        values = tomllib.loads(TEXT)
        values["signals"][kind.value].pop(name, None)
        assert read_published(tomlified(values)) == shipped()


def test_a_document_older_than_follow_ups_has_their_defaults() -> None:
    values = tomllib.loads(TEXT)
    del values["duties"]
    assert read_published(tomlified(values)) == shipped()


def test_a_document_older_than_classes_of_reasons_has_the_usual_ones() -> None:
    values = tomllib.loads(TEXT)
    del values["customer_reasons"], values["losses"]
    for reason in values["reasons"]["lost"]:
        del reason["class"]
    values["reasons"]["lost"].append({"code": "our_own", "words": "A reason of our own"})
    older, own = read_published(tomlified(values)), shipped()
    assert (older.customer_reasons, older.losses) == (own.customer_reasons, own.losses)
    assert [(one.code, one.loss_class) for one in older.reasons[EpisodeResult.LOST]] == [
        *[(one.code, one.loss_class) for one in own.reasons[EpisodeResult.LOST]],
        ("our_own", LossClass.OTHER),
    ]


def test_an_override_keeps_the_classes_of_reasons() -> None:
    override = Override(segment="enterprise", set={"duties": {"enabled": False}})
    assert overridden(shipped(), override).reasons == shipped().reasons


def test_a_published_document_reads_without_members_that_this_release_does_not_know() -> None:
    newer = TEXT.replace("contacts = 3", "contacts = 3\nmood = 5").replace("[storms]", "[weather]\nrain = 1\n[storms]")
    assert read_published(newer) == shipped()


def test_a_published_document_is_readable_even_if_a_later_release_would_refuse_it() -> None:
    text, _ = changed('seller = "1h"', 'seller = "9h"')
    assert read_published(text).ladder.high.seller == timedelta(hours=9)
    text, _ = changed('window = "1m"', 'window = "60d"')
    assert read_published(text).storms.window == timedelta(days=60)


def test_a_policy_is_what_its_document_says_however_it_passes_through_json() -> None:
    assert Policy.model_validate_json(shipped().model_dump_json(), strict=True) == shipped()
