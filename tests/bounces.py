"""Delivery reports as mail servers write them (RFC 3464; RFC 6533 for addresses beyond ASCII)."""

from email.message import EmailMessage

_BEYOND_ASCII = {
    "rfc822; ": "utf-8; ",
    "message/delivery-status": "message/global-delivery-status",
    "message/rfc822": "message/global",
    "text/rfc822-headers": "message/global-headers",
}


def report(
    message: EmailMessage, *, status: str = "5.1.1", action: str = "failed", headers_only: bool = False
) -> bytes:
    """The report that a message did not arrive: Postfix returns the whole message, other servers its headers alone."""
    headers = "".join(f"{name}: {message[name]}\r\n" for name in ("From", "To", "Subject", "Message-ID"))
    returned = "text/rfc822-headers" if headers_only else "message/rfc822"
    body = "" if headers_only else "\r\nYour customer is leaving.\r\n"
    lines = (
        "From: MAILER-DAEMON@mx.example",
        "To: oncall@handoff.example",
        "Subject: Undelivered Mail Returned to Sender",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
        "",
        "--b1",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "I am sorry to inform you.",
        "",
        "--b1",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "Arrival-Date: Mon, 4 May 2026 09:30:00 +0000",
        "",
        f"Final-Recipient: rfc822; {message['To']}",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; 550 {status} said the server",
        "",
        "--b1",
        f"Content-Type: {returned}",
        "",
        f"{headers}{body}",
        "--b1--",
        "",
    )
    return "\r\n".join(lines).encode()


def report_beyond_ascii(message: EmailMessage, *, headers_only: bool = False) -> bytes:
    """The report that Postfix writes about a message sent by SMTPUTF8."""
    written = report(message, headers_only=headers_only).decode()
    for name, other in _BEYOND_ASCII.items():
        written = written.replace(name, other)
    return written.encode()
