"""No slip is irreversible: a button that removes something asks first, unless another button brings it back."""

import re

import pytest
import time_machine

from tests import rights
from tests.rights import CHAIR, HOLDER
from tests.support.factories import NOW
from tests.support.forms import Form
from tests.support.pages import Client, Page

pytestmark = pytest.mark.databases("sqlite")

EDITION, ACCOUNT = "/organise/editions/<year>", "/organise/accounts/<account_id>"
PERSON, OWN, GROUP = f"{EDITION}/registrations/<reference>", "/registrations/<token>", "/groups/<token>"
LETTER, OUTCOME = f"{EDITION}/letters/<letter_id>/attachments", f"{EDITION}/memory/outcomes/<slug>/files"
ITEM, PHOTOGRAPHS = f"{EDITION}/hand-over/<item_id>", f"{EDITION}/memory/photographs"
PROPOSAL, MEMBER = "/hosting/proposals/<token>", "/organise/hosting/members/<slug>/"

# What asks first: the page with the button, who presses it, and what the question must name.
ASKS = {
    f"{LETTER}/<attachment_id>/remove": (LETTER, CHAIR, "map.pdf"),
    f"{OUTCOME}/<file_id>/remove": (OUTCOME, CHAIR, "Signed copy"),
    f"{ITEM}/files/<file_id>/remove": (f"{ITEM}/files", CHAIR, "map.pdf"),
    f"{PROPOSAL}/attachments/<attachment_id>/remove": (f"{PROPOSAL}/", HOLDER, "letter.png"),
    f"{OWN}/files/<key>/remove": (f"{OWN}/files", HOLDER, "cv.pdf"),
    f"{EDITION}/import/<file_id>/remove": (f"{EDITION}/import", CHAIR, "people.csv"),
    f"{EDITION}/registrations/saved/<view_id>/remove": (f"{EDITION}/registrations/saved", CHAIR, "Who waits"),
    f"{EDITION}/questions/<key>/take-out": (f"{EDITION}/questions", CHAIR, "T-shirt"),
    f"{GROUP}/invitations/<invitation_id>/take-back": (f"{GROUP}/", HOLDER, "Guest of theirs"),
    f"{EDITION}/team/<role_id>/end": (f"{EDITION}/team/<role_id>", CHAIR, "Desk"),
    MEMBER: (MEMBER, CHAIR, "votes for"),
    f"{ACCOUNT}/roles/<role_id>/end": (ACCOUNT, CHAIR, "organiser"),
}
# They ask as well; what they need is made where their own tests are.
ASKS_TOO = {
    f"{PERSON}/files/<key>/remove",
    f"{ACCOUNT}/end",
    f"{ACCOUNT}/reset-factor",
    f"{EDITION}/mail/release",
    "/organise/mail/release",
    "/sign-in/factors/codes/new",
    "/sign-in/factors/<factor_id>/remove",
}
# What loses nothing: it adds something, or the button that stands there afterwards brings back how it was.
LOSES_NOTHING = {
    "/organise/attention/put-off",
    "/organise/attention/show-again",
    "/organise/preview",
    "/organise/memory/import",
    f"{EDITION}/memory/documents/add",
    f"{OUTCOME}/add",
    f"{EDITION}/memory/outcomes/<slug>/publish",
    f"{EDITION}/memory/outcomes/<slug>/unpublish",
    f"{PHOTOGRAPHS}/<photograph_id>/<any(publish, unpublish, cover, 'no-cover'):act>",
    f"{PHOTOGRAPHS}/publish-all",
    # Files that were refused were not kept; this empties the list that says why.
    f"{PHOTOGRAPHS}/clear",
    f"{EDITION}/questions/<key>/ask-again",
    f"{EDITION}/questions/<key>/move",
    f"{EDITION}/trips/order",
    # Nothing is removed: both registrations stay, and the trail says of whom it was said.
    f"{EDITION}/doubles/<pair_id>/two-people",
    f"{EDITION}/doubles/two-people",
    # Another reading of the file, which is read as before by choosing as before.
    f"{EDITION}/import/<file_id>/read",
    f"{EDITION}/letters/<letter_id>/test",
    f"{EDITION}/mail/<message_id>/send-again",
    "/organise/mail/<message_id>/send-again",
    # A settled email can be sent again.
    f"{EDITION}/mail/<message_id>/settle",
    "/organise/mail/<message_id>/settle",
    # Who is signed out signs in.
    f"{ACCOUNT}/sign-out",
    "/organise/sessions/<session_id>/end",
    "/organise/sessions/end",
    # A note is compared with what it was opened with; a tag is one word, and the message says which.
    f"{PERSON}/note",
    f"{PERSON}/tag",
    f"{PERSON}/untag",
    f"{PERSON}/send-link",
    f"{OWN}/opened",
    f"{OWN}/rejoin",
    # Stands on a page that asks.
    "/groups/cancel/<token>",
    f"{GROUP}/invitations/<invitation_id>/remind",
    f"{PROPOSAL}/answer",
    f"{PROPOSAL}/attachments",
    f"{PROPOSAL}/public",
}


def plain(rule) -> str:
    return re.sub("<[a-z]+:", "<", rule.rule)


def buttons(page: Page, path: str) -> list[tuple[Form, str]]:
    """The buttons on the page that send to such an address: of which form, and what they say."""
    found = []
    wanted = re.compile(re.sub(r"<\w+>", r"[^/?]+", path) + r"(\?.*)?$")
    for tag in page.all("main form[method=post]"):
        form = Form(page, tag)
        for button in page.all(f"[form='{tag['id']}']") if tag.has_attr("id") else tag.select("button"):
            if wanted.search(str(button.get("formaction") or tag.get("action") or page.url)):
                found.append((form, str(button.get("value") or button.get_text(" ", strip=True))))
    return found


def test_every_button_that_removes_something_asks_first(app):
    with time_machine.travel(NOW, tick=False):
        values, browsers = rights.make_world(app)
        # Not the one whose role ends on the team's page.
        values["account_id"] = str(int(values["account_id"]) + 1)
        rules = {plain(rule): rule for rule in app.url_map.iter_rules() if "GET" in rule.methods}
        for path, (stands_on, who, names) in ASKS.items():
            client, address = Client(app, browser=browsers[who]), rights.address_of(rules[stands_on], values, who)
            before = buttons(client.get(address), path)
            form, words = before[0]
            asked = form.submit(words)
            assert asked.h1.endswith("?") and names in asked.h1, (path, asked)
            assert len(buttons(client.get(address), path)) == len(before), f"{path} did it before anybody agreed"
            done = asked.agree()
            assert done.status == 200 and len(buttons(client.get(address), path)) == len(before) - 1, (path, done)


def test_of_every_button_it_is_said_whether_it_asks(app):
    rules = list(app.url_map.iter_rules())
    pages = {plain(rule) for rule in rules if "GET" in rule.methods}
    buttons = {plain(rule) for rule in rules if "POST" in rule.methods} - pages
    assert buttons == ASKS.keys() - pages | ASKS_TOO | LOSES_NOTHING
