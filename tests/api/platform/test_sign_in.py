"""The admin's login: cookies, passwords, and what repeated failure costs."""

import re
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from agentplatform.core.clock import now
from agentplatform.settings import base
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_staff, create_user

pytestmark = pytest.mark.django_db

UNREACHABLE = "redis://127.0.0.1:1/0"
PASSWORD = "correct horse battery"
_hosts = count(1)


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    """All of a test's attempts fall into one moment, however slow the machine."""
    at = now()
    monkeypatch.setattr("agentplatform.api.sign_in.now", lambda: at)


@pytest.fixture(params=[None, UNREACHABLE], ids=["valkey", "valkey down"])
def counters(request, settings):
    """Failures are counted in Valkey, or Valkey is down."""
    settings.REDIS_URL = request.param or settings.REDIS_URL


@pytest.fixture
def staff():
    return create_staff(
        email=f"{uuid4()}@example.org",
        password=PASSWORD,
        at=now(),
    )


def anyone():
    return f"{uuid4()}@example.org"


def somewhere():
    """An address that no other test has failed from."""
    return f"2001:db8:{next(_hosts):x}:{uuid4().hex[:4]}::1"


def sign_in(email, password="wrong", *, address, client=None):
    form = {"username": email, "password": password}
    return (client or Client()).post(reverse("admin:login"), form, REMOTE_ADDR=address)


def fail(times, *, email=None, address=None):
    """Failures with the email from anywhere, or from the address with any email."""
    return [
        sign_in(email or anyone(), address=address or somewhere()).status_code for _ in range(times)
    ]


def sentences(page):
    """What the page says, without what differs between any two pages."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
    return re.sub(r"[\w-]+@example.org", "", text)


def test_six_failures_with_an_email_wait_wherever_they_come_from(counters):
    assert fail(6, email=anyone()) == [200, 200, 200, 200, 200, 429]


def test_six_failures_from_an_address_wait_whatever_the_email(counters):
    assert fail(6, address=somewhere()) == [200, 200, 200, 200, 200, 429]


def test_one_network_is_one_address(counters):
    fail(5, address="2001:db8:ffff:1::1")
    assert fail(1, address="2001:db8:ffff:1::2") == [429]


def test_the_page_says_for_how_long(counters):
    address = somewhere()
    fail(5, address=address)
    page = sign_in(anyone(), address=address)
    assert page["Retry-After"] == "1"
    assert "Too many failed attempts. Wait 1 second, then try again." in page.content.decode()


def test_the_right_password_waits_too(counters, staff):
    fail(5, email=staff.email)
    assert sign_in(staff.email, PASSWORD, address=somewhere()).status_code == 429


def test_the_case_of_an_email_makes_no_new_one(counters, staff):
    fail(5, email=staff.email)
    assert sign_in(staff.email.upper(), address=somewhere()).status_code == 429


def test_others_can_still_sign_in(counters, staff):
    fail(6, email=anyone())
    assert sign_in(staff.email, PASSWORD, address=somewhere()).status_code == 302


def test_a_success_forgets_the_failures(counters, staff):
    address = somewhere()
    for _ in range(4):
        sign_in(staff.email, address=address)
    assert sign_in(staff.email, PASSWORD, address=address).status_code == 302
    assert fail(4, email=staff.email, address=address) == [200] * 4


def test_a_tenants_user_counts_as_a_failure(counters):
    tenant = create_tenant(name="Acme", at=now())
    user = create_user(tenant_id=tenant.id, email=anyone(), role="admin", at=now())
    answers = [sign_in(user.email, PASSWORD, address=somewhere()) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 429]


def test_an_answer_does_not_tell_whether_the_email_exists(staff):
    tenant = create_tenant(name="Acme", at=now())
    user = create_user(tenant_id=tenant.id, email=anyone(), role="admin", at=now())
    known = [sign_in(staff.email, address=somewhere()) for _ in range(6)]
    unknown_email = anyone()
    unknown = [sign_in(unknown_email, address=somewhere()) for _ in range(6)]
    others = [sign_in(user.email, PASSWORD, address=somewhere()) for _ in range(6)]
    for one, two, three in zip(known, unknown, others, strict=True):
        assert sentences(one) == sentences(two) == sentences(three)
        assert one.get("Retry-After") == two.get("Retry-After") == three.get("Retry-After")


def test_an_empty_form_is_no_failure():
    address = somewhere()
    client = Client()
    for _ in range(8):
        page = client.post(reverse("admin:login"), {}, REMOTE_ADDR=address)
    assert page.status_code == 200


def test_the_session_ends_with_the_browser_and_after_twelve_hours(client, staff):
    cookie = sign_in(staff.email, PASSWORD, address=somewhere(), client=client).cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    left = Session.objects.get(session_key=cookie.value).expire_date - now()
    assert timedelta(hours=11.9) < left <= timedelta(hours=12)


def test_no_script_can_read_the_csrf_cookie(client):
    cookie = client.get(reverse("admin:login")).cookies["csrftoken"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_form_from_elsewhere_is_refused(staff):
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(staff.email, PASSWORD, address=somewhere(), client=client)
    assert answer.status_code == 403


def test_passwords_are_kept_by_argon2(settings):
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    user = create_staff(email=anyone(), password=PASSWORD, at=now())
    assert user.password.startswith("argon2$argon2id$")


def test_an_older_hash_still_opens_and_is_made_anew(settings, staff):
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    staff.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt" * 6, iterations=1000)
    staff.save()
    assert sign_in(staff.email, PASSWORD, address=somewhere()).status_code == 302
    assert get_user_model().objects.get(pk=staff.pk).password.startswith("argon2$")


@pytest.mark.parametrize("password", ["elevenchars", "123456789012"])
def test_a_weak_password_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)
