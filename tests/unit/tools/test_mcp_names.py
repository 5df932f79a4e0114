import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tools.runners.mcp.naming import called_name, is_server_name


@pytest.mark.parametrize("name", ["a", "crm", "crm-2", "a" * 24])
def test_a_server_may_have_a_short_plain_name(name):
    assert is_server_name(name)


@pytest.mark.parametrize("name", ["", "A", "2a", "a_b", "a__b", "a-", "a--b", "a" * 25, "é", "a\n"])
def test_a_server_may_not_have_an_odd_name(name):
    assert not is_server_name(name)


@given(st.text())
def test_every_tool_has_a_name_that_providers_take(tool):
    assert re.fullmatch(r"crm__[a-zA-Z0-9_-]{0,58}", called_name("crm", tool))


def test_two_long_names_that_begin_alike_are_told_apart():
    first, second = (called_name("crm", "x" * 80 + end) for end in "ab")
    assert first != second
    assert called_name("crm", "find.customer") == "crm__find_customer"
