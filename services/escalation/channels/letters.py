"""Alerts as e-mails: facts in the same order as on the page, plain text and HTML with equal content, no tracking."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.escalation.channels.list_letters import list_fields, list_subject
from services.escalation.channels.notice_letters import notice_parts
from services.escalation.channels.smtp import Mail
from services.escalation.channels.subjects import Subject, trouble_in_short
from services.escalation.domain.happenings import (
    CustomerHistory,
    Happening,
    WaysTo,
    in_sale_words,
    no_ways,
    what_happened,
)
from services.escalation.domain.owed import owed_in
from services.escalation.domain.parts_in_order import BODY, HEAD
from services.escalation.domain.phones import phone_links
from services.escalation.domain.plays import must_not_be_called, no_call_words
from services.escalation.domain.reaching import OnRecord, calls, country_for, named_contact, people_of, stand_in
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import (
    FOR_INFORMATION,
    SEVERITIES,
    absolute,
    again_words,
    at_absolute,
    cause_words,
    cut,
    cut_at_word,
    left,
    promised_words,
    why_now,
)
from services.escalation.domain.words.in_short import NAME_LENGTH, customer_words, quoted_lines, straight, unturned
from services.escalation.domain.written import NoteAbout, NoteRow
from services.escalation.store.address_notices import ClaimedNotice
from services.escalation.store.deliveries import FACTS_READ, Letter
from services.escalation.store.lists import ListLetter
from services.escalation.store.upward_notices import NoticeLetter
from shared.contracts.escalation import RingCause, Severity
from shared.contracts.mailboxes import NotAMailbox, mailbox_of
from shared.contracts.support_inbound import ContactPreference
from shared.visible_text import controls_shown

_SUBJECT_LENGTH = 150
_LINE_LENGTH = 300
_LINES_OF_STORY = 8
_ENCODED_WORD = "=?"
_OPENED_TO = {
    RingCause.HANDED_OVER: "Take over in Handoff",
    RingCause.INFORMED: "Open in Handoff",
    RingCause.TAKEN_OVER: "Open in Handoff",
    RingCause.APPOINTMENT: "Open in Handoff",
    RingCause.APPROVAL: "Answer in Handoff",
    RingCause.APPROVAL_ANSWERED: "Open in Handoff",
}


class Letters:
    """Composes messages. Holds the templates, which are read once."""

    def __init__(self, *, sender: str, inbox_url: str, reply_to: str | None = None) -> None:
        self._sender = _sender(sender)
        self._reply_to = _reply_address(reply_to) if reply_to else None
        self._inbox_url = inbox_url.rstrip("/")
        self._templates = Environment(
            loader=PackageLoader("services.escalation.channels"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"cut": cut, "quoted_lines": quoted_lines, "straight": straight}
        self._templates.globals |= {"order": (*HEAD, *BODY), "words_length": _LINE_LENGTH}

    def alert(self, letter: Letter) -> Mail:
        """The message for one delivery; its Message-ID is the delivery's, however often it is sent."""
        history = letter.story.read()
        letter = in_words_of_the_sale(letter, history)
        assert letter.main is not None
        reader = Reader(letter.parts.recipient, ZoneInfo(letter.parts.recipient_zone), letter.now)
        now = why_now([signal.risk for signal in letter.signals], letter.main, due=reader.due)
        if letter.left_out:
            now = replace(now, context="")  # it would count only the signals that are shown
        who = letter.customer_name or customer_words(None, letter.account_id)
        inform = letter.parts.for_information
        severity = FOR_INFORMATION if inform else SEVERITIES[letter.parts.severity]
        until, promised_at = letter.parts.answer_by, letter.parts.promised_at
        answer_by = reader.moment(until).clock if until else None
        promised = reader.moment(promised_at).at if promised_at else None
        story, more = _story(letter, history, reader)
        asked_to = _asked_to(letter)
        fields = {
            "letter": letter,
            "parts": letter.parts,
            "customer": who,
            "bought": cut(letter.bought, _LINE_LENGTH),
            "why_now": now.sentence(letter.now),
            "story": story,
            "more": "Full history" if more else None,
            **_contacts(letter, history),
            "owed": owed_in(history, letter.order_id, reader),
            "severity": severity,
            "episodes_url": f"{self._inbox_url}/episodes",
            "cause": _cause(letter, reader),
            "asked_to": f"{asked_to[0].upper()}{asked_to[1:]}",
            "answer_by": answer_by,
            "promised": promised_words(promised) if promised else None,
            "answer": _button(letter),
            "time_left": left(until, letter.now) if until else None,
            "url": f"{self._inbox_url}/episodes/{letter.episode_id}",
            "written_at": reader.moment(letter.now).absolute,
        }
        trouble = f", {trouble_in_short(letter.main, now)}, {_last(letter, answer_by, promised)}"
        subject = f"{severity}: {cut(who, NAME_LENGTH)}{_answered(letter) or trouble}"
        message = self._message(str(letter.address), subject, "alert", letter.delivery_id, fields, letter.now)
        thread = f"<episode-{letter.episode_id}@{self._sender.domain}>"
        message.message["In-Reply-To"] = message.message["References"] = thread
        if letter.parts.severity is Severity.CRITICAL and not inform:
            message.message["Importance"] = "high"
        return message

    def ranked_list(self, letter: ListLetter) -> Mail:
        """The message for deliveries sent together; its Message-ID is the list's, however often it is sent."""
        fields = list_fields(letter, self._inbox_url)
        subject = list_subject(letter)
        return self._message(str(letter.address), subject, "list", letter.list_id, fields, letter.now)

    def sign_in(self, *, address: str, name: str, url: str, message: UUID, now: datetime) -> Mail:
        """The message with a one-time link."""
        return self._message(address, "Sign in to Handoff", "sign_in", message, {"name": name, "url": url}, now)

    def notice(self, notice: NoticeLetter) -> Mail:
        """The message to a manager or the desk about a person of theirs, or to a person whose save was disproved."""
        subject, fields = notice_parts(notice, self._inbox_url)
        return self._message(notice.email, subject, notice.kind.value, notice.notice_id, fields, notice.now)

    def address_changed(self, notice: ClaimedNotice) -> Mail:
        """The message that an address is no longer in use or is new; the same message however often it is sent."""
        fields = {
            "notice": notice,
            "since": absolute(notice.made_at.astimezone(ZoneInfo(notice.zone))),
            "at": at_absolute(notice.made_at.astimezone(ZoneInfo(notice.zone))),
            "url": f"{self._inbox_url}/sign-in",
        }
        subject = "Your e-mail address for alerts from Handoff has changed"
        return self._message(notice.address, subject, "address_changed", notice.notice_id, fields, notice.made_at)

    def _message(
        self, to: str, subject: str, template: str, id: UUID, fields: dict[str, object], now: datetime
    ) -> Mail:
        recipient = _address(to)
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = recipient
        if self._reply_to is not None:
            message["Reply-To"] = self._reply_to
        line = cut_at_word(unturned(_literal(subject)), _SUBJECT_LENGTH)
        message["Subject"] = Subject(line)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(controls_shown(self._templates.get_template(f"{template}.txt").render(fields)))
        html = self._templates.get_template(f"{template}.html").render(fields, title=line)
        message.add_alternative(controls_shown(html), subtype="html")
        return Mail(self._sender.addr_spec, recipient.addr_spec, message)


def _literal(subject: str) -> str:
    """One line without encoded words: the library would decode them, and headers can hide in them (RFC 2047)."""
    return " ".join(subject.split()).replace(_ENCODED_WORD, "= ?")


def _sender(mail_from: str) -> Address:
    """The sender: an address, or a name and an address in angle brackets."""
    name, address = parseaddr(mail_from)
    try:
        known = _address(address)
    except NotAMailbox:
        raise ValueError("MAIL_FROM must look like oncall@example.com or On Call <oncall@example.com>") from None
    return Address(display_name=name, username=known.username, domain=known.domain)


def _reply_address(text: str) -> Address:
    try:
        return _address(text)
    except NotAMailbox:
        raise ValueError("MAIL_REPLY_TO must look like sales-support@example.com") from None


def _address(text: str) -> Address:
    """The address for headers. Raises NotAMailbox."""
    mailbox = mailbox_of(text)
    return Address(username=mailbox.local, domain=mailbox.domain)


def in_words_of_the_sale(letter: Letter, history: CustomerHistory) -> Letter:
    """A letter whose signals are named as on the page."""
    signals = in_sale_words(letter.signals, history, letter.order_id)
    pairs = zip(letter.signals, signals, strict=True)
    main = next((new.risk for old, new in pairs if old.risk is letter.main), None)
    advice = letter.parts.advice.naming(main.about if main else None) if letter.parts.advice else None
    return replace(letter, signals=signals, main=main, parts=replace(letter.parts, advice=advice))


def _contacts(letter: Letter, history: CustomerHistory) -> dict[str, object]:
    """The people to call or write to, as on the page."""
    assert letter.main is not None
    parts, people = letter.parts, people_of(letter.main, letter.signals, history.facts)
    record, ways = _on_record(letter), _dialled(letter, history)
    may_call = not (parts.not_to_be_called or parts.for_information)
    died = parts.preference is ContactPreference.DECEASED
    other = stand_in(people, record, ways) if died else None
    return {
        "requester": named_contact(people, record),
        "ways": calls(people, record, ways) if may_call else (),
        "no_call": no_call_words(letter.customer_phone, address=bool(parts.customer_email)),
        "other": other,
        "not_to_be_called": must_not_be_called(parts.preference, contact=other.name)
        if other
        else parts.not_to_be_called,
    }


def _on_record(letter: Letter) -> OnRecord:
    email, country = letter.parts.email_on_record, letter.parts.customer_country
    return OnRecord(letter.customer_name, letter.customer_phone, email, country)


def _dialled(letter: Letter, history: CustomerHistory) -> WaysTo:
    """The function that turns numbers into links."""
    country = country_for(_on_record(letter), history.facts, letter.parts.country)
    return partial(phone_links, country=country)


def _answered(letter: Letter) -> str | None:
    """The end of a subject that answers a request for approval: the answer, as the asker waits for nothing else."""
    return f". {letter.why_you.removesuffix('.')}" if letter.parts.cause is RingCause.APPROVAL_ANSWERED else None


def _last(letter: Letter, answer_by: str | None, promised: str | None) -> str:
    """The end of a subject: the next due time, else the amount at risk."""
    if letter.parts.cause is RingCause.APPOINTMENT and promised:
        return f"call {promised}"
    return f"{_asked_to(letter)} by {answer_by}" if answer_by else letter.amount


def _asked_to(letter: Letter) -> str:
    return letter.parts.asked_to or "acknowledge"


def _cause(letter: Letter, reader: Reader) -> str | None:
    """Why the recipient is notified; they may have had the episode before."""
    since = letter.parts.had_since
    again = again_words(letter.parts.cause, reader.moment(since).clock) if since else None
    return again or cause_words(letter.parts.cause, letter.parts.before)


def _is_first(note: NoteRow, letter: Letter) -> bool:
    """Whether it is the giver's note, which comes first."""
    return note.about is NoteAbout.HAND_OVER and note.text == letter.parts.note


def _button(letter: Letter) -> str:
    """The label of the button that opens the page."""
    if letter.parts.for_information:
        return "Mark as seen in Handoff"
    return _OPENED_TO.get(letter.parts.cause, "Acknowledge in Handoff")


def _story(letter: Letter, history: CustomerHistory, reader: Reader) -> tuple[Sequence[Happening], bool]:
    """The history as on the page, newest first: everything that puts the sale at risk, and the newest of the rest. Also
    whether the page has more."""
    ways = no_ways if letter.parts.not_to_be_called else _dialled(letter, history)
    history = replace(history, notes=[note for note in history.notes if not _is_first(note, letter)])
    happened = what_happened(letter.order_id, letter.signals, history, reader, ways)
    shown = [one for place, one in enumerate(happened) if one.at_risk or place < _LINES_OF_STORY]
    return shown, letter.left_out > 0 or len(shown) < len(happened) or len(history.facts) >= FACTS_READ
