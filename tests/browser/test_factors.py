"""An organiser with a passkey: a real browser, and the authenticator that it brings for tests."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from dofc_events.accounts.factors.models import Factor
from dofc_events.accounts.factors.rules import FRESH
from dofc_events.accounts.models import BrowserSession
from dofc_events.core.clock import now
from tests.support.browser import DESKTOP, PHONE
from tests.support.factories import make_account, make_edition, make_registration

pytestmark = pytest.mark.databases("sqlite")

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(live_server, database_url, writing):
    with writing() as session:
        edition = make_edition(session, now=now(), year=2027)
        make_registration(session, edition, now=now())
        make_account(session, "ivo@dofc.test", "organiser", edition=edition, name="Ivo Horák", now=now())
    site = live_server(database_url, workers=0)
    # Passkeys belong to a name, and no number is one.
    site.url = site.environment["BASE_URL"] = f"http://localhost:{site.port}"
    return site.serve()


def test_an_organiser_signs_in_with_a_passkey_and_takes_the_list_along(site, browser, reading, writing):
    tab = browser.open(site.url, PHONE)
    page = tab.page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    added = device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]
    main = page.get_by_role("main")

    def press(button: str) -> None:
        main.get_by_role("button", name=button, exact=True).click()
        page.wait_for_load_state("load")
        tab.check()

    def show(button: str) -> None:
        """The passkey, which is asked for before the form is sent: the next page comes a moment later."""
        with page.expect_navigation(wait_until="load"):
            main.get_by_role("button", name=button, exact=True).click()
        tab.check()

    tab.goto(site.flask("accounts", "sign-in-link", "ivo@dofc.test").strip())
    press("Sign in as ivo@dofc.test")
    tab.goto("/organise/sessions")
    main.get_by_role("link", name="Second factor").click()
    tab.accessible_on_both()
    tab.goto("/sign-in/factors/app")
    expect(main.get_by_role("img", name="QR code")).to_be_visible()
    tab.accessible_on_both()
    page.go_back()
    main.get_by_role("link", name="Add a passkey").click()
    tab.accessible_on_both()
    main.get_by_label("Name of the passkey").fill("Ivo’s phone")
    show("Add the passkey")
    expect(main.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    tab.accessible_on_both()
    press("I have saved them")
    expect(main.locator("[data-factor=passkey]")).to_contain_text("Ivo’s phone")
    tab.accessible_on_both()

    page.context.clear_cookies()
    tab.goto(site.flask("accounts", "sign-in-link", "ivo@dofc.test").strip())
    press("Sign in as ivo@dofc.test")
    expect(main).to_contain_text("One more step to sign in as Ivo Horák")
    tab.accessible_on_both()
    # Somebody else's finger signs nothing.
    device.send("WebAuthn.setUserVerified", {"authenticatorId": added, "isUserVerified": False})
    main.get_by_role("button", name="Use a passkey").click()
    expect(main).to_contain_text("The passkey was not used. Try again, or use a code.")
    device.send("WebAuthn.setUserVerified", {"authenticatorId": added, "isUserVerified": True})
    show("Use a passkey")
    expect(main.get_by_role("heading", level=1)).not_to_have_text("Confirm that it is you")
    # A while later, for the list as a file.
    with writing() as session:
        session.execute(update(BrowserSession).values(factor_at=now() - FRESH))
    tab.resize(DESKTOP)
    tab.goto("/organise/editions/2027/registrations")
    main.get_by_role("link", name="Excel").click()
    expect(main).to_contain_text("You will not be asked again for ten minutes")
    show("Use a passkey")
    tab.accessible_on_both()
    with page.expect_download() as download:
        main.get_by_role("link", name="Download registrations.xlsx").click()
    assert download.value.suggested_filename == "registrations-2027.xlsx"
    with reading() as session:
        assert session.scalars(select(Factor.sign_count)).one() == 3
