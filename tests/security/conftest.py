"""The places where the battery is run, and the programs running there."""

import pytest

from tests.security.places import PLACES, running


@pytest.fixture(scope="module", params=PLACES, ids=str)
def place(request):
    return request.param


@pytest.fixture(scope="module")
def battery(request, place):
    mine = [item.callspec.params for item in request.session.items if item.path == request.path]
    wanted = [params for params in mine if params.get("place") == place]
    jailed = [params["program"] for params in wanted if "program" in params]
    unjailed = [params["biting"] for params in wanted if "biting" in params]
    with running(place, jailed, unjailed) as battery:
        yield battery
