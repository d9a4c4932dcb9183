"""What the worker does by the clock: steps in ladder order, each on its own, each piece in its own unit of work."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dofc_events.commands.watch import Step, Watch
from dofc_events.conference.queries import all_editions
from dofc_events.core.audit import WORKER
from dofc_events.core.db import db, erase_deleted, room_for_others
from dofc_events.delegates.doubles import service as doubles
from dofc_events.extensions import settings
from dofc_events.groups.delegations.queries import delegations_to_end
from dofc_events.groups.delegations.service import end_delegation
from dofc_events.groups.queries import groups_to_remind, groups_told_now
from dofc_events.groups.together.service import remind_contact
from dofc_events.groups.together.service import tell_contacts as tell_contacts_of
from dofc_events.hosting.ballots import queries as ballot_queries
from dofc_events.hosting.ballots import service as ballots
from dofc_events.hosting.calls import service as calls
from dofc_events.hosting.membership.queries import calls_to_review
from dofc_events.hosting.models import Ballot
from dofc_events.hosting.news import service as hosting_news
from dofc_events.hosting.news.queries import drafts_to_remind, voters_to_remind
from dofc_events.hosting.proposals import timers as proposal_timers
from dofc_events.imports import queries as import_queries
from dofc_events.imports import timers as import_timers
from dofc_events.letters import queries as letter_queries
from dofc_events.letters import timers as letter_timers
from dofc_events.mail import outbox
from dofc_events.mail import queries as mail_queries
from dofc_events.memory.figures import timers as figure_timers
from dofc_events.memory.photographs import queries as photograph_queries
from dofc_events.memory.photographs import timers as photograph_timers
from dofc_events.notices import queries
from dofc_events.notices import service as news
from dofc_events.notices.rules import BATCH
from dofc_events.organise.overview.queries import digests_due
from dofc_events.organise.overview.timers import tell_what_needs_attention
from dofc_events.places.queries import waiting_for
from dofc_events.privacy import service as privacy
from dofc_events.privacy.retention.service import Keys, Task, do_some, old_ones, tasks
from dofc_events.registration import timers
from dofc_events.registration.hand_over import queries as hand_over_queries
from dofc_events.registration.hand_over import timers as hand_over_timers

# How long a round may look for likely doubles, in seconds: offers do not wait for it.
COMPARING = 1
# How many texts of messages go in one round.
TEXTS_AT_ONCE = 5_000


def renew_offers(step: Step, at: datetime) -> None:
    step.each(queries.offers_told_late(db.session(), at), timers.renew_offers, WORKER, at)


def lapse_offers(step: Step, at: datetime) -> None:
    step.each(queries.offers_overdue(db.session(), at), timers.lapse_offers, WORKER, at)


def remind_contacts(step: Step, at: datetime) -> None:
    step.each(groups_to_remind(db.session(), at), remind_contact, WORKER, at)


def remind_of_offers(step: Step, at: datetime) -> None:
    step.each(queries.offers_to_remind_of(db.session(), at), timers.remind_of_offers, WORKER, at)


def forget_hand_overs(step: Step, at: datetime) -> None:
    step.each(hand_over_queries.hand_overs_to_forget(db.session(), at), hand_over_timers.forget_hand_over, WORKER, at)


def forget_files(step: Step, at: datetime) -> None:
    step.each(import_queries.files_to_forget(db.session(), at), import_timers.forget_file, WORKER, at)


def end_delegations(step: Step, at: datetime) -> None:
    step.each(delegations_to_end(db.session(), at), end_delegation, WORKER, at)


def close_lists(step: Step, at: datetime) -> None:
    for edition_id in queries.lists_to_close(db.session(), at):
        step.in_batches(waiting_for(db.session(), edition_id), timers.close_list, WORKER, at)


def tell_contacts(step: Step, at: datetime) -> None:
    step.in_batches(groups_told_now(db.session(), 10 * BATCH, at), tell_contacts_of, at)


def tell_news(step: Step, at: datetime) -> None:
    step.in_batches(queries.untold_news(db.session(), 10 * BATCH, at), news.tell_news, at)


def remind_drafters(step: Step, at: datetime) -> None:
    step.each(drafts_to_remind(db.session(), at), hosting_news.remind_drafter, at)


def tell_of_ending_drafts(step: Step, at: datetime) -> None:
    step.each(proposal_timers.drafts_to_tell(db.session(), at), proposal_timers.tell_of_end, at)


def end_drafts(step: Step, at: datetime) -> None:
    step.each(proposal_timers.drafts_to_end(db.session(), at), proposal_timers.end_draft, WORKER, at)


def start_reviews(step: Step, at: datetime) -> None:
    step.each(calls_to_review(db.session(), at), calls.start_review, WORKER, at)


def open_ballots(step: Step, at: datetime) -> None:
    step.each(ballot_queries.ballots_to_open(db.session(), at), ballots.open_ballot, WORKER, at)


def tell_voters(step: Step, at: datetime) -> None:
    step.in_batches(ballot_queries.untold_voters(db.session()), ballots.tell_voters, at)


def remind_voters(step: Step, at: datetime) -> None:
    step.in_batches(voters_to_remind(db.session(), at), hosting_news.remind_voters, at)


def close_ballots(step: Step, at: datetime) -> None:
    for call_id in ballot_queries.ballots_to_close(db.session(), at):
        if step.attempt(ballots.close_ballot, call_id, WORKER, at):
            # How each member voted was deleted with the count.
            erase_deleted(Ballot)


def compare_doubles(step: Step, at: datetime) -> None:
    # Looked for in a transaction that only reads, and of no hurry: after an import the next rounds go on.
    until = time.monotonic() + COMPARING
    if ids := doubles.to_compare(db.session(), 10 * BATCH):
        found = doubles.look_for_doubles(db.session(), ids, lambda: time.monotonic() > until)
        step.in_batches(found, doubles.note_doubles)


def freeze_figures(step: Step, at: datetime) -> None:
    step.each(figure_timers.editions_to_freeze(db.session()), figure_timers.freeze_late, WORKER, at)


def start_letters(step: Step, at: datetime) -> None:
    step.each(letter_queries.letters_due(db.session(), at), letter_timers.start_letter, WORKER, at)


def write_letters_anew(step: Step, at: datetime) -> None:
    for letter_id, registration_id in letter_queries.taken_back(db.session(), at):
        step.attempt(letter_timers.write_anew, letter_id, registration_id, at)


def write_letters(step: Step, at: datetime) -> bool:
    """Of a letter to thousands a part is written in each round; returns whether there is more of it."""
    more = False
    for letter_id in letter_queries.letters_going(db.session()):
        recipients = letter_queries.unwritten(db.session(), letter_id, 10 * BATCH)
        step.in_batches(recipients, letter_timers.write_messages, letter_id, at)
        more = more or len(recipients) == 10 * BATCH
    return more


def tell_organisers(step: Step, at: datetime) -> None:
    step.each(digests_due(db.session(), at), tell_what_needs_attention, at)


def remove_texts(step: Step, at: datetime) -> None:
    """Not one of TIMERS: it is no hurry, and what is left is removed the next time."""
    days = settings().mail_text_days
    if not days:
        return
    going = [str(edition.year) for edition in all_editions(db.session()) if not edition.is_over(at)]
    before, this_year = at - timedelta(days=days), str(at.year)
    old = mail_queries.texts_to_remove(db.session(), before, going, this_year, TEXTS_AT_ONCE)
    step.in_batches(old, outbox.remove_texts, at)


def end_what_is_over(step: Step, at: datetime) -> None:
    """Remove what has been kept long enough, and erase again who had been erased before a restore. Once a day."""
    missing = privacy.keep_list(db.session())
    step.each(privacy.erased_before(db.session(), missing), privacy.erase, WORKER, at)
    if missing:
        step.attempt(privacy.remember_erased, missing, at)
    done = bool(missing)
    for task in [*tasks(db.session()), *old_ones(db.session(), at)]:
        if task.is_due(at) and task.is_left(db.session()):
            done = True
            _do_all(step, task, at)
    if done:
        privacy.vanish(db.session(), [])


def _do_all(step: Step, task: Task, at: datetime) -> None:
    batch: list[Keys] = [()]

    def do_more(session: Session, task: Task, done: Keys) -> None:
        batch[:] = [do_some(session, task, at, done)]

    more = True
    while more:
        with room_for_others():
            more = step.attempt(do_more, task, batch[0]) and bool(batch[0])


def tell_of_objections(step: Step, at: datetime) -> None:
    step.each(photograph_queries.editions_to_tell(db.session(), at), photograph_timers.tell_of_objections, at)


def prepare_photographs(step: Step, at: datetime) -> bool:
    """Comes last, because it takes some seconds of a round."""
    return photograph_timers.prepare_photographs(at)


TIMERS: tuple[Callable[[Step, datetime], object], ...] = (
    renew_offers,
    lapse_offers,
    remind_contacts,
    remind_of_offers,
    forget_hand_overs,
    forget_files,
    end_delegations,
    close_lists,
    tell_contacts,
    tell_news,
    remind_drafters,
    tell_of_ending_drafts,
    end_drafts,
    start_reviews,
    open_ballots,
    tell_voters,
    remind_voters,
    close_ballots,
    compare_doubles,
    freeze_figures,
    start_letters,
    write_letters_anew,
    write_letters,
    tell_organisers,
    tell_of_objections,
    prepare_photographs,
)


def run_timers(at: datetime, watch: Watch | None = None) -> bool:
    """Do what is due by the clock; returns whether there is more of it at once."""
    watch = watch or Watch()
    more = [watch.run(timer.__name__, timer, Step(timer.__name__, watch), at) for timer in TIMERS]
    return any(more)
