"""Who is given the next place."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.runs.states import Waiter, give_in_turns

WAITERS = st.lists(
    st.builds(
        Waiter,
        tenant_id=st.uuids(),
        wanted=st.integers(0, 20),
        room=st.integers(0, 20),
        served=st.integers(0, 50),
    ),
    max_size=6,
    unique_by=lambda one: one.tenant_id,
)


def tenant(number: int) -> UUID:
    return UUID(int=number)


def waiter(number: int, *, wanted: int = 99, room: int = 99, served: int = 0) -> Waiter:
    return Waiter(tenant_id=tenant(number), wanted=wanted, room=room, served=served)


def test_the_tenant_that_was_served_longest_ago_comes_first() -> None:
    given_to = give_in_turns([waiter(1, served=7), waiter(2, served=3), waiter(3)], places=3)
    assert given_to == [tenant(3), tenant(2), tenant(1)]


def test_everybody_gets_one_before_somebody_gets_two() -> None:
    given_to = give_in_turns([waiter(1, wanted=1), waiter(2), waiter(3, room=2)], places=6)
    assert given_to == [tenant(number) for number in (1, 2, 3, 2, 3, 2)]


@given(waiters=WAITERS, places=st.integers(0, 60))
def test_no_place_is_left_free_or_given_twice(waiters: list[Waiter], places: int) -> None:
    given_to = give_in_turns(waiters, places=places)
    may = {one.tenant_id: min(one.wanted, one.room) for one in waiters}
    assert len(given_to) == min(places, sum(may.values()))
    assert all(given_to.count(tenant_id) <= most for tenant_id, most in may.items())
