"""Decides each event, purely, on a draft of the state that is loaded for it. Start at `decide`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from services.escalation.domain import delivery_facts, devices, duty_buttons, own_facts, win_backs
from services.escalation.domain.deciding.buttons import press
from services.escalation.domain.deciding.deadlines import (
    act_on_deadline,
    look_up_seller,
    retry_empty_ladder,
    send_information,
)
from services.escalation.domain.deciding.directory import (
    change_order,
    correct_sale,
    reassign_account,
    record_order,
    record_salesperson,
    remember_lines,
)
from services.escalation.domain.deciding.episodes import remember_case, stop_waiting_for_the_named_order
from services.escalation.domain.deciding.follow_ups import log_check_in, log_follow_up, log_win_back
from services.escalation.domain.deciding.offers import act_on_unanswered, end_requests_without_asker
from services.escalation.domain.deciding.people import check_persons_episodes, pass_on_work
from services.escalation.domain.deciding.policies import publish_policy
from services.escalation.domain.deciding.preferences import note_preference
from services.escalation.domain.deciding.proofs import judge_when_due
from services.escalation.domain.deciding.receipts import (
    note_failing_address,
    note_last_device_gone,
    note_working_address,
    record_attempt,
    record_return,
    send_again,
)
from services.escalation.domain.deciding.reconciling import raise_on_silence, reconcile, rejudge
from services.escalation.domain.deciding.reopening import reopen
from services.escalation.domain.deciding.results import judge_results, note_win_back
from services.escalation.domain.deciding.save_windows import judge_windows, note_window_due
from services.escalation.domain.deciding.win_backs import check_win_back
from services.escalation.domain.draft import Draft
from services.escalation.domain.own_facts import SaveWindowDue
from services.escalation.domain.results import ProofDue
from shared.contracts import orders, support
from shared.contracts.envelope import Fact

Handler: TypeAlias = Callable[[Draft[Any]], None]


def decide(draft: Draft[Any]) -> None:
    """Decide one event: run its handlers in order, then judge the results and the save windows that it concerns.

    The draft's state and effects hold the decisions.

    Raises KeyError for an event without a handler.
    """
    for handler in SUBSCRIPTIONS[type(draft.fact)]:
        handler(draft)
    if draft.fact.about == "account":
        end_requests_without_asker(draft)
    judge_results(draft)
    judge_windows(draft)


SUBSCRIPTIONS: Mapping[type[Fact], Sequence[Handler]] = {
    orders.OrderPlaced: (record_order, note_win_back, reconcile),
    orders.ConfirmationRequired: (reconcile,),
    orders.OrderConfirmed: (reconcile,),
    orders.OrderDelivered: (remember_lines, reconcile),
    orders.OrderChanged: (remember_lines, reconcile, change_order),
    orders.OrderCancelled: (reconcile,),
    orders.RefundPaid: (reconcile,),
    orders.DeliveryLate: (reconcile,),
    orders.PromiseKept: (reconcile,),
    orders.OutcomeReported: (reconcile,),
    orders.SaleCorrected: (correct_sale,),
    orders.AccountReassigned: (reassign_account,),
    orders.SalespersonChanged: (record_salesperson,),
    support.CaseOpened: (remember_case, reconcile),
    support.ContactMade: (reconcile,),
    support.ContactDeadEnded: (reconcile,),
    support.CaseReassigned: (reconcile,),
    support.CaseStatusChanged: (reconcile,),
    support.CaseReopened: (reconcile,),
    support.CaseResolved: (reconcile,),
    support.CaseClosed: (reconcile,),
    support.AnswerNotNeeded: (reconcile,),
    support.ResponsePromised: (reconcile,),
    support.ResponseOverdue: (reconcile,),
    support.SatisfactionRated: (reconcile,),
    support.RefundRequested: (reconcile,),
    support.RefundWithdrawn: (reconcile,),
    support.CancellationRequested: (reconcile,),
    support.CancellationWithdrawn: (reconcile,),
    support.CustomerInsists: (reconcile,),
    support.SellerRequested: (reconcile,),
    support.ContactPreferenceChanged: (note_preference,),
    own_facts.OrderWaitEnded: (stop_waiting_for_the_named_order,),
    own_facts.SellerLookupDue: (look_up_seller,),
    own_facts.SilenceEnded: (raise_on_silence,),
    own_facts.EpisodeDue: (act_on_deadline,),
    ProofDue: (judge_when_due,),
    own_facts.EmptyLadderRetryDue: (retry_empty_ladder,),
    own_facts.InformationDue: (send_information,),
    own_facts.PersonCheckDue: (check_persons_episodes,),
    own_facts.PersonChanged: (pass_on_work,),
    own_facts.ApprovalDue: (act_on_unanswered,),
    SaveWindowDue: (note_window_due,),
    **dict.fromkeys(own_facts.BUTTONS, (press,)),
    own_facts.ReopenPressed: (reopen,),
    duty_buttons.CheckInLogged: (log_check_in,),
    duty_buttons.FollowUpLogged: (log_follow_up,),
    duty_buttons.WinBackLogged: (log_win_back,),
    win_backs.WinBackChecked: (check_win_back,),
    delivery_facts.DeliveryAttempted: (record_attempt,),
    delivery_facts.DeliveryReturned: (record_return,),
    delivery_facts.DeliveryResent: (send_again,),
    delivery_facts.AddressFailed: (note_failing_address,),
    delivery_facts.AddressWorks: (note_working_address,),
    devices.LastDeviceGone: (note_last_device_gone,),
    own_facts.PolicySubmitted: (publish_policy,),
    own_facts.RulesChanged: (rejudge,),
}
