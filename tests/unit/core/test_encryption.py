"""What is encrypted decrypts in its own place only, and outlives a change of keys."""

import base64
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from pydantic import SecretStr

from agentplatform.core.encryption import (
    CannotDecrypt,
    UnknownKey,
    decrypt,
    encrypt,
    needs_rotation,
)
from agentplatform.core.key_ring import key_ring, parse_keys, render_key
from agentplatform.core.keyed_hashes import keyed_hashes

Ring = Callable[..., None]
OLD, NEW = render_key("old"), render_key("new")


@pytest.fixture
def ring(settings: Any) -> Ring:
    """Put these keys into ENCRYPTION_KEYS."""

    def use(*keys: str) -> None:
        settings.PLATFORM = settings.PLATFORM.model_copy(
            update={"encryption_keys": SecretStr(",".join(keys))}
        )

    return use


def test_a_ciphertext_names_its_key_and_shows_nothing_of_the_text(ring: Ring) -> None:
    ring(NEW, OLD)
    ciphertext = encrypt("sk-secret", context="row")
    assert ciphertext.startswith("v1.new.")
    assert b"sk-secret" not in base64.urlsafe_b64decode(ciphertext.split(".")[2])


def test_the_same_text_is_never_encrypted_to_the_same(ring: Ring) -> None:
    ring(NEW)
    assert encrypt("text", context="row") != encrypt("text", context="row")


def test_a_ciphertext_copied_to_another_row_does_not_decrypt(ring: Ring) -> None:
    ring(NEW)
    ciphertext = encrypt("text", context="tenant-a:webhook")
    with pytest.raises(CannotDecrypt, match="another row"):
        decrypt(ciphertext, context="tenant-b:webhook")


def test_an_earlier_key_still_decrypts_and_asks_for_rotation(ring: Ring) -> None:
    ring(OLD)
    ciphertext = encrypt("text", context="row")
    assert not needs_rotation(ciphertext)
    ring(NEW, OLD)
    assert decrypt(ciphertext, context="row") == "text"
    assert needs_rotation(ciphertext)
    assert not needs_rotation(encrypt("text", context="row"))


def test_a_key_that_was_removed_is_named_with_the_setting_to_change(ring: Ring) -> None:
    ring(OLD)
    ciphertext = encrypt("text", context="row")
    ring(NEW)
    with pytest.raises(UnknownKey, match=r"'old'.*ENCRYPTION_KEYS"):
        decrypt(ciphertext, context="row")


def test_another_key_under_the_same_id_does_not_decrypt(ring: Ring) -> None:
    ring(OLD)
    ciphertext = encrypt("text", context="row")
    ring(render_key("old"))
    with pytest.raises(CannotDecrypt, match="ENCRYPTION_KEYS"):
        decrypt(ciphertext, context="row")


def test_a_ciphertext_relabelled_with_another_key_does_not_decrypt(ring: Ring) -> None:
    secret = OLD.partition(":")[2]
    ring(f"a:{secret}", f"b:{secret}")
    ciphertext = encrypt("text", context="row")
    with pytest.raises(CannotDecrypt):
        decrypt(ciphertext.replace("v1.a.", "v1.b."), context="row")


@pytest.mark.parametrize(
    "text",
    ["", "plain", "v1", "v1..", "v1.old.", "v1.old.AAAA", "v1.old.!!", "v1.old.é", "v2.old.x"],
)
def test_text_that_is_no_ciphertext_is_refused(ring: Ring, text: str) -> None:
    ring(OLD)
    for read in (lambda: decrypt(text, context="row"), lambda: needs_rotation(text)):
        with pytest.raises(CannotDecrypt, match="encrypted here"):
            read()


def test_without_keys_one_is_derived_from_the_secret_key(ring: Ring, settings: Any) -> None:
    ring()
    settings.SECRET_KEY = "first"
    ciphertext = encrypt("text", context="row")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first"]
    assert decrypt(ciphertext, context="row") == "text"
    assert needs_rotation(ciphertext)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(UnknownKey):
        decrypt(ciphertext, context="row")


def test_hashes_under_an_earlier_key_stay_among_the_hashes(ring: Ring) -> None:
    ring(OLD)
    (written,) = keyed_hashes("text", purpose="api_key")
    ring(NEW, OLD)
    current, earlier = keyed_hashes("text", purpose="api_key")
    assert (earlier, len(current)) == (written, 64)
    assert current != written


def test_purposes_and_texts_share_no_hash(ring: Ring) -> None:
    ring(NEW)
    hashes = [
        keyed_hashes(text, purpose=purpose)
        for text in ("text", "texts")
        for purpose in ("api_key", "session")
    ]
    assert len(set(hashes)) == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nocolon", "id and a colon"),
        (":AAAA", "id and a colon"),
        ("with.dot:AAAA", "id and a colon"),
        ("short:AAAA", "32 bytes"),
        ("odd:no base64", "32 bytes"),
        (f"{OLD},{OLD}", "same id"),
    ],
    ids=["no colon", "no id", "dot", "short", "no base64", "twice"],
)
def test_a_malformed_key_is_refused_without_showing_it(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        parse_keys(text)
    assert OLD.partition(":")[2] not in str(caught.value)


def test_a_made_key_is_one_line_that_the_setting_takes(ring: Ring) -> None:
    out = StringIO()
    call_command("make_encryption_key", stdout=out)
    ring(out.getvalue().strip())
    (key,) = key_ring()
    assert out.getvalue() == f"{key.id}:{base64.b64encode(key.secret).decode()}\n"


def test_a_key_shows_no_secret_when_printed(ring: Ring) -> None:
    ring(OLD)
    assert repr(key_ring()[0]) == "Key(id='old')"
