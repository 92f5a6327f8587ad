"""The result of a delivery in words."""

from services.escalation.domain.channels import CHANNELS
from services.escalation.domain.decisions.decision import at_clock, utc_minute
from services.escalation.domain.deliveries import shown_reason
from services.escalation.domain.entities import Delivery


def sent_words(delivery: Delivery) -> str:
    """The result, such as "e-mail sent" or "e-mail held until …"."""
    channel = CHANNELS[delivery.channel]
    if channel.shown is not None and delivery.state == "sent":
        return channel.shown
    listed = " in a list" if delivery.list_id is not None and delivery.state == "sent" else ""
    return f"{channel.message} {_state(delivery)}{listed}{_after(delivery)}{_because(delivery)}"


def _state(delivery: Delivery) -> str:
    match delivery.state:
        case "pending" if delivery.attempts:
            return f"not sent yet, next attempt {at_clock(delivery.try_at)}"
        case "pending":
            return "not sent yet"
        case "sending":
            return "on its way"
        case "held":
            return f"held until {utc_minute(delivery.try_at)}"
        case "unknown":
            return f"possibly sent, next attempt {at_clock(delivery.try_at)}"
        case "cancelled":
            return "cancelled"
        case "skipped":
            return "not sent"
        case state:
            return state


def _after(delivery: Delivery) -> str:
    """The number of attempts, if not one."""
    if delivery.attempts < 2:
        return ""
    unknown = f", {delivery.unknown_count} of them with an unknown outcome" if delivery.unknown_count else ""
    return f" after {delivery.attempts} attempts{unknown}"


def _because(delivery: Delivery) -> str:
    return f" ({shown_reason(delivery.reason)})" if delivery.reason else ""
