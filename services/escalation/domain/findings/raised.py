"""What raises each kind of signal, in words: what the rules beside this module do, for a page of documentation."""

from collections.abc import Mapping

from shared.contracts.escalation import SignalKind

RAISED: Mapping[SignalKind, str] = {
    SignalKind.CONTACT_DEAD_ENDED: (
        "A contact ended in a dead end. Or nobody answered the customer, and nobody talked with them on any matter "
        "within this much of the company's working time, nor made it the customer's turn."
    ),
    SignalKind.CONTACT_REPEATED: (
        "This many contacts of the customer on one matter, counted from the first attempt, none of which resolved it. "
        "A conversation is one contact."
    ),
    SignalKind.CASE_STUCK: (
        "An open case saw no progress for this much of the company's working time, or so long while it was the "
        "customer's turn."
    ),
    SignalKind.CASE_BOUNCED: "A case was passed on this often.",
    SignalKind.CASE_REOPENED: (
        "A case was reopened, not by a “thank you” or an automatic reply; once until it ends again."
    ),
    SignalKind.RESPONSE_DUE: (
        "This long before a promised answer is due, it has not been given, and no other on the matter is overdue."
    ),
    SignalKind.RESPONSE_OVERDUE: (
        "Somebody says that a promised answer is overdue, or its time passed without one. Until the matter is answered "
        "it is one signal, since the earliest, whoever says it and however often."
    ),
    SignalKind.SATISFACTION_LOW: "A rating at or below this share of its scale.",
    SignalKind.REFUND_REQUESTED: (
        "The customer asked for money back. Of a kind that has no play (`plays.refund_kinds`) it is for information: "
        "shown and mailed once, with no deadline and no call due."
    ),
    SignalKind.CANCELLATION_REQUESTED: "The customer asked to cancel, or said that they are leaving.",
    SignalKind.ORDER_STALLED: (
        "An order waits for the customer's confirmation, and nobody reached them by phone or in person within so much "
        "of the company's working time. Or nothing was reported of an order with a delivery day since it was sold, and "
        "nobody reached them, for so long."
    ),
    SignalKind.PROMISE_MISSED: (
        "A promise of the sale is past due, nothing proves that it was kept, and no salesperson reported by then that "
        "the customer said so. Or one did, and the customer has complained since."
    ),
    SignalKind.OUTCOME_DENIED: (
        "The buyer says that what the order was bought for was not reached, or a salesperson reports that they said so."
    ),
    SignalKind.DELIVERY_LATE: (
        "Somebody says that the delivery is late, or its day passed before the last line had arrived: one signal, "
        "since the earliest. Lines added to a delivered order whose day has passed are late at once."
    ),
    SignalKind.ORDER_CANCELLED: "The order was cancelled.",
    SignalKind.REFUND_PAID: "Money was paid back, more than nothing.",
    SignalKind.GONE_QUIET: (
        "After a bad contact or a low rating, no word from the customer and no talk for this long; not where the same "
        "case was resolved or closed meanwhile."
    ),
}
