"""`flask edition YEAR`: one edition's numbers, and the changes that scripts make to it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from email.utils import parseaddr
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from dofc_events.conference import service as conference
from dofc_events.conference.models import Edition
from dofc_events.conference.queries import edition_by_year, latest_edition
from dofc_events.conference.rules import TripMode, Window, parse_deadline
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now, zones
from dofc_events.core.countries import country_codes
from dofc_events.core.db import db, tried_again, unit_of_work
from dofc_events.extensions import settings
from dofc_events.memory.figures.service import archive
from dofc_events.organise.editions.service import copy_limits
from dofc_events.places.models import Pool
from dofc_events.places.options.queries import option_pools, waiting_for_options
from dofc_events.places.options.service import copy_with_places
from dofc_events.places.queries import categories_with_places, count_waiting, edition_pool
from dofc_events.places.rules import LONGEST_OFFER_HOURS, MAX_PLACES
from dofc_events.places.service import create_pool, lock_edition_pool
from dofc_events.questions.queries import questions_of
from dofc_events.registration.service import resize_edition
from dofc_events.registration.trips.service import resize_trip, set_sign_up
from dofc_events.trips.queries import trip_pools


class Hours(click.FloatRange):
    """A number of hours up to ninety days; not-a-number, which is neither too small nor too large, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        hours: float = super().convert(value, param, ctx)
        return self.fail("not a number of hours", param, ctx) if hours != hours else hours


HOURS = Hours(0, LONGEST_OFFER_HOURS)

# Options, and the field or act of the edition each stands for.
WINDOW = {"opens": "registration_opens_at", "closes": "registration_closes_at"}
LIFE: dict[str, Callable[..., bool]] = {
    "publish": conference.publish_edition,
    "archive": archive,
}


@click.command("edition")
@click.argument("year", type=click.IntRange(1, 9999))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.option("--create", is_flag=True, help="Create the edition as a draft, modelled on the last one.")
@click.option("--city", help="With --create.")
@click.option("--country", help="With --create: the two-letter code.")
@click.option("--zone", help="With --create: the IANA zone, e.g. Europe/Prague.")
@click.option("--publish", is_flag=True, help="Publish the edition.")
@click.option("--archive", is_flag=True, help="Archive the edition; it becomes read-only.")
@click.option(
    "--capacity", type=click.IntRange(0, MAX_PLACES), help="Set the number of places, or with --trip that trip's seats."
)
@click.option(
    "--trip-mode", type=click.Choice([mode.value for mode in TripMode]), help="Set how seats on trips are given out."
)
@click.option("--trip", "trip_slug", help="The learning trip that --capacity applies to.")
@click.option("--offer-hours", type=HOURS, help="Set how long an offer is held; 0 confirms immediately.")
@click.option(
    "--confirms-places", type=click.Choice(["on", "off"]), help="Set whether delegates confirm their place by email."
)
@click.option(
    "--opens", help="Set when registration opens: ISO date or time; without an offset, in the edition's zone."
)
@click.option("--closes", help="Set when registration closes; a date alone means the end of that day.")
@with_appcontext
@tried_again
def edition(year: int, as_json: bool, **wishes: Any) -> None:
    """Change the edition of YEAR as the options say, then show its numbers."""
    _check_combination(wishes)
    if _given(wishes):
        with unit_of_work() as session:
            _change(session, year, wishes, now())
    numbers = _numbers(db.session(), year)
    click.echo(json.dumps(numbers) if as_json else "\n".join(f"{name}: {value}" for name, value in numbers.items()))


def _given(wishes: dict[str, Any]) -> set[str]:
    # By identity: --capacity 0 and --offer-hours 0 are settings too, and 0 equals False.
    return {name for name, value in wishes.items() if value is not None and value is not False}


def _check_combination(wishes: dict[str, Any]) -> None:
    """Refuse an option that would do nothing without another one."""
    if wishes["trip_slug"] and wishes["capacity"] is None:
        raise click.UsageError("--trip says which trip --capacity applies to: give both.")
    if not wishes["create"] and any(wishes[name] for name in ("city", "country", "zone")):
        raise click.UsageError("--city, --country and --zone can only be used with --create.")
    if wishes["country"] and wishes["country"] not in country_codes():
        raise click.UsageError("--country takes a two-letter code.")
    if wishes["zone"] and wishes["zone"] not in zones():
        raise click.UsageError("--zone takes an IANA zone such as Europe/Prague.")


def _change(session: Session, year: int, wishes: dict[str, Any], at: datetime) -> None:
    if wishes["create"]:
        _create(session, year, wishes, at)
    found = _edition(session, year)
    if edition_pool(session, found.id):
        # Before the edition's row, in the order in which everyone locks.
        lock_edition_pool(session, found.id)
    if _given(wishes) - {"archive"}:
        conference.refuse_archived(conference.lock_edition(session, found.id))
    conference.change_edition(session, found.id, _details(found, wishes), COMMAND, at)
    _set_trip_mode(session, found, wishes["trip_mode"], at)
    _resize(session, found, wishes["capacity"], wishes["trip_slug"], at)
    for wish, act in LIFE.items():
        if wishes[wish]:
            act(session, found.id, COMMAND, at)


def _details(found: Edition, wishes: dict[str, Any]) -> conference.EditionDetails:
    given: dict[str, Any] = {
        field: _moment(wishes[wish], found.zone, closing=wish == "closes")
        for wish, field in WINDOW.items()
        if wishes[wish]
    }
    if wishes["offer_hours"] is not None:
        given["offer_hours"] = wishes["offer_hours"]
    if wishes["confirms_places"]:
        given["confirms_places"] = wishes["confirms_places"] == "on"
    return replace(conference.details_of(found), **given)


def _set_trip_mode(session: Session, found: Edition, mode: str | None, at: datetime) -> None:
    if mode:
        set_sign_up(session, found.id, TripMode(mode), found.trips_open_at, found.trips_close_at, COMMAND, at)


def _resize(session: Session, found: Edition, capacity: int | None, trip_slug: str | None, at: datetime) -> None:
    """Change the seats of a trip, or the places; even if their number stays the same, as later dates may free some."""
    if trip_slug and capacity is not None:
        resize_trip(session, found.id, trip_slug, capacity, COMMAND, at)
    elif pool := edition_pool(session, found.id):
        resize_edition(session, found.id, pool.capacity if capacity is None else capacity, COMMAND, at)


def _create(session: Session, year: int, wishes: dict[str, Any], at: datetime) -> None:
    """A draft like the last edition, with what a script can publish: times of day, somebody to write to, a category."""
    if edition_by_year(session, year) is not None:
        raise conference.EditionExists(str(year))
    last = latest_edition(session, before=year)
    if last is None and not (wishes["city"] and wishes["country"]):
        raise click.UsageError("There is no earlier edition to model it on: --create needs --city and --country.")
    if last is None:
        blank = conference.EditionDetails(city=wishes["city"], country=wishes["country"], zone=wishes["zone"] or "UTC")
        created = conference.create_edition(session, year, blank, [], COMMAND, at)
    else:
        created = conference.copy_edition(session, last.year, year, COMMAND, at)
        copy_with_places(session, last.id, created.id)
    if not created.categories:
        conference.set_categories(session, created.id, [("delegate", "Delegate")], COMMAND, at)
    details = conference.details_of(created)
    given = {name: wishes[name] for name in ("city", "country", "zone") if wishes[name]}
    name, address = parseaddr(settings().mail_default_sender)
    complete = replace(
        details,
        **given,
        starts_at=details.starts_at or time(9),
        ends_at=details.ends_at or time(17),
        contact_name=details.contact_name or name or "Organisers",
        contact_email=details.contact_email or address,
    )
    conference.change_edition(session, created.id, complete, COMMAND, at)
    pool = edition_pool(session, last.id) if last else None
    create_pool(session, edition_id=created.id, capacity=pool.capacity if pool else 0)
    if last:
        copy_limits(session, last.year, created)


def _moment(text: str, zone: str, *, closing: bool) -> datetime:
    try:
        return parse_deadline(text, zone, closing=closing)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is not an ISO date or time: {error}") from error


def _numbers(session: Session, year: int) -> dict[str, Any]:
    found, at = _edition(session, year), now()
    sign_up_is_open = found.sign_up_window(at) is Window.OPEN
    trips = {
        trip.slug: _pool_numbers(session, pool, is_open=sign_up_is_open and trip.can_be_joined(at))
        for trip, pool in trip_pools(session, found.id)
    }
    pool = edition_pool(session, found.id)
    numbers = _pool_numbers(session, pool, is_open=found.window(at) is Window.OPEN)
    limits = (one for one in categories_with_places(session, found.id) if one.limit is not None)
    categories = {one.slug: {"limit": one.limit, "taken": one.taken} for one in limits}
    options = _option_numbers(session, found)
    return {
        **numbers,
        "promised": pool.promised if pool else 0,
        "trips": trips,
        "categories": categories,
        "options": options,
    }


def _option_numbers(session: Session, found: Edition) -> dict[str, dict[str, dict[str, int]]]:
    """The limited options, by the names of their questions' fields and their keys."""
    pools, waiting = option_pools(session, found.id), waiting_for_options(session, found.id)
    numbers: dict[str, dict[str, dict[str, int]]] = {}
    for question in questions_of(session, found.id):
        for option in question.options:
            if pool := pools.get(option.id):
                said = {"capacity": pool.capacity, "taken": pool.taken, "waitlisted": waiting.get(option.id, 0)}
                numbers.setdefault(question.field, {})[option.key] = said
    return numbers


def _pool_numbers(session: Session, pool: Pool | None, *, is_open: bool) -> dict[str, Any]:
    if pool is None:
        return {"capacity": 0, "taken": 0, "waitlisted": 0, "open": is_open}
    waiting = count_waiting(session, pool.id)
    taken = pool.taken - pool.promised
    return {"capacity": pool.capacity, "taken": taken, "waitlisted": waiting, "open": is_open}


def _edition(session: Session, year: int) -> Edition:
    found = edition_by_year(session, year)
    if found is None:
        raise conference.NoSuchEdition(str(year))
    return found
