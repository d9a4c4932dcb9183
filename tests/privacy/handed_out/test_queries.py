"""My data: everything that the table has of somebody, and nothing of anybody else."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from dofc_events.accounts.factors.models import Factor
from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import AuditEntry
from dofc_events.delegates.service import details_of
from dofc_events.groups.service import Contact
from dofc_events.mail.models import Message
from dofc_events.privacy.handed_out.queries import SECRETS, as_json, data_of, data_of_account, data_of_proposal, plain
from dofc_events.privacy.kept.queries import about, table_of
from dofc_events.privacy.kept.rules import Whose, rows_of
from dofc_events.registration.hand_over.service import hand_over
from dofc_events.registration.notes.service import write_note
from tests.privacy.people import OWN, forms, make_person, values
from tests.support.factories import DELEGATE, NOW, make_account, make_edition, make_registration
from tests.support.groups import make_group, someone
from tests.support.hosting import make_call, make_proposal

pytestmark = pytest.mark.databases("sqlite")


def written(session, registration) -> str:
    return json.dumps(as_json(data_of(session, registration), NOW), ensure_ascii=False)


def test_every_column_of_the_table_that_is_set_is_in_it(session):
    person, _other = make_person(session)
    told, seen = written(session, person), set()
    for row in rows_of(Whose.DELEGATE):
        for name in row.names if row.is_shown else ():
            for (value,) in session.execute(select(table_of(row).c[name]).where(about(row, [person.id]))):
                # Lists and entries of the trail have parts that are somebody else's.
                if value in (None, "") or name in ("details", "actor") or isinstance(value, list):
                    continue
                assert json.dumps(plain(value), ensure_ascii=False) in told, (row.table, name)
                seen.add((row.table, name))
    # What the table has of nobody here would prove nothing.
    of_table = {(row.table, name) for row in rows_of(Whose.DELEGATE) for name in row.names if row.is_shown}
    assert {table for table, _ in of_table} - {table for table, _ in seen} <= {"untold_news", "group_invitations"}
    for text in ("jicama", "rutabaga", "Margravine", "zebrafish", "Voynich", OWN["organisation"]):
        assert text in told


def test_nothing_of_anybody_else_is_in_it(session):
    person, other = make_person(session)
    told = written(session, other)
    assert other.email in told
    assert other.reference in told
    assert [value for value in values(person) if any(form.decode() in told for form in forms(value))] == []
    assert "elena@dofc.test" not in told
    mine = written(session, person)
    for value in (other.email, other.reference, other.full_name, "elena@dofc.test"):
        assert value not in mine


def test_who_has_no_address_reads_nothing_of_the_contacts(session):
    contact = Contact("Ludmila", "zebrafish.ludmila@contact.test", "en")
    lent = replace(someone("Boro"), email=contact.email)
    (boro,) = make_group(session, make_edition(session), [lent], contact=contact).people
    told = written(session, boro.registration)
    assert "kovac" in told and "boro" in told
    for word in ("zebrafish", "ludmila", "Ludmila"):
        assert word not in told


def test_who_took_over_reads_nothing_of_who_was_there_before(session):
    edition = make_edition(session)
    ana = make_registration(
        session, edition, given_name="Anastasija", dietary="No jicama ever", email="ana@before.test"
    )
    assert details_of(ana).dietary in written(session, ana)
    write_note(session, ana.id, "Owes a fee", DELEGATE, NOW)
    hand_over(session, ana.id, "Bo", "Ek", "bo@after.test", DELEGATE, NOW)
    told = written(session, ana)
    assert "bo@after.test" in told
    assert [m.recipient for m in session.scalars(select(Message)) if m.recipient == "ana@before.test"]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "handed_over")).all()
    assert "ana@before.test" in json.dumps(entries[0].details)
    for value in ("ana@before.test", "jicama", "Owes a fee"):
        assert value not in told


@pytest.mark.parametrize("whose", [Whose.PROPOSER, Whose.ACCOUNT])
def test_a_proposer_and_an_account_read_all_that_is_theirs_but_no_secret(session, whose):
    call = make_call(session)
    proposal = make_proposal(session, call, team="Mira and Boro, both of Xanthi")
    account = make_account(session, "mira@dofc.test", RoleName.CHAIR, name="Mira Xylander")
    session.add(Factor(account_id=account.id, kind="app", name="Phone", added_at=NOW, nonce="n" * 12, secret=b"s" * 20))
    session.flush()
    mine = (proposal.id, data_of_proposal(session, proposal))
    id_, kept = mine if whose is Whose.PROPOSER else (account.id, data_of_account(session, account))
    told = json.dumps(as_json(kept, NOW), ensure_ascii=False)
    for row in rows_of(whose):
        for name in row.names if row.is_shown else ():
            for (value,) in session.execute(select(table_of(row).c[name]).where(about(row, [id_]))):
                if name in SECRETS:
                    assert f'"{name}": ' not in told
                elif value not in (None, "", [], {}):
                    assert json.dumps(plain(value), ensure_ascii=False) in told, (row.table, name)
    assert ("Xylander" in told) is (whose is Whose.ACCOUNT)
    assert "Xanthi" in told or whose is Whose.ACCOUNT
