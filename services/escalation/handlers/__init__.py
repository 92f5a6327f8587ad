"""Who listens to what. Each event is decided on the state loaded for its batch; start at `SUBSCRIPTIONS`."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from services.escalation.domain import duty_buttons, own_facts
from services.escalation.domain.draft import Draft
from services.escalation.domain.rules import RULES_VERSION, Rules
from services.escalation.handlers.addresses import note_failing_address, note_working_address
from services.escalation.handlers.apply import write_effects
from services.escalation.handlers.deadlines import (
    act_on_deadline,
    look_for_recipient,
    look_for_somebody,
    tell_for_information,
)
from services.escalation.handlers.deliveries import record_attempt, record_return, send_again
from services.escalation.handlers.directory import (
    correct_sale,
    reassign_account,
    record_order,
    record_salesperson,
)
from services.escalation.handlers.judging import judge, raise_on_silence
from services.escalation.handlers.order_changes import change_order, remember_lines
from services.escalation.handlers.people import look_at_work, pass_on_work
from services.escalation.handlers.policies import publish_policy
from services.escalation.handlers.preferences import note_preference
from services.escalation.handlers.rejudging import rejudge
from services.escalation.handlers.reopening import reopen
from services.escalation.handlers.rescues import press
from services.escalation.handlers.signals import remember_case, stop_waiting_for_the_named_order
from services.escalation.handlers.talks import log_check_in, log_follow_up
from services.escalation.store import batches
from services.escalation.store.known_accounts import KnownAccounts
from services.escalation.store.policies import KnownPolicies
from shared.contracts import orders, support
from shared.contracts.envelope import Envelope, Fact
from shared.transaction import Handler, Transaction

Effect: TypeAlias = Callable[[Draft[Any]], None]


def handling(rules: Rules) -> Handler:
    """The service's handler under these rules: load, decide event by event, save."""

    known, accounts = KnownPolicies(), KnownAccounts()

    async def handle(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        tx.rules_version = RULES_VERSION
        heard = [event for event in events if type(event.data) in SUBSCRIPTIONS]
        policies = await known.current(tx.connection)
        book = await batches.load(tx.connection, heard, rules, policies, accounts)
        async for event in tx.each(heard):
            draft = Draft(book, event, tx.now, tx.traceparent)
            for effect in SUBSCRIPTIONS[type(event.data)]:
                effect(draft)
            write_effects(tx, draft)
        await batches.save(tx.connection, book, tx.now)
        tx.after_commit.append(partial(accounts.keep, book))

    return handle


SUBSCRIPTIONS: Mapping[type[Fact], Sequence[Effect]] = {
    orders.OrderPlaced: (record_order, judge),
    orders.ConfirmationRequired: (judge,),
    orders.OrderConfirmed: (judge,),
    orders.OrderDelivered: (remember_lines, judge),
    orders.OrderChanged: (remember_lines, judge, change_order),
    orders.OrderCancelled: (judge,),
    orders.RefundPaid: (judge,),
    orders.DeliveryLate: (judge,),
    orders.PromiseKept: (judge,),
    orders.OutcomeReported: (judge,),
    orders.SaleCorrected: (correct_sale,),
    orders.AccountReassigned: (reassign_account,),
    orders.SalespersonChanged: (record_salesperson,),
    support.CaseOpened: (remember_case, judge),
    support.ContactMade: (judge,),
    support.ContactDeadEnded: (judge,),
    support.CaseReassigned: (judge,),
    support.CaseStatusChanged: (judge,),
    support.CaseReopened: (judge,),
    support.CaseResolved: (judge,),
    support.CaseClosed: (judge,),
    support.AnswerNotNeeded: (judge,),
    support.ResponsePromised: (judge,),
    support.ResponseOverdue: (judge,),
    support.SatisfactionRated: (judge,),
    support.RefundRequested: (judge,),
    support.RefundWithdrawn: (judge,),
    support.CancellationRequested: (judge,),
    support.CancellationWithdrawn: (judge,),
    support.ContactPreferenceChanged: (note_preference,),
    own_facts.OrderWaitEnded: (stop_waiting_for_the_named_order,),
    own_facts.RecipientSought: (look_for_recipient,),
    own_facts.SilenceEnded: (raise_on_silence,),
    own_facts.EpisodeDue: (act_on_deadline,),
    own_facts.SomebodySought: (look_for_somebody,),
    own_facts.InformationDue: (tell_for_information,),
    own_facts.WorkLookedAt: (look_at_work,),
    own_facts.PersonChanged: (pass_on_work,),
    **dict.fromkeys(own_facts.BUTTONS, (press,)),
    own_facts.ReopenPressed: (reopen,),
    duty_buttons.CheckInLogged: (log_check_in,),
    duty_buttons.FollowUpLogged: (log_follow_up,),
    own_facts.DeliveryAttempted: (record_attempt,),
    own_facts.DeliveryReturned: (record_return,),
    own_facts.DeliveryResent: (send_again,),
    own_facts.AddressFailed: (note_failing_address,),
    own_facts.AddressWorks: (note_working_address,),
    own_facts.PolicyPublishing: (publish_policy,),
    own_facts.RulesChanged: (rejudge,),
}
