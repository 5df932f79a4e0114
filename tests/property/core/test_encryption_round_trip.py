"""Whatever the text, its context and the order of the keys: it comes back, and only whole."""

import base64

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from agentplatform.core.encryption import CannotDecrypt, decrypt, encrypt
from agentplatform.core.key_ring import render_key

KEYS = [render_key(name) for name in ("a", "b", "c")]
TEXTS = st.text(max_size=300)


def ring(keys: list[str]) -> override_settings:
    changes = {"encryption_keys": SecretStr(",".join(keys))}
    return override_settings(PLATFORM=django_settings.PLATFORM.model_copy(update=changes))


@given(TEXTS, TEXTS, st.permutations(KEYS), st.permutations(KEYS))
def test_every_text_comes_back_whatever_key_is_current(
    text: str, context: str, before: list[str], after: list[str]
) -> None:
    with ring(before):
        ciphertext = encrypt(text, context=context)
    with ring(after):
        assert decrypt(ciphertext, context=context) == text


@given(TEXTS, TEXTS, TEXTS)
def test_no_other_context_decrypts(text: str, context: str, other: str) -> None:
    with ring(KEYS):
        ciphertext = encrypt(text, context=context)
        if other != context:
            with pytest.raises(CannotDecrypt):
                decrypt(ciphertext, context=other)


@given(TEXTS, st.data())
def test_no_changed_bit_decrypts(text: str, data: st.DataObject) -> None:
    with ring(KEYS):
        version, key_id, encoded = encrypt(text, context="row").split(".")
        sealed = bytearray(base64.urlsafe_b64decode(encoded))
        bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
        sealed[bit // 8] ^= 1 << bit % 8
        changed = f"{version}.{key_id}.{base64.urlsafe_b64encode(sealed).decode()}"
        with pytest.raises(CannotDecrypt):
            decrypt(changed, context="row")
