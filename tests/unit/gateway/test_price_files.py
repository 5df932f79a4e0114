"""Prices as CSV and JSON: read back as written, and every wrong row named."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentplatform.core.errors import InvalidInput
from apps.gateway.services.price_files import Format, read_price_file, write_price_file
from apps.gateway.services.price_list import Price

HEAD = "provider,model,since,input,output\n"
RATE = st.integers(0, 10**13)
PRICES = st.builds(
    Price,
    provider=st.sampled_from(["openai", "anthropic"]),
    model=st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=9),
    since=st.dates(),
    until=st.none() | st.dates(),
    input_rate=RATE,
    output_rate=RATE,
    cached_rate=st.none() | RATE,
    cache_write_rate=st.none() | RATE,
    cache_write_hour_rate=st.none() | RATE,
    reasoning_rate=st.none() | RATE,
    prompts_above=st.integers(0, 10**6),
)


@given(prices=st.lists(PRICES, min_size=1, max_size=4))
@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_written_is_read_back(form: Format, prices: list[Price]) -> None:
    assert read_price_file(write_price_file(prices, form=form), form=form) == prices


def test_amounts_are_usd_per_million_tokens() -> None:
    text = HEAD + "openai,gpt,2026-01-01,0.0375, 8 \n"
    (price,) = read_price_file(text, form="csv")
    assert (price.input_rate, price.output_rate) == (37_500_000, 8_000_000_000)
    assert (price.cached_rate, price.since, price.until) == (None, date(2026, 1, 1), None)


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        (HEAD + "openai,gpt,2026-01-01,1,2\nopenai,gpt,soon,1,2\n", "csv", "line 3"),
        (HEAD + "openai,gpt,2026-01-01,much,2\n", "csv", "input"),
        (HEAD + "openai,gpt,2026-01-01,nan,2\n", "csv", "input"),
        (HEAD + "openai,gpt,2026-01-01,1e99999999,2\n", "csv", "input"),
        (HEAD + "openai,gpt,2026-01-01,0.00000000001,2\n", "csv", "nine decimal places"),
        (HEAD + "openai,gpt,2026-01-01,,2\n", "csv", "input is missing"),
        ('[{"prompts_above": "long"}]', "json", "'long' is no number of tokens"),
        ("provider,model,since,input,output,colour\na,b,2026-01-01,1,2,red\n", "csv", "colour"),
        (HEAD + "openai,gpt,2026-01-01,1,2,3\n", "csv", "no column"),
        (HEAD, "csv", "no price"),
        ("", "csv", "no price"),
        ("[", "json", "no JSON"),
        ('{"provider": "openai"}', "json", "list of objects"),
        ('[{"provider": "openai"}]', "json", "row 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(text: str, form: Format, said: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_price_file(text, form=form)
    assert said in f"{refusal.value.detail} {refusal.value.errors}"
