"""What forms cost with an edition's own questions: processor time and queries, of none, of one and of many."""

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from benchmarks.crowd import CHAIR
from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.rules import RoleName
from dofc_events.accounts.service import issue_sign_in_link
from dofc_events.app import create_app
from dofc_events.conference.models import Edition
from dofc_events.core.clock import now
from dofc_events.core.db import unit_of_work
from dofc_events.delegates.queries import token_of
from dofc_events.delegates.service import details_of
from tests.support.databases import Databases, close_connections, count_queries, settings_for
from tests.support.factories import make_account, make_edition, make_question, make_registration

QUESTIONS = (0, 1, 30)
# One after the other, as conferences ask them: mostly a choice.
KINDS = ("choice", "yes-no", "text", "several", "number", "choice", "date", "long-text")
ANSWERS = {"choice": "m", "several": "m", "yes-no": "yes", "number": "3", "date": "2027-05-01"}
# So often in a row, and so many rows on each site by turns.
TIMES, ROWS = 5, 25
FORM_KEY = re.compile(r'name="form_key"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class FormCost:
    """Of one act: milliseconds of processor time, a median, and queries."""

    cpu: float
    queries: int


def question_costs(databases: Databases, folder: Path) -> dict[str, list[FormCost]]:
    """By act, what it costs on SQLite with each of QUESTIONS, which take turns: a busy machine slows down both."""
    with ExitStack() as sites:
        each = [
            _site(sites.enter_context(databases.fresh("sqlite")), folder / str(count), count) for count in QUESTIONS
        ]
        return {name: _costs([acts[name] for acts in each]) for name in each[0]}


def _site(url: str, folder: Path, count: int) -> dict[str, Callable[[], None]]:
    """What can be done on a site with so many questions."""
    folder.mkdir()
    app = create_app(settings_for(url, folder / "instance"))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        with unit_of_work() as session:
            edition = make_edition(session, now=now(), capacity=5_000)
            asked = _ask(session, edition, count)
            person = make_registration(session, edition, now=now())
            make_account(session, CHAIR, role=RoleName.CHAIR)
            secret = issue_sign_in_link(session, account_by_email(session, CHAIR).id, now())
            details = {name: str(value) for name, value in vars(details_of(person)).items() if value}
            own, theirs, year = f"/registrations/{token_of(person)}/edit", person.reference, edition.year
        close_connections()
    delegate, organiser = app.test_client(), app.test_client()
    organiser.post(f"/sign-in/{secret}")
    return _acts(delegate, organiser, year, own, theirs, details | asked | {"consent": "y"})


def _ask(session: Session, edition: Edition, count: int) -> dict[str, str]:
    """Add so many questions; an answer to each by the name of its field."""
    kinds = {f"q{number}": KINDS[number % len(KINDS)] for number in range(count)}
    for key, kind in kinds.items():
        make_question(session, edition, key, kind, hint="As far as you know by now.")
    return {f"question-{key}": ANSWERS.get(kind, "An answer of some words") for key, kind in kinds.items()}


def _acts(
    delegate: FlaskClient, organiser: FlaskClient, year: int, own: str, reference: str, answers: dict[str, str]
) -> dict[str, Callable[[], None]]:
    form = f"/editions/{year}/register"
    persons = f"/organise/editions/{year}/registrations/{reference}/edit"
    refused = {name: value for name, value in answers.items() if name != "given_name"}

    def see(client: FlaskClient, path: str) -> Callable[[], None]:
        def act() -> None:
            assert client.get(path).status_code == 200, path

        return act

    def register() -> None:
        key = FORM_KEY.search(delegate.get(form).text)
        assert key, "the form has its key"
        sent = answers | {"email": f"{time.time_ns()}@dofc.test", "form_key": key[1]}
        assert delegate.post(form, data=sent, follow_redirects=True).status_code == 200

    def refuse() -> None:
        assert delegate.post(form, data=refused | {"email": "a@dofc.test"}).status_code == 422

    def refuse_edit(client: FlaskClient, path: str) -> Callable[[], None]:
        def act() -> None:
            assert client.post(path, data=refused).status_code == 422, path

        return act

    return {
        "the form": see(delegate, form),
        "the form, registering and the own page": register,
        "the form, refused": refuse,
        "the delegate changes details: the form": see(delegate, own),
        "the delegate changes details: refused": refuse_edit(delegate, own),
        "an organiser changes details: the form": see(organiser, persons),
        "an organiser changes details: refused": refuse_edit(organiser, persons),
        "a person's page": see(organiser, persons.removesuffix("/edit")),
    }


def _costs(acts: list[Callable[[], None]]) -> list[FormCost]:
    counts = []
    for act in acts:
        # The first two make what is kept.
        act()
        act()
        with count_queries() as queries:
            act()
        counts.append(len(queries))
    cpu: list[list[float]] = [[] for _ in acts]
    for _ in range(ROWS):
        for act, taken in zip(acts, cpu, strict=True):
            # What a process keeps of its database is another's now.
            act()
            before = time.process_time()
            for _ in range(TIMES):
                act()
            taken.append((time.process_time() - before) / TIMES)
    return [FormCost(median(taken) * 1000, queries) for taken, queries in zip(cpu, counts, strict=True)]
