"""Secrets are taken out of answers in every spelling an echo may have."""

import base64
import html
import io
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tools.runners.masking import Masking
from apps.tools.runners.secret import Binding, Secret

VALUE = 'p"w/ &+é_s3cr3t'.replace("é", "e")
BASIC = Secret(
    name="api",
    value=VALUE,
    sent_as="basic",
    parameter="ann",
    bindings=(Binding.parse("api.test"),),
)
MASKING = Masking((BASIC,))
HEADER = BASIC.header()[1].partition(" ")[2]


@pytest.mark.parametrize(
    "echo",
    [
        VALUE,
        json.dumps({"seen": VALUE}),
        html.escape(VALUE),
        quote(VALUE),
        quote(VALUE, safe="").lower(),
        quote_plus(VALUE),
        VALUE.encode().hex(),
        HEADER,
        *(base64.b64encode(b"x" * n + VALUE.encode() + b"tail").decode() for n in range(4)),
        *(base64.urlsafe_b64encode(b"x" * n + VALUE.encode()).decode() for n in range(4)),
    ],
)
def test_every_spelling_is_masked(echo):
    masked = MASKING.text(f"before {echo} after")
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert "[masked]" in masked
    assert MASKING.is_in(echo)
    assert not MASKING.is_in(masked)


def test_keys_and_values_of_json_are_masked_at_any_depth():
    value = {"a": [1, None, {VALUE: f"x{VALUE}"}], "b": 1.5}
    assert MASKING.json(value) == {"a": [1, None, {"[masked]": "x[masked]"}], "b": 1.5}


def test_without_a_secret_nothing_is_changed():
    assert Masking().json({"a": ["b"]}) == {"a": ["b"]}
    assert b"".join(Masking().stream(io.BytesIO(b"x" * 200_000))) == b"x" * 200_000
    assert not Masking().is_in("anything")


class Dripping(io.BytesIO):
    """Gives at most `step` bytes at once."""

    step = 1

    def read(self, size=-1):
        return super().read(min(size, self.step))


@given(st.lists(st.sampled_from([VALUE, HEADER, VALUE[:9], "ab", "\n"]), max_size=8),
       st.integers(min_value=1, max_value=90))  # fmt: skip
def test_a_stream_is_masked_wherever_it_is_parted(words, step):
    content = Dripping("".join(words).encode())
    content.step = step
    masked = b"".join(MASKING.stream(content)).decode()
    assert masked == MASKING.text("".join(words))
