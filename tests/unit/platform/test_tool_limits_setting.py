"""The setting TOOL_LIMITS_MOST."""

import pytest
from pydantic import ValidationError

from agentplatform.settings.environment import Environment
from agentplatform.settings.tool_limits import parse_most


def test_what_is_not_named_keeps_its_default():
    most = parse_most('{"cpus": 2}')
    assert (most.cpus, most.wall_seconds) == (2, 600)
    assert parse_most("").cpus == 16


@pytest.mark.parametrize("text", ["{", "[]", '{"cpu": 2}', '{"cpus": 0}', '{"wall_seconds": 601}'])
def test_what_is_no_object_of_limits_is_refused(text):
    with pytest.raises(ValidationError):
        Environment(tool_limits_most=text)
