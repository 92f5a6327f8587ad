"""Bar charts that the server draws: horizontal, from zero, each with label and value. Start at `requests_chart`.

Lengths are shares of the chart's width, so that the text keeps its size on every screen. The numbers are also in the
table beside each chart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.escalation.domain.figures.episodes import Outcome
from services.escalation.domain.figures.figures import Figures, Money, Outcomes, Times
from services.escalation.domain.figures.words import MONEY_COUNTS, OUTCOMES, span
from services.escalation.domain.words import cut
from services.escalation.domain.words.lists import amount

_BAR_PIXELS = 44
_LABEL_LENGTH = 34

_TONES: Mapping[Outcome, str] = {Outcome.PROVEN: "good", Outcome.LOST: "bad", Outcome.RELAPSED: "bad"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `length`, and the paler `longer` one behind it, are percentages of the chart's width; `top` is in
    pixels."""

    label: str
    value: str
    length: str
    longer: str
    tone: str
    top: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its table; the first column of the table names the row."""

    id: str
    title: str
    note: str
    bars: Sequence[Bar]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def height(self) -> int:
        return _BAR_PIXELS * len(self.bars)


@dataclass(frozen=True, slots=True)
class _Drawn:
    label: str
    value: str
    length: float
    longer: float = 0.0
    tone: str = ""


def requests_chart(found: Figures) -> Chart:
    """The requests with their outcomes; all of them together are the longest bar."""
    requests, every = found.requests, found.episodes
    drawn = [_Drawn("Requests", f"{requests.total:,}", requests.total)]
    drawn.append(_Drawn("Attempted", f"{requests.attempted:,}", requests.attempted))
    drawn += [
        _Drawn(OUTCOMES[one], f"{count:,}", count, tone=_TONES.get(one, ""))
        for one, count in requests.by_outcome.items()
        if count or one in (Outcome.PROVEN, Outcome.LOST)
    ]
    rows = [_outcome_row("All", requests.total, every.total), _outcome_row("Attempted", *_attempted(requests, every))]
    rows += [_outcome_row(OUTCOMES[one], requests.by_outcome[one], every.by_outcome[one]) for one in Outcome]
    note = "Sales whose customers asked for money back or to cancel. Not counted, because they were not ours to save: "
    note += f"{found.not_ours:,}."
    return _chart("requests", "Requests", note, drawn, ("", "Requests", "All sales at risk"), rows)


def money_charts(money: Money) -> list[Chart]:
    """A chart for each currency: amounts of different currencies are never compared."""
    sums = {"At risk": money.at_risk, "Kept": money.kept, "Lost": money.lost, "Given away": money.given_away}
    tones = {"Kept": "good", "Lost": "bad"}
    charts = []
    for currency in sorted({one for known in sums.values() for one in known}):
        known = {name: one.get(currency, 0) for name, one in sums.items()}
        words = {name: amount(minor, currency) for name, minor in known.items()}
        drawn = [_Drawn(name, words[name], minor, tone=tones.get(name, "")) for name, minor in known.items()]
        note = f"{MONEY_COUNTS} Money is kept once the save is proven; until then it is at risk."
        rows = list(words.items())
        charts.append(_chart(f"money-{currency}", f"Money, {currency}", note, drawn, ("", "Amount"), rows))
    return charts


def times_charts(groups: Sequence[tuple[str, Figures]]) -> list[Chart]:
    """Charts of the times of some groups, by name."""
    acknowledgement = [(name, found.acknowledgement) for name, found in groups]
    talk = [(name, found.talk) for name, found in groups]
    waited = [(name, found.customers_wait) for name, found in groups]
    working = "Working time from the first alert."
    calendar = "Day and night, from the first trouble until someone talked with the customer."
    return [
        _times_chart("talk", "Time to talk, working time", working, talk),
        _times_chart("waited", "Time to talk, customer's clock", calendar, waited, days=True),
        _times_chart("acknowledgement", "Time to acknowledge", working, acknowledgement),
    ]


def groups_chart(groups: Sequence[tuple[str, Figures]]) -> Chart:
    """The requests of each group, with their outcomes in the table."""
    drawn = [_Drawn(name, f"{found.requests.total:,}", found.requests.total) for name, found in groups]
    shown = (Outcome.OPEN, Outcome.PROVISIONAL, Outcome.PROVEN, Outcome.RELAPSED, Outcome.LOST, Outcome.WON_BACK)
    rows = [
        (name, *map(_number, (found.rings, of.total, of.attempted, *(of.by_outcome[one] for one in shown))))
        for name, found, of in ((name, found, found.requests) for name, found in groups)
    ]
    columns = ("", "Alerts", "Requests", "Attempted", *(OUTCOMES[one] for one in shown))
    return _chart("groups", "Requests by group", "", drawn, columns, rows)


def _times_chart(id: str, title: str, start: str, groups: Sequence[tuple[str, Times]], *, days: bool = False) -> Chart:
    drawn = []
    for name, times in groups:
        value = "none yet" if times.median is None else f"{span(times.median, days=days)} (n = {times.count:,})"
        still = f", {times.open:,} open" if times.open else ""
        drawn.append(_Drawn(name, value + still, _seconds(times.median), _seconds(times.p90)))
    rows = [
        (
            name,
            *(_known(one, days=days) for one in (times.median, times.p90)),
            f"{times.count:,}",
            f"{times.open:,}",
            _known(times.longest_open, days=days),
        )
        for name, times in groups
    ]
    note = f"{start} The dark bar is the median, the pale one covers 90%. Open ones are in neither."
    return _chart(id, title, note, drawn, ("", "Median", "90% within", "n", "Open", "Longest so far"), rows)


def _chart(
    id: str, title: str, note: str, drawn: Sequence[_Drawn], columns: Sequence[str], rows: Iterable[Sequence[str]]
) -> Chart:
    longest = max((max(one.length, one.longer) for one in drawn), default=0) or 1
    bars = [
        Bar(
            label=cut(one.label, _LABEL_LENGTH),
            value=one.value,
            length=f"{100 * one.length / longest:.2f}%",
            longer=f"{100 * one.longer / longest:.2f}%",
            tone=one.tone,
            top=_BAR_PIXELS * place,
        )
        for place, one in enumerate(drawn)
    ]
    return Chart(id, title, note, bars, columns, list(rows))


def _outcome_row(name: str, requests: int, every: int) -> tuple[str, str, str]:
    return name, _number(requests), _number(every)


def _number(number: int) -> str:
    return f"{number:,}"


def _attempted(requests: Outcomes, every: Outcomes) -> tuple[int, int]:
    return requests.attempted, every.attempted


def _seconds(length: timedelta | None) -> float:
    return 0.0 if length is None else length.total_seconds()


def _known(length: timedelta | None, *, days: bool) -> str:
    return "" if length is None else span(length, days=days)
