"""The pages work under their Content-Security-Policy, in real Chromium."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from agentplatform.core.clock import now
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_staff
from apps.tools.runners.browser.chromium import find_chromium

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL, PASSWORD = "op@example.org", "correct horse battery"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = """addEventListener("securitypolicyviolation", event => console.error(
    `violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`))"""
COMPLAINTS = ("violation:", "Content Security Policy", "Permissions-Policy", "page error")


@pytest.fixture
def visit(live_server, settings):
    """`visit(steps)` calls steps(page, address) and returns what the page complained of.

    In a thread of its own: Playwright's event loop must not run beside Django's database code.
    """
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

    def run(steps):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium("").path, args=ARGUMENTS
            )
            page = browser.new_page()
            lines: list[str] = []
            page.on("console", lambda line: lines.append(f"{line.type}: {line.text}"))
            page.on("pageerror", lambda error: lines.append(f"page error: {error}"))
            page.add_init_script(WATCH)
            steps(page, live_server.url)
            page.wait_for_load_state("networkidle")
            browser.close()
            return [line for line in lines if any(word in line for word in COMPLAINTS)]

    with ThreadPoolExecutor(1) as thread:
        yield lambda steps: thread.submit(run, steps).result()


@pytest.fixture
def tenant():
    create_staff(email=EMAIL, password=PASSWORD, at=now())
    return create_tenant(name="Acme", token_budget=1000, at=now())


def sign_in(page: Page, address: str, password: str = PASSWORD) -> None:
    page.goto(f"{address}/admin/")
    page.fill("#id_username", EMAIL)
    page.fill("#id_password", password)
    page.click("#login-form [type=submit]")


def test_the_admin_works_under_its_policy(visit, tenant):
    def steps(page, address):
        sign_in(page, address)
        for path in ("", "tenants/tenant/", "tenants/ledgerentry/", "runs/run/", "nothing/"):
            page.goto(f"{address}/admin/{path}", wait_until="networkidle")
        page.goto(f"{address}/admin/tenants/tenant/")
        page.get_by_text("Filters").click()
        expect(page.get_by_text("By status")).to_be_visible()
        page.goto(f"{address}/admin/tenants/tenant/{tenant.id}/change/")
        page.fill("#id_name", "Acme Ltd")
        page.click("[name=_continue]")
        expect(page.get_by_text("was changed successfully").first).to_be_visible()

    assert visit(steps) == []
    tenant.refresh_from_db()
    assert tenant.name == "Acme Ltd"


@pytest.mark.thorough
def test_a_field_that_searches_finds(visit, tenant):
    def steps(page, address):
        sign_in(page, address)
        page.goto(f"{address}/admin/tenants/user/add/")
        page.click("#id_tenant + .select2")
        page.locator(".select2-search__field").last.fill("acm")
        page.locator(".select2-results__option", has_text="Acme").click()
        expect(page.locator("#id_tenant")).to_have_value(str(tenant.id))

    assert visit(steps) == []


def test_a_tenant_with_its_bars_is_suspended_behind_a_question(visit, tenant):
    def steps(page, address):
        sign_in(page, address)
        page.goto(f"{address}/admin/tenants/tenant/")
        bar = page.get_by_role("meter").first
        expect(bar).to_be_visible()
        assert bar.bounding_box()["width"] > 100
        page.get_by_role("link", name="acme").first.click()
        page.get_by_role("link", name="Suspend").click()
        page.get_by_role("button", name="Suspend").click()
        expect(page.get_by_text("acme is suspended.").first).to_be_visible()

    assert visit(steps) == []
    tenant.refresh_from_db()
    assert tenant.status == "suspended"


def test_a_new_key_is_shown_to_be_copied(visit, tenant):
    def steps(page, address):
        sign_in(page, address)
        page.goto(f"{address}/admin/tenants/apikey/add/")
        page.fill("#id_name", "ci")
        page.click("#id_tenant + .select2")
        page.locator(".select2-search__field").last.fill("acm")
        page.locator(".select2-results__option", has_text="acme").click()
        page.click("[name=_save]")
        expect(page.locator("#secret")).to_have_value(re.compile("ap_.{49}"))
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("link", name="I have it").click()
        expect(page.locator("#secret")).to_have_count(0)

    assert visit(steps) == []


@pytest.mark.thorough
def test_the_filters_of_the_audit_find(visit, tenant):
    def steps(page, address):
        sign_in(page, address)
        page.goto(f"{address}/admin/tenants/auditentry/")
        page.get_by_text("Filters").first.click()
        page.locator("form .select2-selection").click()
        page.locator(".select2-search__field").last.fill("acm")
        page.locator(".select2-results__option", has_text="acme").click()
        page.get_by_role("button", name="Apply Filters").click()
        expect(page.get_by_role("link", name="tenant.created")).to_be_visible()
        expect(page.get_by_role("link", name="user.created")).to_have_count(0)

    assert visit(steps) == []


@pytest.mark.thorough
def test_the_usage_of_a_tenant_is_asked_for(visit, tenant):
    def steps(page, address):
        sign_in(page, address)
        page.goto(f"{address}/admin/gateway/llmevent/")
        page.get_by_role("link", name="Usage").click()
        page.locator("form .select2-selection").click()
        page.locator(".select2-search__field").last.fill("acm")
        page.locator(".select2-results__option", has_text="acme").click()
        page.get_by_label("model", exact=True).check()
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("Nothing was used.")).to_be_visible()
        expect(page.locator("#id_tenant")).to_have_value(str(tenant.id))

    assert visit(steps) == []


def test_a_failed_login_is_explained_in_the_page(visit, tenant):
    def steps(page, address):
        sign_in(page, address, "wrong")
        expect(page.get_by_text("Please enter the correct")).to_be_visible()

    assert visit(steps) == []


def test_the_documentation_calls_the_api(visit, tenant):
    key = create_api_key(tenant_id=tenant.id, name="docs", at=now()).secret

    def steps(page, address):
        page.goto(f"{address}/api/docs/")
        page.get_by_role("button", name="Authorize").click()
        page.fill("#auth-bearer-value, .auth-container input", key)
        page.locator(".auth-btn-wrapper .authorize").click()
        page.locator(".btn-done").click()
        page.locator("#operations-tasks-tasks_list").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text(
            "200"
        )

    assert visit(steps) == []


@pytest.mark.parametrize("path", ["/admin/login/", "/api/docs/"])
def test_a_script_put_into_a_page_does_not_run(visit, path):
    def steps(page, address):
        page.goto(f"{address}{path}", wait_until="networkidle")
        page.evaluate(
            """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='ran = true'>");
            }"""
        )
        page.wait_for_load_state("networkidle")
        assert page.evaluate("() => window.ran") is None

    assert any("script-src-elem inline" in line for line in visit(steps))
