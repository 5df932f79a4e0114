"""The grammar of names."""

import pytest

from tests.provider.behaviour import DIRECTIVES, parse_behaviour
from tests.provider.refusal import Refusal

REAL = [
    "gpt-4o-mini",
    "gpt-4o-2024-08-06",
    "gpt-4.1-nano",
    "o4-mini",
    "claude-haiku-4-5",
    "claude-sonnet-4-5-20250929",
    "text-embedding-3-small",
    "smollm2-135m-instruct",
]


@pytest.mark.parametrize("name", REAL)
def test_a_real_name_has_no_directives(name: str) -> None:
    assert parse_behaviour(name).directives == ()
    assert parse_behaviour(name).base == name


@pytest.mark.parametrize("directive", DIRECTIVES, ids=lambda directive: directive.name)
@pytest.mark.parametrize("form", ["{}", "gpt-4o-mini-{}", "ok+{}", "{}-latency-5"])
def test_every_directive_is_read_alone_and_in_company(directive, form) -> None:  # type: ignore[no-untyped-def]
    words = {"tag": "tag-x", "body": "body-7mb"}
    word = words.get(directive.name, directive.name + ("-7" if directive.takes_number else ""))
    behaviour = parse_behaviour(form.format(word))
    if directive.name != "tag":
        assert behaviour.number(directive.name) == (7 if directive.takes_number else 1)


def test_directives_compose() -> None:
    behaviour = parse_behaviour("gpt-4o-mini-error-429-retry-2+latency-250")
    assert behaviour.base == "gpt-4o-mini"
    assert dict(behaviour.directives) == {"error": 429, "retry": 2, "latency": 250}


@pytest.mark.parametrize("name", ["eror-500", "latency", "latency-x", "foo-latency-5", "bar"])
def test_a_misspelt_name_is_an_unknown_model(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_behaviour(name)
    assert caught.value.status == 404


def test_a_passing_fault_leaves_the_rest_of_the_name() -> None:
    behaviour = parse_behaviour("tokens-9-fail-first-1-error-503")
    assert behaviour.at_request(1).number("error") == 503
    assert not behaviour.at_request(2).has("error")
    assert behaviour.at_request(2).number("tokens") == 9
