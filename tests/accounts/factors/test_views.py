"""Setting up a second factor, and being asked for it, as a browser without JavaScript sees it."""

import pytest
from sqlalchemy import func, select

from dofc_events.accounts.factors.models import Factor, RecoveryCode
from dofc_events.accounts.factors.rules import as_picture
from dofc_events.accounts.models import Account
from dofc_events.core.audit import AuditEntry
from dofc_events.mail.models import Message
from tests.accounts.conftest import is_signed_in
from tests.accounts.factors.conftest import CHECK, PAGE

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.usefixtures("clock")]


def told(reading) -> list[str]:
    with reading() as session:
        query = select(Message.subject).where(Message.kind == "second-factor").order_by(Message.id)
        return list(session.scalars(query))


def acts(reading) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


def test_an_app_is_added_and_asked_for_at_the_next_sign_in(hers, reading):
    page = hers.add_app()
    assert page.url == PAGE and len(page.all("[data-factor=app]")) == 1
    assert len(hers.codes) == 10 and "You have 10 recovery codes left" in page.text
    assert told(reading) == ["Second factor added: Authenticator app"]
    other = hers.client.another()
    page = hers.open_link(other)
    assert page.url == CHECK and "One more step to sign in as Ada Chair" in page.text
    assert not is_signed_in(other)
    page = page.form().fill(code=hers.code()).submit()
    assert page.url == "/organise/" and is_signed_in(other)
    assert acts(reading)[-2:] == ["sign_in_link_used", "signed_in"]


def test_a_new_browser_is_told_with_what_it_still_awaits_and_known_once_the_factor_was_given(hers, reading):
    hers.add_app()
    other = hers.client.another()

    def mails() -> list[str]:
        with reading() as session:
            return list(session.scalars(select(Message.text).where(Message.kind == "new-browser").order_by(Message.id)))

    hers.open_link(other)
    hers.open_link(other).form().fill(code=hers.code()).submit()
    hers.open_link(other)
    first, *later = mails()
    assert "somebody has signed in to your account" in " ".join(first.split())
    # Twice, because the browser is not known before, and not a third time.
    assert ["and is now asked for a second factor" in " ".join(text.split()) for text in later] == [True, True]


def test_a_warning_names_somebody_else_for_the_only_chair(hers, reading):
    hers.add_app()
    texts = [hers.open_link(hers.client.another()).text, hers.client.get("/organise/sessions").text]
    with reading() as session:
        warnings = select(Message.text, Message.html).where(Message.kind.in_(("new-browser", "second-factor")))
        texts += [part for message in session.execute(warnings) for part in message]
    helpers = "the chair of the network or whoever runs this site"
    assert len(texts) == 8 and all(helpers in " ".join(text.split()) for text in texts)


def test_no_page_opens_before_the_factor_is_given_and_the_wanted_one_does_then(hers):
    hers.add_app()
    other = hers.client.another()
    hers.open_link(other)
    for path in ("/organise/sessions", f"{PAGE}", f"{PAGE}/app"):
        assert other.get(path, follow=False).headers["Location"] == CHECK
    other.get("/organise/sessions", follow=False)
    assert other.get(CHECK).form().fill(code=hers.code()).submit().url == "/organise/sessions"


def test_all_other_browsers_are_signed_out_when_the_first_factor_is_added(hers):
    other = hers.client.another()
    hers.open_link(other)
    assert is_signed_in(other)
    hers.add_app()
    assert not is_signed_in(other) and is_signed_in(hers.client)


def test_a_session_has_another_secret_once_a_factor_was_given(hers):
    hers.add_app()
    other = hers.client.another()
    page = hers.open_link(other)
    before = other.session_cookie
    page.form().fill(code=hers.code()).submit()
    thief = hers.client.another()
    thief._client.set_cookie("dofc", before)
    assert is_signed_in(other) and not is_signed_in(thief)


def test_a_code_works_once_and_within_a_step_of_the_clock(hers):
    hers.add_app()
    page = hers.open_link()
    code = hers.code()
    hers.later(seconds=60)
    page = page.form().fill(code=code).submit()
    assert page.status == 422 and "This code is wrong or has been used" in page.text
    code = hers.code()
    hers.later(seconds=30)
    assert page.form().fill(code=f" {code[:3]} {code[3:]} ").submit().url == "/organise/"
    page = hers.open_link()
    assert page.form().fill(code=code).submit().status == 422
    assert page.form().fill(code=hers.code()).submit().url == "/organise/"


def test_a_recovery_code_works_once_and_is_told_by_email(hers, reading):
    hers.add_app()
    typed = hers.codes[0].lower().replace("-", " ")
    assert hers.open_link().form().fill(code=typed).submit().url == "/organise/"
    assert hers.open_link().form().fill(code=typed).submit().status == 422
    assert hers.client.get(CHECK).form().fill(code=hers.codes[1]).submit().url == "/organise/"
    assert "You have 8 recovery codes left" in hers.client.get(PAGE).text
    assert told(reading)[1:] == ["One of your recovery codes has been used"] * 2


def test_recovery_codes_are_shown_once_and_stored_as_hashes(hers, reading):
    hers.add_app()
    assert hers.client.get(f"{PAGE}/codes").url == PAGE
    with reading() as session:
        stored = list(session.scalars(select(RecoveryCode.code_hash)))
    assert len(stored) == 10 and not {*hers.codes} & {*stored} and all(len(h) == 64 for h in stored)


def test_new_recovery_codes_replace_the_old_ones(hers):
    hers.add_app()
    page = hers.client.get(PAGE).form("/codes/new").submit().agree()
    new = [tag.get_text() for tag in page.all("code")]
    page.form().submit()
    assert len(new) == 10 and not {*new} & {*hers.codes}
    page = hers.open_link()
    assert page.form().fill(code=hers.codes[0]).submit().status == 422
    assert page.form().fill(code=new[0]).submit().url == "/organise/"


def test_too_many_wrong_codes_stop_the_app_for_a_while_and_never_a_recovery_code(hers, reading):
    hers.add_app()
    page = hers.open_link()
    for _ in range(5):
        assert page.form().fill(code="000000").submit().status == 422
    page = page.form().fill(code=hers.code()).submit()
    assert page.status == 429 and 500 < int(page.headers["Retry-After"]) <= 600
    assert "A passkey or a recovery code works right now." in page.text
    assert told(reading)[-1] == "Several wrong codes were entered for your account"
    assert page.form().fill(code=hers.codes[0]).submit().url == "/organise/"
    hers.later(minutes=10)
    assert hers.open_link().form().fill(code=hers.code()).submit().url == "/organise/"


def test_no_more_than_twenty_wrong_codes_are_looked_at_in_a_day(hers):
    hers.add_app()
    statuses = []
    for _ in range(5):
        page = hers.open_link()
        statuses += [page.form().fill(code="000000").submit().status for _ in range(5)]
        hers.later(minutes=11)
    assert statuses == [422] * 20 + [429] * 5
    hers.later(days=1)
    assert hers.open_link().form().fill(code=hers.code()).submit().url == "/organise/"


@pytest.mark.parametrize(("is_sent", "told_so"), [(True, " We have told you by email."), (False, "")])
def test_a_factor_is_removed_by_who_gave_one_just_now_and_told_by_email(
    hers, reading, with_mail_server, is_sent, told_so
):
    if is_sent:
        with_mail_server()
    hers.add_app()
    hers.later(minutes=11)
    page = hers.client.get(PAGE).form("/remove").submit()
    assert page.url == CHECK and "You will not be asked again for ten minutes" in page.text
    page = page.form().fill(code=hers.code()).submit()
    page = page.client.get(PAGE).form("/remove").submit().agree()
    assert page.one(".notice-success").text == f"Second factor removed.{told_so}"
    assert told(reading)[-1] == "Second factor removed: Authenticator app"
    assert hers.open_link().url == "/organise/"
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 0


def test_another_factor_is_added_only_by_who_gave_one_just_now(hers):
    hers.add_app()
    hers.later(minutes=11)
    page = hers.client.get(f"{PAGE}/app")
    assert page.url == CHECK
    page = page.form().fill(code=hers.code()).submit()
    assert page.url == f"{PAGE}/app"
    assert hers.add_app(hers.client.get(PAGE)).url == PAGE
    assert len(hers.client.get(PAGE).all("[data-factor]")) == 2


def test_the_key_of_an_app_is_there_to_scan_too(hers):
    page = hers.client.get(f"{PAGE}/app")
    key = page.one("[data-secret]").get_text().replace(" ", "")
    address = page.one("main a[href^='otpauth:']")["href"]
    assert f"secret={key}" in address
    picture = page.one("main img")
    assert picture["src"] == as_picture(address) and picture["src"].startswith("data:image/svg+xml")
    assert picture["alt"] == "QR code with the key that is written below"
    # Nobody else's page can show or send it, and this one may show it.
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]


def test_a_wrong_code_adds_no_app_and_the_secret_stays(hers, reading):
    page = hers.client.get(f"{PAGE}/app")
    secret = page.one("[data-secret]").get_text()
    page = page.form().fill(code="123456").submit()
    assert page.status == 422 and "not the code your app shows now" in page.text
    assert (
        page.one("[data-secret]").get_text() == secret == hers.client.get(f"{PAGE}/app").one("[data-secret]").get_text()
    )
    with reading() as session:
        assert session.scalars(select(Factor)).all() == []


def test_pages_about_factors_are_closed_to_who_is_not_signed_in(client):
    for path in (PAGE, f"{PAGE}/app", f"{PAGE}/codes", f"{PAGE}/file", CHECK):
        assert client.get(path, follow=False).headers["Location"] == "/sign-in"


def test_passkeys_are_offered_where_browsers_know_them(visit, writing, ada):
    for address, offered in (("https://dofc.test", True), ("http://dofc.test", False), ("https://10.0.0.1", False)):
        browser = visit(base_url=address)
        with writing() as session:
            account = session.get_one(Account, ada)
        browser.base_url = address
        browser.sign_in(account)
        assert ("Add a passkey" in browser.get(PAGE).text) is offered
        assert (browser.get(f"{PAGE}/passkey").status == 200) is offered
