"""Templates: JMESPath in double braces."""

import time

import pytest

from apps.runs.spec.expression import TemplateError, evaluate, is_true, references
from apps.runs.spec.template import expressions_in, openings_in, render, render_schema

VALUES = {"input": {"name": "Ada", "numbers": [1, 2]}, "steps": {"a": {"output": {"n": 0}}}}

DOUBLED = "([`1`]" + "|[@,@]" * 40 + ")"


def test_an_expression_that_is_the_whole_string_gives_its_json_value() -> None:
    assert render("{{ input.numbers }}", VALUES) == [1, 2]


def test_an_expression_inside_a_longer_string_gives_text() -> None:
    assert render("Dear {{ input.name }}: {{ input.numbers }}", VALUES) == "Dear Ada: [1, 2]"


def test_what_is_not_there_is_null_alone_and_nothing_inside_a_text() -> None:
    assert render("{{ input.missing }}", VALUES) is None
    assert render("<{{ input.missing }}>", VALUES) == "<>"


def test_templates_are_rendered_at_any_depth() -> None:
    assert render({"a": ["{{ input.name }}", 1]}, VALUES) == {"a": ["Ada", 1]}


def test_a_backslash_keeps_the_braces() -> None:
    assert render(r"f'\{{x}}' {{ input.name }}", VALUES) == "f'{{x}}' Ada"


def test_rendered_values_are_never_rendered_again() -> None:
    assert render("{{ input.x }} !", {"input": {"x": "{{ input.y }}"}}) == "{{ input.y }} !"


def test_an_expression_that_does_not_parse_is_named_in_the_error() -> None:
    with pytest.raises(TemplateError, match=r"input\.\."):
        evaluate("input..", VALUES)


def test_a_function_that_fails_on_the_values_says_so() -> None:
    with pytest.raises(TemplateError, match="length"):
        evaluate("length(steps.a.output.n)", VALUES)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("foo(input)", "no function `foo`"),
        ("input.numbers[?starts_with(@)]", "`starts_with` takes 2 arguments, not 1"),
        ("not_null()", "at least 1 argument, not 0"),
        ("contains(input.name, `1`)", "requires string"),
        ("input.numbers[::0]", "slice step"),
        ("merge(input, input.name)", "failed"),
        ('min_by(`[1,"a"]`, &@)', "failed"),
        ("floor(`1e999`)", "infinity"),
        ("to_number('nan')", "JSON does not have: nan"),
        ("{a: [`1e999`]}", "JSON does not have: inf"),
        ("{a: [&b]}", "only functions take"),
    ],
)
def test_whatever_fails_in_an_expression_is_an_error_of_the_template(
    expression: str, said: str
) -> None:
    with pytest.raises(TemplateError, match=said):
        evaluate(expression, VALUES)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("input.name > `1`", None),
        ("`1` <= input.name", None),
        ("`true` > `0`", None),
        ("input.numbers[?@ > 'a']", []),
        ("'b' > 'a'", True),
        ("`1.5` >= `1`", True),
    ],
)
def test_what_cannot_be_ordered_compares_as_null(expression: str, value: object) -> None:
    assert evaluate(expression, VALUES) == value


def test_unique_keeps_each_item_once_where_it_stood_first() -> None:
    assert evaluate("unique(input)", {"input": [2, {"a": 1}, 2, {"a": 1}, 3]}) == [2, {"a": 1}, 3]


def test_a_schema_may_hold_what_earlier_steps_found() -> None:
    assert render_schema({"enum": "{{ input.numbers }}"}, VALUES) == {"enum": [1, 2]}


def test_what_is_no_schema_once_rendered_is_refused() -> None:
    with pytest.raises(TemplateError, match="no JSON schema"):
        render_schema({"enum": "{{ input.name }}"}, VALUES)


@pytest.mark.parametrize("expression", ["input.missing", "input.numbers[?@ > `9`]", "`false`"])
def test_false_null_and_empty_are_not_true(expression: str) -> None:
    assert not is_true(expression, VALUES)


def test_zero_is_true_as_jmespath_has_it() -> None:
    assert is_true("steps.a.output.n", VALUES)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("steps.a.output", {("steps", "a", "output")}),
        ("steps.a.output.x[?y=='1'].z | [0]", {("steps", "a", "output", "x")}),
        ("input.q || steps.b.output", {("input", "q"), ("steps", "b", "output")}),
        ("{a: steps.a.output, b: input.x}", {("steps", "a", "output"), ("input", "x")}),
        ("steps.*.output", {("steps",)}),
        ("to_string(steps.a.output)", {("steps", "a", "output")}),
        ("input.list[?name==value].other", {("input", "list")}),
    ],
)
def test_references_are_the_fields_that_an_expression_reads(
    expression: str, expected: set[tuple[str, ...]]
) -> None:
    assert references(expression) == expected


def test_every_expression_of_a_nested_template_is_found() -> None:
    template = {"a": ["x {{ input.a }}"], "b": {"c": "{{ steps.b }}"}}
    assert list(expressions_in(template)) == ["input.a", "steps.b"]


def test_an_opening_without_an_end_is_found_and_an_escaped_one_is_none() -> None:
    template = ["{{ input.a }} {{ input.b", r"\{{{ {{ input.c }}", "}} {"]
    assert list(openings_in(template)) == ["{{ input.b"]


@pytest.mark.parametrize(
    "expression",
    [
        "[@,@]" + "|[@,@]" * 40,
        "[@,@]" + "|[@,@][]" * 40,
        "input.name" + "|join('',[@,@])" * 40,
        "(" * 5000 + "input" + ")" * 5000,
        f"{DOUBLED} == {DOUBLED}",
        f"to_string({DOUBLED})",
    ],
)
def test_an_expression_made_to_exhaust_the_worker_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        evaluate(expression, VALUES)


@pytest.mark.parametrize(
    "template",
    [
        ["{{ input }}"] * 20,
        {"text": "".join(["<{{ input }}>"] * 20)},
        "{{ [@.input, @.input] | [@, @] | [@, @] | [@, @] }}",
        "{{ input | {a: @, b: @} | [@, @] | [@, @] | [@, @] }}",
    ],
)
def test_a_template_that_gives_one_value_many_times_is_refused(template: object) -> None:
    with pytest.raises(TemplateError, match="more than 10000000 characters"):
        render(template, {"input": "x" * 900_000})


def test_a_large_and_honest_result_passes() -> None:
    assert len(evaluate("input[].n", {"input": [{"n": n} for n in range(20_000)]})) == 20_000


@pytest.mark.parametrize("text", ["{{" * 300_000, "{{ a " * 150_000, "{" * 600_000])
def test_a_text_full_of_braces_is_read_in_one_pass(text: str) -> None:
    started = time.monotonic()
    assert list(expressions_in(text)) == []
    assert "".join(openings_in(text)).startswith(text[:5])
    assert time.monotonic() - started < 10
