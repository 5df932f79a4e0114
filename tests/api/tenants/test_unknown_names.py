"""What is sent is what is understood: unknown fields and parameters are refused by name."""

import pytest

from tests.api.tenants.document import is_list
from tests.api.tenants.endpoints import ENDPOINTS

WRITES = [one for one in ENDPOINTS if one.method in ("post", "put", "patch")]
LISTS = [one for one in ENDPOINTS if is_list(one)]


@pytest.mark.parametrize("endpoint", WRITES, ids=str)
def test_an_unknown_field_is_refused_by_name(house, endpoint):
    name = endpoint.names(house) if endpoint.names else None
    body = endpoint.body(house) | {"surprise": "x"}
    answer = endpoint.send(house.client_of("admin"), name, body)
    assert answer.status_code == 422
    assert "surprise" in answer.json()["errors"]


@pytest.mark.parametrize("endpoint", LISTS, ids=str)
def test_an_unknown_parameter_of_a_list_is_refused_by_name(house, endpoint):
    name = endpoint.names(house) if endpoint.names else None
    answer = house.client_of("admin").get(endpoint.address(name), query_params={"surprise": "x"})
    assert answer.status_code == 422
    assert "surprise" in answer.json()["errors"]
