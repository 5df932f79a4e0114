"""What people may see of a call's arguments."""

import pytest

from agentplatform.core.mask import MASK
from apps.tools.services.name_action import name_action
from apps.tools.services.shown_arguments import shown_arguments


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (
            {"program": "print(1)", "input": {"a": [1]}},
            {"program": "print(1)", "input": {"a": [1]}},
        ),
        (
            {"headers": {"Authorization": "Basic x", "Accept": "a", "X-Auth": "y", "Api-Key": "z"}},
            {"headers": {"Authorization": MASK, "Accept": "a", "X-Auth": MASK, "Api-Key": MASK}},
        ),
        (
            {"url": "https://ann:hush@a.org/x?q=1&api_key=abc&Signature=d%2Fe&page=2#top"},
            {"url": f"https://{MASK}@a.org/x?q=1&api_key={MASK}&Signature={MASK}&page=2#top"},
        ),
        ({"url": "https://a.org/?monkey=1&key=k"}, {"url": f"https://a.org/?monkey=1&key={MASK}"}),
        ({"json": {"user": {"password": "hush"}}}, {"json": {"user": {"password": MASK}}}),
        ({"json": [{"client_secret": "x"}]}, {"json": [{"client_secret": MASK}]}),
        ({"auth": {"secret": "crm"}}, {"auth": {"secret": "crm"}}),
        (
            {"program": "KEY = 'sk-abcdefghijklmnop'"},
            {"program": f"KEY = '{MASK}'"},
        ),
        (
            {"actions": [{"action": "fill", "selector": "#password", "text": "hush"}]},
            {"actions": [{"action": "fill", "selector": "#password", "text": MASK}]},
        ),
        (
            {"actions": [{"action": "fill", "selector": "#city", "text": "Rome"}]},
            {"actions": [{"action": "fill", "selector": "#city", "text": "Rome"}]},
        ),
    ],
)
def test_what_looks_like_a_secret_is_not_shown(arguments, shown):
    assert shown_arguments(arguments) == shown


@pytest.mark.parametrize(
    ("tool", "arguments", "action"),
    [
        ("code", {"program": "1"}, "python"),
        ("code", {"program": "1", "language": "node"}, "node"),
        ("http", {"url": "x"}, "GET"),
        ("http", {"url": "x", "method": "POST"}, "POST"),
        ("browser", {"actions": [{"action": "goto"}, {"action": "pdf"}]}, "goto, pdf"),
        ("browser", {"html": "x"}, ""),
        ("browser", {"actions": "x"}, ""),
        ("browser", {"actions": [{"action": "click"}] * 100}, ("click, " * 100)[:200]),
        ("crm.find", {"q": 1}, ""),
    ],
)
def test_a_call_is_named_by_what_it_does(tool, arguments, action):
    assert name_action(tool, arguments) == action
