"""No figure reveals a few people: cells and trees for any company, and what a reader can subtract from each other."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import TypeAlias
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.figures.cells import By, cells, is_large_enough
from services.escalation.domain.figures.episodes import CountedEpisode, counted
from services.escalation.domain.figures.trees import Tree, below, tree_for
from services.escalation.domain.signals import SIGNALS
from shared.contracts.escalation import SignalKind
from tests.examples import examples
from tests.unit.test_figures import FIRST, OFFICE

_Drawn: TypeAlias = list[tuple[str | None, SignalKind, tuple[str, ...], str | None, int]]
_PEOPLE = tuple(f"p{number}" for number in range(14))
_people = st.sampled_from(_PEOPLE)
_managers = st.fixed_dictionaries({person: st.none() | _people for person in _PEOPLE})
_episodes = st.lists(
    st.tuples(
        st.none() | _people,
        st.sampled_from(list(SIGNALS)[:4]),
        st.sampled_from([(), ("a",), ("b",), ("a", "b"), ("c",)]),
        st.none() | st.sampled_from("xyz"),
        st.integers(0, 150),
    ),
    max_size=40,
)


def _counted(found: _Drawn) -> list[CountedEpisode]:
    rows = [
        replace(
            FIRST,
            episode_id=UUID(int=number),
            order_id=str(number),
            seller=seller,
            cause=cause,
            products=products,
            segment=segment,
            raised_at=FIRST.raised_at + timedelta(days=days),
        )
        for number, (seller, cause, products, segment, days) in enumerate(found)
    ]
    return counted(rows, lambda _: OFFICE)


@examples(300)
@given(_episodes, _managers, st.sampled_from(By), st.integers(3, 8))
def test_the_total_less_any_cells_is_never_a_group_that_is_too_small(
    found: _Drawn,
    managers: dict[str, str | None],
    by: By,
    smallest: int,
) -> None:
    episodes = _counted(found)
    shown = cells(episodes, by, managers, smallest)
    assert bool(shown) == is_large_enough(episodes, smallest)
    if not shown:
        return
    ids = [one.row.episode_id for cell in shown for one in cell.episodes]
    assert sorted(ids) == [one.row.episode_id for one in episodes], "each episode is in exactly one cell"
    for number in range(len(shown)):
        for taken in combinations(shown, number):
            left = [one for cell in shown if cell not in taken for one in cell.episodes]
            assert is_large_enough(left, smallest)


@examples(200)
@given(_episodes, _managers, st.integers(3, 8))
def test_joined_months_follow_each_other(
    found: _Drawn,
    managers: dict[str, str | None],
    smallest: int,
) -> None:
    shown = cells(_counted(found), By.MONTH, managers, smallest)
    names = [name for cell in shown for name in cell.names]
    assert names == sorted(names)


@examples(300)
@given(_managers, st.sets(_people), _people, st.integers(3, 8))
def test_a_reader_sees_the_smallest_tree_above_them_that_is_large_enough(
    managers: dict[str, str | None], sellers: set[str], reader: str, smallest: int
) -> None:
    tree = tree_for(reader, managers, sellers, smallest)
    if tree is None:
        assert len(sellers) < smallest
        return
    assert len(tree.people & sellers) >= smallest
    own = below(reader, managers)
    if len(own & sellers) >= smallest:
        assert tree == Tree(reader, own)
    elif tree.manager is not None:
        assert reader in tree.people or tree.manager == reader or own <= tree.people | {tree.manager}


def test_too_small_a_team_sees_the_next_larger_tree() -> None:
    managers = {"vera": None, "mona": "vera", "otto": "vera", **{f"m{n}": "mona" for n in range(2)}}
    managers |= {f"o{n}": "otto" for n in range(3)}
    sellers = {one for one in managers if len(one) == 2}
    assert tree_for("otto", managers, sellers, 3) == Tree("otto", frozenset({"o0", "o1", "o2"}))
    larger = tree_for("mona", managers, sellers, 3)
    assert larger is not None
    assert larger.manager == "vera"
    assert sellers <= larger.people
    company = tree_for("vera", managers, sellers | {"free"}, 6)
    assert company == Tree(None, frozenset(sellers | {"free"})), "no manager is above Vera"
    assert tree_for("vera", managers, sellers, 8) is None
    assert below("a", {"a": "b", "b": "a", "c": "b"}) == {"b", "c"}, "circles of managers are harmless"
