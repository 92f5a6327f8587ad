"""Money paid back within what the customer was offered."""

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.facts import AccountFact, FactKind


def is_within_offers(history: History, paid: AccountFact) -> bool:
    """Whether a paid refund carries out offers agreed on its order before: together with the refunds paid since the
    first of them, it is at most their total. Only its own currency counts."""
    offered = history.index(IndexName.OF_ORDER, paid.order_id, FactKind.OFFER_AGREED).facts
    agreed = [offer for offer in offered if offer.at < paid.at and offer.currency == paid.currency]
    if not agreed:
        return False
    first = min(offer.at for offer in agreed)
    refunds = history.index(IndexName.OF_ORDER, paid.order_id, FactKind.REFUND_PAID).facts
    since = [one for one in refunds if first < one.at <= paid.at and one.currency == paid.currency]
    return sum(one.amount_minor or 0 for one in since) <= sum(offer.amount_minor or 0 for offer in agreed)
