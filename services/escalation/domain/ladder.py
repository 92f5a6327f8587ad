"""stub"""
from dataclasses import dataclass
from shared.contracts.escalation import Step
from services.escalation.domain import recipients as r
@dataclass(frozen=True)
class Rung:
    step: Step
    salesperson_id: str|None
    because: str
    why_you: str
    skipped: str|None = None
def _rung(x):
    step={"seller":Step.SELLER,"successor":Step.SUCCESSOR,"manager":Step.MANAGER}.get(x.because,Step.DESK)
    return Rung(step,x.salesperson_id,x.because,x.why_you)
def rungs(order, people, *, desk, now, mode, assigned=None):
    x=r.recipient(order, people, desk=desk, now=now)
    if x is None: return None
    a=_rung(x)
    if a.step is Step.DESK: return (a,)
    return (a,_rung(r._at_desk(order,people,desk,now,"unanswered","nobody answered")))
def desk_instead(order, people, *, desk, now): return _rung(r.desk_instead(order,people,desk=desk,now=now))
def next_rung(ladder, after):
    order=list(Step)
    for x in ladder:
        if x.skipped is None and (after is None or order.index(x.step)>order.index(after)): return x
    return None
def assigned_to(account, people, now): return None
