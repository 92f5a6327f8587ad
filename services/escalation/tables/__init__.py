"""Escalation's tables. Its own copy of sales and people; signals, episodes, alerts and deliveries are its own.

Personal fields (names, addresses, numbers, words) have columns of their own: one statement per table erases them.
"""

from services.escalation.tables.alerts import DELIVERY_STATES, Alert, Delivery, Notice
from services.escalation.tables.base import EscalationTable
from services.escalation.tables.devices import PushDevice, ShownNotification
from services.escalation.tables.directory import Account, AccountVersion, Case, Order, Salesperson
from services.escalation.tables.figures import FigureLook
from services.escalation.tables.matters import AccountFact, Decision, Episode, Loss, Note, Signal
from services.escalation.tables.offers import Offer
from services.escalation.tables.policies import Policy
from services.escalation.tables.results import Result
from services.escalation.tables.save_windows import SaveWindow
from services.escalation.tables.sign_in import AddressNotice, Session, SignInLink
from services.escalation.tables.win_backs import WinBack

__all__ = [
    "DELIVERY_STATES",
    "Account",
    "AccountFact",
    "AccountVersion",
    "AddressNotice",
    "Alert",
    "Case",
    "Decision",
    "Delivery",
    "Episode",
    "EscalationTable",
    "FigureLook",
    "Loss",
    "Note",
    "Notice",
    "Offer",
    "Order",
    "Policy",
    "PushDevice",
    "Result",
    "Salesperson",
    "SaveWindow",
    "Session",
    "ShownNotification",
    "SignInLink",
    "Signal",
    "WinBack",
]
