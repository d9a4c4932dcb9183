"""Every template renders, says the same in both parts, and looks right in the email programs that understand least."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup
from werkzeug.routing import BuildError

from dofc_events.accounts.factors.mails import Event, factors_changed
from dofc_events.accounts.mails import new_browser, sign_in_link, team_invitation
from dofc_events.accounts.rules import RoleName
from dofc_events.conference.service import at_place_and_time, place_and_time_of
from dofc_events.config import ROOT
from dofc_events.groups.mails import (
    contact_changed,
    delegation_ended,
    delegation_invitation,
    delegation_promised,
    group_link,
    group_registered,
    places_together,
)
from dofc_events.groups.queries import people_of
from dofc_events.hosting import mails as hosting
from dofc_events.hosting.models import Decision, Question
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.hosting.stages.rules import Stage
from dofc_events.letters.mails import letter_to
from dofc_events.letters.models import Letter
from dofc_events.mail.envelope import Attachment
from dofc_events.mail.render import _INLINER, link, render_message
from dofc_events.memory.photographs.mails import photographs_objected_to
from dofc_events.memory.photographs.models import Objection, Photograph
from dofc_events.notices import mails
from dofc_events.notices.queries import standing_of
from dofc_events.notices.rules import SeatNews
from dofc_events.organise.overview.mails import digest
from dofc_events.organise.overview.queries import Alert, Attention
from dofc_events.organise.overview.rules import Matter
from dofc_events.privacy.mails import erasure_asked_for, my_data_link
from dofc_events.registration import service
from dofc_events.registration.invitations.mails import not_invited
from dofc_events.trips.rules import Reason
from tests.support.factories import DELEGATE, NOW, make_account, make_edition, make_registration, make_trip
from tests.support.groups import make_delegation, make_group, someone
from tests.support.hosting import (
    begin_ballot,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    shortlist_all,
)
from tests.support.tree import parsed

TEMPLATES = ROOT / "templates" / "email"
FOLDERS = sorted(str(path.parent.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("subject.txt"))
PARTS = {"subject.txt", "body.txt", "body.html"}

# What Gmail and every Outlook, Word's engine on Windows included, show as meant; caniemail.com keeps the list that this
# was made by, in part from memory.
ELEMENTS = {
    **dict.fromkeys(("html", "head", "meta", "title", "body"), "the document itself"),
    **dict.fromkeys(("table", "tbody", "tr", "td", "th"), "the only layout that Word's engine knows"),
    **dict.fromkeys(
        ("p", "h1", "h2", "ul", "ol", "li", "br", "a", "strong", "em", "blockquote"), "text, supported everywhere"
    ),
}
PROPERTIES = {
    **dict.fromkeys(("color", "background-color"), "everywhere"),
    **dict.fromkeys(("font-family", "font-size", "font-weight", "text-decoration"), "everywhere"),
    **dict.fromkeys(("word-break", "overflow-wrap"), "phones, for long links; Word's engine breaks them by itself"),
    "line-height": "Word's engine wants px and computes the rest oddly",
    "padding": "Word's engine: on table cells only",
    **dict.fromkeys(("border", "border-top", "border-bottom"), "Word's engine: on table cells, up to 8px"),
}
ON_CELLS_ONLY = ("padding", "border", "border-top", "border-bottom")
ATTRIBUTES = {
    **dict.fromkeys(("lang", "dir", "role", "scope", "http-equiv", "content", "name"), "for readers and programs"),
    **dict.fromkeys(("href", "class", "style"), "classes mean nothing once their styles are written in"),
    **dict.fromkeys(("border", "cellpadding", "cellspacing", "width", "colspan", "align", "valign"), "tables"),
    "rel": "what the sanitiser of Markdown gives a link; mail programs put their own in its place",
    **dict.fromkeys(("bgcolor", "text", "link"), "colours where a style on the element is not kept"),
}


def write_all(session) -> dict:
    """Every message that there is, by the folder of its template."""
    edition = make_edition(session, capacity=1)
    trip = make_trip(session, edition, "wine", title="Wine & <b>cheese</b>", meeting_point="Hall <b>2</b> & gate")
    first = make_registration(session, edition, trips=("wine",))
    held = make_registration(session, make_edition(session, year=2031, confirms_places=True))
    registration = make_registration(
        session, edition, given_name="Anna & <b>Ivo</b>", family_name="O'Neill", trips=("wine",)
    )
    seats = {trip.id: SeatNews("", Reason.ASKED)}
    written = {
        "notices/waitlisted": mails.registration_waitlisted(standing_of(session, registration.id), seats),
        "notices/trips": mails.seats_changed(standing_of(session, first.id), seats),
    }
    service.cancel_registration(session, first.id, DELEGATE, NOW)
    standing = replace(standing_of(session, registration.id), at=NOW)
    elsewhere = at_place_and_time({**place_and_time_of(edition), "venue": "Hall <b>1</b> & gate"})
    letter = Letter(subject="To {given_name}", body="**Hello** {full_name}: {own_page}", anchor="", anchor_days=0)
    letter.edition = edition
    group = make_group(session, make_edition(session, year=2032), [someone("Anna & <b>Ivo</b>")]).group
    delegation, invitation = make_delegation(session, make_edition(session, year=2033), "Anna & <b>Ivo</b>")
    return written | {
        "notices/confirmed": mails.registration_confirmed(standing, seats, handed_over_by="Łucja Öztürk"),
        "notices/offered": mails.registration_offered(standing, seats),
        "notices/held": mails.registration_offered(standing_of(session, held.id), {}),
        "notices/offer_reminder": mails.offer_reminder(standing, [standing.claim]),
        "notices/expired": mails.registration_expired(standing, seats),
        "notices/cancelled": mails.registration_cancelled(standing, seats),
        "notices/choice_given": mails.choice_given(replace(standing, choices=("Which dinner? Gala",))),
        "notices/changed": mails.registration_changed(standing, ["phone", "dietary"]),
        "notices/link": mails.registration_link(standing),
        "notices/already_registered": mails.already_registered(standing),
        "registration/not_invited": not_invited(edition, "Guest & <b>friend</b>", "eva@dofc.test", "en"),
        "notices/handed_over": mails.handed_over(
            standing, email="ivo@dofc.test", name="Anna & <b>Ivo</b> O'Neill", token="old-token"
        ),
        "notices/taken_back": mails.taken_back(standing, email="ivo@dofc.test"),
        "notices/address_changed": mails.address_changed(standing, email="old@dofc.test"),
        "notices/edition_changed": mails.edition_changed(
            standing, elsewhere, "announcement", "The other one is wet.", Markup("<p>The other one is wet.</p>")
        ),
        "groups/places": places_together(group, people_of(session, group.id)),
        "groups/registered": group_registered(group, people_of(session, group.id), "I <b>said</b> so."),
        "groups/link": group_link(group),
        "groups/contact_changed": contact_changed(group, "old@dofc.test"),
        "groups/promised": delegation_promised(delegation, before=(delegation.places, delegation.until)),
        "groups/ended": delegation_ended(delegation, 2, 1, by_organisers=True),
        "groups/invitation": delegation_invitation(invitation, again=True),
        "letters/letter": letter_to(letter, standing),
        "accounts/team_invitation": team_invitation(
            make_account(session, "ana@dofc.test", name="Anna & <b>Ivo</b> O'Neill"),
            edition,
            RoleName.ORGANISER,
            NOW,
            invited_by="elena@dofc.test",
        ),
        "notices/requested": mails.registration_requested(standing, {}),
        "organise/digest": digest(
            make_account(session, "mia@dofc.test", name="Anna & <b>Ivo</b> O'Neill"),
            Attention([Alert(Matter.DEAD_MAIL, 1)], {}),
            [],
            NOW,
        ),
        "privacy/my_data": my_data_link("ana@dofc.test", "ana@dofc.test", NOW),
        "privacy/erase": erasure_asked_for(registration, NOW),
        "memory/photographs_objected_to": photographs_objected_to(
            make_account(session, "noa@dofc.test", name="Anna & <b>Ivo</b> O'Neill"),
            edition,
            [Objection(hides=hides, photograph=Photograph(id=1, caption="A & <b>B</b>")) for hides in (True, False)],
        ),
        "accounts/sign_in": sign_in_link("ana@dofc.test", "Anna & <b>Ivo</b> O'Neill", "secret", NOW),
        "accounts/factors": factors_changed(
            make_account(session, "eva@dofc.test", name="Anna & <b>Ivo</b> O'Neill"),
            Event.ADDED,
            "Phone & <b>co</b>",
            NOW,
        ),
        "accounts/new_browser": new_browser(
            make_account(session, "ivo@dofc.test", name="Anna & <b>Ivo</b> O'Neill"), "Firefox & <b>co</b>", NOW
        ),
    }


def write_of_hosting(session) -> dict:
    """The same of hosting."""
    call, member = make_call(session), make_member(session, name="Anna & <b>Ivo</b>")
    proposal = make_proposal(
        session, call, city="Niš & <b>Vlasotince</b>", venue="Hall <b>2</b> & gate", co_hosts="Lyon & <b>Co</b>"
    )
    (co_host,) = proposal.asked_co_hosts
    account = make_representative(session, member, name="Anna & <b>Ivo</b> O'Neill")
    shortlist_all(session, call)
    voter = begin_ballot(session, call)[member.slug]
    question = Question(text="Is <b>it</b> dry & warm?", account_id=account.id)
    decision = Decision(call_id=call.id, words_to_host="See <b>you</b>.", words_to_others="Next & <b>time</b>.")
    decision.proposal = proposal
    return {
        "hosting/invitation": hosting.invitation(account, member, RoleName.BOARD, invited_by="elena@dofc.test"),
        "hosting/review_begins": hosting.review_begins(call, [proposal], account),
        "hosting/draft_saved": hosting.draft_saved(proposal),
        "hosting/links": hosting.links(proposal.contact_email, [proposal]),
        "hosting/received": hosting.received(proposal),
        "hosting/question_asked": hosting.question_asked(proposal, question),
        "hosting/question_answered": hosting.question_answered(proposal, question, account),
        "hosting/under_review": hosting.under_review(proposal),
        "hosting/shortlisted": hosting.shortlisted(proposal),
        "hosting/accepted": hosting.accepted(proposal, decision, call.year),
        "hosting/declined": hosting.declined(proposal, decision),
        "hosting/withdrawn": hosting.withdrawn(proposal, NOW),
        "hosting/address_changed": hosting.address_changed(proposal, "old@dofc.test"),
        "hosting/ballot_opened": hosting.ballot_opened(voter, [proposal], [], account),
        "hosting/dates_changed": hosting.dates_changed(proposal, replace(call.dates, closes_at=NOW)),
        "hosting/co_host_asked": hosting.co_host_asked(co_host, "lyon@dofc.test", ""),
        "hosting/withdrawn_for_co_host": hosting.withdrawn_for_co_host(co_host, "lyon@dofc.test", ""),
        "hosting/co_host_confirmed": hosting.co_host_confirmed(co_host),
        "hosting/draft_reminder": hosting.draft_reminder(proposal),
        "hosting/draft_ends": hosting.draft_ends(proposal, NOW),
        "hosting/ballot_reminder": hosting.ballot_reminder(voter, account),
        "hosting/representative_changed": hosting.representative_changed(
            voter, account, account, by="Elena", added=True, is_chair=True
        ),
        "hosting/member_struck": hosting.member_struck(voter, account),
        "hosting/received_for_chair": hosting.received_for_chair(proposal, account),
        "hosting/proposed_by_another": hosting.proposed_by_another(proposal, account),
        "hosting/ballot_counted": hosting.ballot_counted(call, account, [voter], 1),
        "hosting/outcome": hosting.outcome(call, decision, account.email, account.name),
        "hosting/withdrawal": hosting.withdrawal(proposal, ProposalStatus.SHORTLISTED, Stage.BALLOT, account),
        "hosting/withdrawn_in_ballot": hosting.withdrawn_in_ballot(voter, proposal, account),
        "hosting/may_be_public": hosting.may_be_public(proposal),
        "hosting/membership_settled": hosting.membership_settled(proposal),
        "hosting/ballot_cast": hosting.ballot_cast(voter, account, account, changed=False),
    }


@pytest.fixture
def written(session):
    return write_all(session) | write_of_hosting(session)


@pytest.mark.databases("sqlite")
def test_every_template_is_complete_and_is_tested_here(written):
    assert set(FOLDERS) == set(written), "a template without a message, or a message that write_all() does not know"
    for folder in FOLDERS:
        assert {path.name for path in (TEMPLATES / folder).iterdir()} == PARTS


@pytest.mark.databases("sqlite")
def test_a_file_is_in_a_message_itself_only_where_no_other_message_has_the_same(written):
    """What many share lies in `files/` once; somebody's calendar has their own status in it."""
    inside = [(f, one.content_type) for f, e in written.items() for one in e.attachments if isinstance(one, Attachment)]
    assert inside and all(kind.startswith("text/calendar") for _folder, kind in inside), inside


@pytest.mark.databases("sqlite")
def test_every_message_says_the_same_in_both_parts(written):
    for folder, envelope in written.items():
        html = parsed(envelope.html)
        assert envelope.subject and envelope.text.strip() and html.select_one("body").text.strip(), folder
        assert html["lang"] == "en" and html["dir"] == "ltr" and html.select_one("title").text.strip(), folder
        sites = [str(a["href"]) for a in html.select("a[href]") if not str(a["href"]).startswith("mailto:")]
        in_text = set(re.findall(r"http\S+", envelope.text))
        assert set(sites) <= in_text, f"{folder}: a link that the text part does not have"


@pytest.mark.databases("sqlite")
def test_what_people_typed_is_text_in_both_parts(written):
    for folder, envelope in written.items():
        assert "<b>" not in envelope.html, folder
        assert "&amp;" not in envelope.text and "&#39;" not in envelope.text and "&lt;" not in envelope.text, folder
    assert "Anna & <b>Ivo</b> O'Neill" in written["notices/waitlisted"].text


@pytest.mark.databases("sqlite")
def test_the_text_part_fits_into_eighty_columns_and_breaks_no_link(written):
    for folder, envelope in written.items():
        for line in envelope.text.splitlines():
            assert len(line) <= 76 or line.startswith("http"), (folder, line)
        assert "\n\n\n" not in envelope.text, folder


@pytest.mark.databases("sqlite")
def test_the_html_part_loads_nothing_and_carries_no_style_sheet(written):
    for folder, envelope in written.items():
        html = parsed(envelope.html)
        assert not html.select("style, link, script, img, picture, iframe, object, video, audio, form, [background]"), (
            folder
        )
        assert "url(" not in envelope.html and "@import" not in envelope.html, folder


@pytest.mark.databases("sqlite")
def test_the_html_part_uses_only_what_outlook_and_gmail_show(written):
    for folder, envelope in written.items():
        for tag in parsed(envelope.html).select("*"):
            assert tag.name in ELEMENTS, (folder, tag.name)
            assert tag.attributes.keys() <= set(ATTRIBUTES), (folder, tag.name, tag.attributes)
            for name, value in _styles(tag):
                assert name in PROPERTIES, (folder, tag.name, name)
                assert name not in ON_CELLS_ONLY or tag.name in ("td", "th"), (folder, tag.name, name)
                assert name != "line-height" or value.endswith("px"), (folder, value)
                assert not name.startswith("border") or int((re.findall(r"(\d+)px", value) or [0])[0]) <= 8, value


def _styles(tag) -> list[tuple[str, str]]:
    parts = [part.partition(":") for part in str(tag.get("style", "")).split(";") if part.strip()]
    return [(name.strip(), value.strip()) for name, _, value in parts]


@pytest.mark.databases("sqlite")
def test_links_lead_to_the_base_url_whatever_host_was_asked(app, writing):
    """The sender of a request chooses its Host; a link to their site would give them the token in it."""
    with app.test_request_context("/", base_url="https://evil.test:4430/x"), writing() as session:
        envelopes = write_all(session)
    for folder, envelope in envelopes.items():
        assert "evil" not in envelope.text + envelope.html, folder
        links = re.findall(r"https?://[^\s\"<]+", envelope.text + envelope.html)
        assert links or folder in ("notices/handed_over", "notices/address_changed", "groups/contact_changed"), folder
        assert {urlsplit(address)[:2] for address in links} <= {("http", "dofc.test")}, folder


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://events.example.org", "https://events.example.org/editions/2027/"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/editions/2027/"),
    ],
)
def test_link_is_built_on_the_base_url(make_app, base_url, expected):
    with make_app(base_url=base_url).app_context():
        assert link("public.edition", year=2027) == expected
        with pytest.raises(BuildError):
            link("public.nowhere")


def render(app, **changes):
    values: dict[str, Any] = {
        "kind": "sign-in",
        "language": "en",
        "recipient": "ana@dofc.test",
        "recipient_name": "Ana",
        "sender_name": "Days of Clusters",
        "url": "http://dofc.test/sign-in/x",
        "minutes": 15,
    }
    with app.app_context():
        return render_message("accounts/sign_in", **(values | changes))


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("space", ["\n", "\r\n", "\t", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "   "])
def test_spaces_and_line_breaks_in_names_become_one_space(app, space):
    envelope = render(app, recipient_name=f"Ana{space}Bcc: x@dofc.test", sender_name=f" Days{space}of Clusters ")
    assert (envelope.recipient_name, envelope.sender_name) == ("Ana Bcc: x@dofc.test", "Days of Clusters")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("changes", [{"recipient_name": "Ana\x00"}, {"recipient": "a@dofc.test\nBcc: b@dofc.test"}])
def test_other_control_characters_are_refused(app, changes):
    with pytest.raises(ValueError, match="control character"):
        render(app, **changes)


@pytest.mark.databases("sqlite")
def test_a_forgotten_value_is_an_error_and_not_a_gap(app):
    with pytest.raises(UndefinedError):
        with app.app_context():
            render_message(
                "accounts/sign_in",
                kind="sign-in",
                language="en",
                recipient="ana@dofc.test",
                recipient_name="Ana",
                sender_name="Days of Clusters",
            )


def test_a_style_sheet_is_written_into_the_elements_and_nothing_is_fetched():
    html = '<style>p { color: red }</style><link rel="stylesheet" href="http://127.0.0.1:1/x.css"><p>Hello</p>'
    inlined = _INLINER.inline(html)
    assert "<style" not in inlined and 'style="color: red;"' in inlined
