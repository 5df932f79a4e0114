"""The programs of a module's tests, on their way in one place after the other."""

from contextlib import ExitStack

import pytest

from tests.security.places import running


@pytest.fixture(scope="module")
def battery_in(request):
    """`battery_in(place)`: what the module's chosen tests want to know of this place."""
    started = {}
    mine = [item.callspec.params for item in request.session.items if item.path == request.path]

    def battery_in(place):
        if place not in started:
            last.close()
            wanted = [params for params in mine if params["place"] == place]
            started[place] = last.enter_context(
                running(
                    place,
                    [params["program"] for params in wanted if "program" in params],
                    [params["biting"] for params in wanted if "biting" in params],
                )
            )
        return started[place]

    with ExitStack() as last:
        yield battery_in
