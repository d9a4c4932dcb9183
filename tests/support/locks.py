"""Watches that every view and command locks in the one order that docs/architecture.md has.

On SQLite, too, which ignores what it is asked to lock: what a unit of work asks for is the same. What tests prepare is
left out, for they do many acts in one unit of work.
"""

from typing import Any, cast

import click
from flask import has_request_context
from sqlalchemy import BindParameter, event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.sql.visitors import iterate

from dofc_events.conference.models import Edition, Member
from dofc_events.hosting.models import HostingCall, Proposal, Voter
from dofc_events.letters.models import Letter
from dofc_events.mail.models import Message
from dofc_events.places.models import Pool

ORDER = (Voter, HostingCall, Proposal, Member, Pool, Edition, Letter)
ADDRESS, ONE_PERSONS, MESSAGES = len(ORDER), len(ORDER) + 1, len(ORDER) + 2


class OutOfOrder(AssertionError):
    """A unit of work asked for a lock after one that stands behind it in the order."""


def watch() -> None:
    """From now on, in this process, OutOfOrder fails whatever locks in another order."""
    event.listen(Session, "do_orm_execute", _note_lock)
    event.listen(Session, "after_flush", _note_new)
    event.listen(Session, "after_transaction_end", _forget)


def _note_lock(state: ORMExecuteState) -> None:
    info, statement = state.session.info, cast(Any, state.statement)
    if not state.is_select or not (has_request_context() or click.get_current_context(silent=True)):
        return
    lock = getattr(statement, "_for_update_arg", None)
    if lock is None:
        is_address = not state.is_orm_statement and "pg_advisory_xact_lock(hashtext" in str(statement)
        rank, what = (ADDRESS, "an address") if is_address else (None, "")
    else:
        entity = state.bind_mapper.class_ if state.bind_mapper else None
        rank = ORDER.index(entity) if entity in ORDER else MESSAGES if entity is Message else ONE_PERSONS
        what = f"{entity and entity.__name__} {_values(statement)} {state.parameters}"
    # Who does not wait disturbs no order, nor does what nobody else can see or what is held already.
    if (
        rank is None
        or (lock is not None and lock.skip_locked)
        or what in info.setdefault("held", {})
        or info.get("new")
    ):
        return
    behind = [held for held, its_rank in info["held"].items() if its_rank > rank]
    if behind:
        raise OutOfOrder(f"{what} is locked after {', '.join(behind)}")
    info["held"][what] = rank


def _values(statement: Any) -> list[tuple[str, Any]]:
    """What its conditions compare with, without compiling it, which would take longer than its execution."""
    return [(p._orig_key, p.effective_value) for p in iterate(statement) if isinstance(p, BindParameter)]


def _note_new(session: Session, context: Any) -> None:
    if any(isinstance(row, Edition) for row in session.new):
        session.info["new"] = True


def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("held", None)
        session.info.pop("new", None)
