"""Who gets which answer: the table in docs/rights.md, made by asking the site.

`make rights` rewrites it. Nothing is taken from the code but the list of addresses: everybody
in `ROLES` really opens every page and sends every form, without its token, so that nothing happens.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.conference.models import Edition, Organisation
from dofc_events.conference.rules import EditionStatus, TripMode
from dofc_events.config import ROOT
from dofc_events.core import files
from dofc_events.core.audit import COMMAND
from dofc_events.core.db import unit_of_work
from dofc_events.delegates.doubles.service import likely_doubles
from dofc_events.delegates.models import Registration
from dofc_events.delegates.queries import proof_of, token_of
from dofc_events.extensions import settings
from dofc_events.groups.queries import proof_of_group, token_of_group, token_of_invitation
from dofc_events.hosting import queries as proposal_links
from dofc_events.hosting.ballots.service import cast_ballot
from dofc_events.hosting.hand_over import service as hand_over_list
from dofc_events.hosting.hand_over.service import ItemDetails, add_item
from dofc_events.hosting.proposals.attachments.service import add_attachment
from dofc_events.hosting.proposals.service import PROPOSER
from dofc_events.hosting.rules import HandOverKind
from dofc_events.imports.reading.rules import ReadAs, read_table
from dofc_events.imports.rules import HEADERS, guessed_matching
from dofc_events.imports.service import Kept, Matching, keep_file, match_columns
from dofc_events.letters.models import LetterAttachment
from dofc_events.letters.rules import Anchor
from dofc_events.letters.service import LetterText, attach_file, write_letter
from dofc_events.mail.models import Message, WorkerSign
from dofc_events.mail.queries import messages_about
from dofc_events.mail.rules import MessageState
from dofc_events.privacy.queries import token_of_address, token_to_erase
from dofc_events.registration.hand_over.service import hand_over
from dofc_events.registration.own.files.service import Who, add_file
from dofc_events.registration.queries import Audience
from dofc_events.registration.saved.queries import saved_views
from dofc_events.registration.saved.service import save_view
from dofc_events.registration.trips.service import set_sign_up
from dofc_events.web import kept
from dofc_events.web.attachments.reading.rules import checked
from dofc_events.web.attachments.rules import CheckedFile
from tests.support import uploads
from tests.support.databases import Databases, count_queries
from tests.support.factories import (
    NOW,
    find_doubles,
    make_account,
    make_edition,
    make_organisation,
    make_question,
    make_registration,
    make_trip,
)
from tests.support.groups import make_delegation, make_group, someone
from tests.support.hosting import (
    WEEK,
    begin_ballot,
    make_call,
    make_member,
    make_proposal,
    make_representative,
    shortlist_all,
)
from tests.support.memory import make_document, make_outcome, paper
from tests.support.photographs import SHOWN, make_photograph

DOCUMENT = ROOT / "docs" / "rights.md"
YEAR = 2027
# Its edition has no host yet.
YEAR_OF_CALL = YEAR + 3

COMPANIONS: dict[str, Any] = {"companions": 1, "companion_category": "guest"}

NOBODY, HOLDER = "nobody", "holder of the link"
DESK, ORGANISER, ELSEWHERE = "desk", "organiser", "organiser of another edition"
ENDED, MEMBER, BOARD = "organiser whose role has ended", "member", "board"
BIDDER, CHAIR = "board, own proposal", "chair"
ROLES = (NOBODY, HOLDER, DESK, ORGANISER, ELSEWHERE, ENDED, MEMBER, BOARD, BIDDER, CHAIR)

# The answers to one method at one address, by role.
Table = dict[tuple[str, str], dict[str, str]]

INTRODUCTION = """\
# Who gets what

Every address of the site, asked in every role. `tests/test_rights.py` asks again and compares. After a change,
`make rights` (or `.venv/bin/python -m tests.rights`) writes this page anew; read what it changed before you commit it.

The edition in the address is published, and has a registration, a trip whose seats are drawn, and messages. **desk**
and **organiser** have their role at it, **organiser whose role has ended** had it until now, **organiser of another
edition** has one at another edition. The **holder of the link** is not signed in, and has the link to a delegate's own
page, to a proposal, to a ballot, or to sign in; the others have links that are wrong. The call for hosts in the address
is open. The proposal that is reviewed comes from the member of **board, own proposal**; on the ballot votes that of
**member**.

| answer | |
| --- | --- |
| 200 | the page, or the file |
| 303 | not signed in: to `/sign-in`. Where it leads elsewhere, the table says where. |
| 400 | **may send this form.** It was sent without the token that is on the page, so nothing happened. |
| 403 | signed in but not allowed |
| 404 | nothing that betrays whether there is such a page |

"""


class Answer(NamedTuple):
    """To one role: as the table has it, and all of it."""

    short: str
    is_page: bool
    body: bytes


class Asked(NamedTuple):
    """One method of one address, asked in every role: the answers, and what the database was asked for them."""

    rule: Rule
    method: str
    answers: dict[str, Answer]
    queries: list[str]


def ask_everybody(app: Flask, values: dict[str, str], browsers: dict[str, FlaskClient]) -> list[Asked]:
    """Everybody's answers at every address of a site that has what `make_world` made."""
    return [
        ask(rule, method, values, browsers)
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def ask(rule: Rule, method: str, values: dict[str, str], browsers: dict[str, FlaskClient]) -> Asked:
    """Everybody's answers at one address."""
    # What one page keeps for another would be asked for only once.
    kept._rendered.cache_clear()
    with count_queries() as queries:
        answers = {role: _answer(browsers[role], method, address_of(rule, values, role)) for role in ROLES}
    return Asked(rule, method, answers, queries)


def written(rule: Rule) -> str:
    """Its address as the table has it."""
    return re.sub(r"<[^>]*?(\w+)>", r"<\1>", rule.rule)


def as_document(asked: list[Asked]) -> str:
    """The page that says it."""
    lines = [f"| address | method | {' | '.join(ROLES)} |", "| --- " * (len(ROLES) + 2) + "|"]
    for rule, method, answers, _queries in asked:
        lines.append(f"| `{written(rule)}` | {method} | {' | '.join(answers[role].short for role in ROLES)} |")
    return INTRODUCTION + "\n".join(lines) + "\n"


def read_document() -> Table:
    """The table as the page has it."""
    table: Table = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(ROLES) + 2 and cells[0].startswith("`"):
            table[cells[0].strip("`"), cells[1]] = dict(zip(ROLES, cells[2:], strict=True))
    return table


def make_world(app: Flask) -> tuple[dict[str, str], dict[str, FlaskClient]]:
    """What the addresses name, and a browser for each role."""
    with app.app_context(), unit_of_work() as session:
        session.add(WorkerSign(name="worker", seen_at=NOW))
        edition, other = (
            make_edition(session, year=YEAR, registers_at_door=True, **COMPANIONS),
            make_edition(session, year=2031),
        )
        trip = make_trip(session, edition, "cellars")
        question = make_question(session, edition, "t-shirt")
        person = make_registration(session, edition, trips=("cellars",))
        double = make_registration(session, edition, given_name=person.given_name, family_name=person.family_name)
        find_doubles(session, [double.id])
        passed_on = make_registration(session, edition)
        former = token_of(passed_on)
        group, invitation = make_delegation(session, edition)
        [member] = make_group(session, edition, [someone("Mira")], group_id=group.id).people
        plain = make_group(session, edition, [someone("Mila")])
        hand_over(session, passed_on.id, "Mira", "", "mira@dofc.test", COMMAND, NOW)
        set_sign_up(session, edition.id, TripMode.DRAW, None, None, COMMAND, NOW)
        values = {
            "year": str(YEAR),
            "slug": trip.slug,
            "key": question.key,
            "reference": person.reference,
            "message_id": str(messages_about(session, person.reference)[0].id),
            "token": token_of(person),
            "/registrations/<token>/take-back": former,
            "/groups/token": token_of_group(group),
            "/groups/<token>/contact": token_of_group(plain.group),
            "/groups/<token>/confirm": proof_of_group(plain.group),
            "/groups/join/token": token_of_invitation(invitation),
            "/groups/<token>/people/reference": member.registration.reference,
            "/organise/editions/<year:year>/groups/reference": group.reference,
            "invitation_id": str(invitation.id),
            "/registrations/<token>/confirm": proof_of(person),
            "/registrations/<token>/erase/confirm": token_to_erase(person, NOW),
            "/my-data/token": token_of_address(person.email_key, NOW),
            "/registrations/<token>/files": proof_of(person),
            **{f"/registrations/<token>/files/<key>{act} token": proof_of(person) for act in ("", "/remove")},
            "/registrations/<token>/files/key": _answer_with_file(session, edition, person),
            "/organise/editions/<year:year>/registrations/<reference>/files/key": "cv",
            "letter_id": str(letter_id := _write_letter(session, edition)),
            "/organise/editions/<year>/letters/<letter_id>/attachments/attachment_id": str(_attach(session, letter_id)),
            "file_id": str(_send_file(session, edition)),
            "pair_id": str(likely_doubles(session, edition.id, limit=1)[0].id),
            "photograph_id": str((photograph := make_photograph(session, edition, **SHOWN)).id),
            "content_hash": photograph.largest.content_hash,
            "ending": "jpeg",
            "act": "unpublish",
            "view_id": str(_save_view(session, edition)),
            **_hand_over_with_a_file(session, edition),
            **_memory_of(session, edition),
        }
        voting, bidding = make_member(session), make_member(session)
        values |= _world_of_hosting(session, voting, bidding)
        at: dict[str, tuple[RoleName, dict[str, Any]]] = {
            DESK: (RoleName.DESK, {"edition": edition}),
            ORGANISER: (RoleName.ORGANISER, {"edition": edition}),
            ELSEWHERE: (RoleName.ORGANISER, {"edition": other}),
            ENDED: (RoleName.ORGANISER, {"edition": edition}),
            MEMBER: (RoleName.MEMBER, {"organisation": voting}),
            BOARD: (RoleName.BOARD, {"organisation": make_organisation(session)}),
            BIDDER: (RoleName.BOARD, {"organisation": bidding}),
            CHAIR: (RoleName.CHAIR, {}),
        }
        links = {}
        for role, (name, where) in at.items():
            account = make_account(session, role=name, **where)
            account.roles[0].ends_at = NOW if role == ENDED else None
            links[role] = issue_sign_in_link(session, account.id, NOW)
            if role == DESK:
                values["role_id"] = str(account.roles[0].id)
                values["account_id"], values["session_id"], values["factor_id"] = str(account.id), "1", "1"
        values["secret"] = issue_sign_in_link(session, make_account(session).id, NOW)
    # Outside: in one application context, all requests would be the same visitor's.
    return values, {role: _signed_in(app, links.get(role)) for role in ROLES}


def _memory_of(session: Session, edition: Edition) -> dict[str, str]:
    """An outcome with a file, and a document; anyone can see them."""
    outcome, document = make_outcome(session, edition, file=paper()), make_document(session, edition)
    session.add(Edition(year=2016, city="Ohrid", country="MK", status=EditionStatus.ARCHIVED))
    sent = json.dumps({"rows": {}}).encode()
    files.store(settings().shared, sent, NOW)
    return {
        "/outcomes/slug": outcome.slug,
        "/outcomes/<slug>/files/content_hash": outcome.files[0].content_hash,
        "/organise/editions/<year:year>/memory/outcomes/slug": outcome.slug,
        "/editions/<year:year>/documents/content_hash": document.content_hash,
        "document_id": str(document.id),
        "/organise/memory/editions/year": "2016",
        "/organise/memory/import/content_hash": files.hash_of(sent),
    }


def _answer_with_file(session: Session, edition: Edition, person: Registration) -> str:
    question = make_question(session, edition, "cv", "file")
    add_file(session, person.id, question.key, CheckedFile("cv.pdf", "application/pdf", b"%PDF-"), Who(COMMAND), NOW)
    return question.key


def _save_view(session: Session, edition: Edition) -> int:
    save_view(session, edition.id, "Who waits", "status=waitlisted", COMMAND, NOW)
    return saved_views(session, edition.id)[0].id


def _write_letter(session: Session, edition: Edition) -> int:
    text = LetterText("News", "Dear {given_name}", Anchor.AT_ONCE, 0)
    return write_letter(session, edition.id, Audience(), text, COMMAND, NOW)


def _send_file(session: Session, edition: Edition) -> int:
    """A file of one person, whose columns are matched."""
    content = b"Name,Email,Organisation,Country,Category\nAna,ana@dofc.test,Dom,RS,company"
    table = read_table(content, ReadAs())
    kept = Kept("people.csv", content, json.dumps(asdict(table)).encode())
    file_id = keep_file(session, edition.id, kept, COMMAND, NOW).id
    matching = Matching(
        tuple(guessed_matching(table.header, {}, dict.fromkeys(HEADERS, ""))), {"country": "", "category": ""}
    )
    match_columns(session, file_id, table.header, matching)
    return file_id


def _attach(session: Session, letter_id: int) -> int:
    attach_file(session, letter_id, CheckedFile("map.pdf", "application/pdf", b"%PDF-"), COMMAND, NOW)
    return session.scalars(select(LetterAttachment.id)).one()


def _hand_over_with_a_file(session: Session, edition: Edition) -> dict[str, str]:
    item = add_item(session, edition.id, HandOverKind.CONTACT, ItemDetails("The bus company"), COMMAND, NOW)
    hand_over_list.add_file(
        session, edition.id, item.id, CheckedFile("map.pdf", "application/pdf", b"%PDF-"), COMMAND, NOW
    )
    file = "/organise/editions/<year:year>/hand-over/<id:item_id>/files/file_id"
    return {"item_id": str(item.id), file: str(item.files[0].id)}


def _world_of_hosting(session: Session, voting: Organisation, bidding: Organisation) -> dict[str, str]:
    """An open call, one whose proposals are reviewed, and one that is voted on.

    What is called like something else in other addresses goes by the beginning of the address.
    """
    own: dict[str, Any] = {"member": bidding.slug, "organisation": ""}
    open_call, reviewed, earlier = (make_call(session, YEAR_OF_CALL - n, now=NOW - n * WEEK) for n in range(3))
    proposal = make_proposal(session, open_call, co_hosts="Moravian Museum")
    attachment = add_attachment(session, proposal.id, checked("letter.png", uploads.picture()), PROPOSER, NOW)
    under_review = make_proposal(session, reviewed, now=NOW - WEEK, **own)
    letter = add_attachment(session, under_review.id, checked("letter.png", uploads.picture()), PROPOSER, NOW - WEEK)
    choices = [make_proposal(session, earlier, now=NOW - 2 * WEEK).reference for _ in range(2)]
    shortlist_all(session, earlier)
    voter, voting_account = begin_ballot(session, earlier)[voting.slug], make_representative(session, voting)
    cast_ballot(session, voter.id, voting_account.id, choices, COMMAND, NOW)
    # Otherwise /healthz would say that emails of weeks ago are still waiting.
    session.execute(update(Message).where(Message.queued_at < NOW).values(state=MessageState.SENT, sent_at=NOW))
    return {
        "/hosting/year": str(YEAR_OF_CALL),
        "/organise/hosting/calls/year": str(YEAR_OF_CALL),
        "/hosting/proposals/token": proposal_links.token_of(proposal),
        "/hosting/co-host/token": proposal_links.co_host_token(proposal.asked_co_hosts[0]),
        "/hosting/vote/token": proposal_links.ballot_token(voter, voting_account.id),
        "/organise/hosting/proposals/reference": under_review.reference,
        "/organise/hosting/proposals/<reference>/files/attachment_id": str(letter.id),
        "/organise/hosting/members/slug": voting.slug,
        "attachment_id": str(attachment.id),
        "voter_id": str(voter.id),
    }


def _signed_in(app: Flask, secret: str | None) -> FlaskClient:
    browser = app.test_client()
    if secret:
        page = browser.get(f"/sign-in/{secret}").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token and browser.post(f"/sign-in/{secret}", data={"csrf_token": token[1]}).status_code == 303
    return browser


def address_of(rule: Rule, values: dict[str, str], role: str) -> str:
    """Where a role asks for a rule's page; only the holder of links has ones that are right."""

    def value(found: re.Match[str]) -> str:
        special = rule.rule, f"{rule.rule} {found[1]}", f"{rule.rule[: found.start()]}{found[1]}"
        name = next((name for name in special if name in values), found[1])
        assert name in values, f"say in tests/rights.py what <{found[1]}> in {rule.rule} is"
        is_link = found[1] in ("token", "secret")
        return values[name] if role == HOLDER or not is_link else "wrong"

    return re.sub(r"<[^>]*?(\w+)>", value, rule.rule)


def _answer(browser: FlaskClient, method: str, address: str) -> Answer:
    answer = browser.open(address, method=method)
    leads_to = urlsplit(answer.headers.get("Location", "")).path.replace(f"/{YEAR}/", "/<year>/")
    elsewhere = leads_to and leads_to != "/sign-in"
    short = f"{answer.status_code} to `{leads_to}`" if elsewhere else str(answer.status_code)
    answered = Answer(short, answer.mimetype == "text/html", answer.get_data())
    answer.close()
    return answered


@contextmanager
def site_to_ask(databases: Databases, instance: Path) -> Iterator[Flask]:
    """With a mail server, because a page about kept messages is only there if they can be sent."""
    with databases.fresh("sqlite") as url:
        yield databases.site(url, instance, mail_server="127.0.0.1")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        with site_to_ask(Databases(Path(directory)), Path(directory) / "instance") as app:
            with time_machine.travel(NOW, tick=False):
                document = as_document(ask_everybody(app, *make_world(app)))
            DOCUMENT.write_text(document, encoding="utf-8")
