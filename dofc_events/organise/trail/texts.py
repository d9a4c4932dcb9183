"""The acts of an edition's trail, and the words for each: in the filter, in a sentence, and for what it changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dofc_events.conference.models import Edition
from dofc_events.core.audit import AuditEntry
from dofc_events.hosting.rules import Side
from dofc_events.organise.trail.acts.texts import Act, Said, Text
from dofc_events.organise.trail.changes.texts import from_to, in_words
from dofc_events.organise.trail.groups.texts import GROUP_ACTS
from dofc_events.organise.trail.memory.texts import WORDS
from dofc_events.places.rules import ClaimStatus
from dofc_events.trips.rules import Reason
from dofc_events.web.dates import as_recorded


@dataclass(frozen=True)
class TrailLine:
    """One entry of the trail as organisers read it; `other` is the reference of the other of two registrations."""

    id: int
    at: datetime
    actor: str
    act: str
    about: str
    sentence: str
    particulars: list[str]
    other: str = ""


def line_of(entry: AuditEntry, edition: Edition, trip_titles: Mapping[str, str]) -> TrailLine:
    """An entry of an edition's trail in words; `trip_titles` are by slug."""
    said, act = Said(entry, edition, trip_titles), ACTS.get(entry.act)
    sentence = act.tell(said) if act else entry.act.replace("_", " ").capitalize()
    particulars = act.particulars(said) if act else []
    if said["untold"]:
        particulars = [*particulars, _("The delegate was not told.")]
    return TrailLine(
        entry.id, entry.at, entry.actor, entry.act, entry.about, sentence, particulars, said["other"] or ""
    )


SEATS = {
    Reason.ASKED: _l("Asked for a seat on “%(trip)s”"),
    Reason.GIVEN_BACK: _l("Gave back “%(trip)s”"),
    Reason.MOVED_UP: _l("Moved up from the waiting list of “%(trip)s”"),
    Reason.ACCEPTED: _l("Took the seat that was offered on “%(trip)s”"),
    Reason.LAPSED: _l("The offer of a seat on “%(trip)s” lapsed"),
    Reason.OVERLAP: _l("“%(trip)s” ended, because a seat at the same time was confirmed"),
    Reason.TIMES_CHANGED: _l("“%(trip)s” ended, because it moved to the time of another seat"),
    Reason.TRIP_CHANGED: _l("Title, time or meeting point of “%(trip)s” changed"),
    Reason.TRIP_CANCELLED: _l("“%(trip)s”: their seat or position changed when a trip was cancelled"),
    Reason.MODE_CHANGED: _l("“%(trip)s”: positions became choices, or choices positions: seats are given differently"),
    Reason.DRAWN: _l("“%(trip)s”: the draw decided"),
    Reason.BY_HAND: _l("“%(trip)s”: organisers changed it by hand"),
    Reason.NO_PLACE: _l("“%(trip)s” ended with the registration"),
}


def _registered(said: Said) -> str:
    if said["status"] == ClaimStatus.OFFERED:
        return said.fill(_l("Registered; a place is held until it is confirmed by email"))
    if said["status"] == ClaimStatus.REQUESTED:
        return said.fill(_l("Registered, and is waiting for approval"))
    if said["status"] == ClaimStatus.WAITLISTED:
        by_hand, by_delegate = _l("Added by hand, on the waiting list"), _l("Registered, and joined the waiting list")
    else:
        by_hand, by_delegate = _l("Added by hand, with a place"), _l("Registered, with a place")
    return said.fill(by_hand if said.is_by_hand else by_delegate)


def _imported(said: Said) -> str:
    waits = said["status"] == ClaimStatus.WAITLISTED
    with_place, waiting = (
        _l("Registered from “%(file)s”, with a place"),
        _l("Registered from “%(file)s”, on the waiting list"),
    )
    return said.fill(waiting if waits else with_place)


def _people_imported(said: Said) -> str:
    told, untold = _l("They are told by email"), _l("Nobody was told")
    text: str = ngettext(
        "Registered %(num)d person from “%(file)s”, %(confirmed)d with a place. %(told)s",
        "Registered %(num)d people from “%(file)s”, %(confirmed)d with a place. %(told)s",
        said["number"],
        file=said["file"],
        confirmed=said["confirmed"],
        told=told if said["told"] else untold,
    )
    return text


def _cancelled(said: Said) -> str:
    if said["because"]:
        return said.fill(_l("Cancelled by hand: %(because)s"))
    return said.fill(_l("Cancelled by hand") if said.is_by_hand else _l("Cancelled"))


def _link_asked_for(said: Said) -> str:
    if said.is_by_hand:
        return said.fill(_l("Sent the link again"))
    sent, refused = _l("The link was asked for, and sent again"), _l("A link was asked for, but not sent")
    return said.fill(sent if said["sent"] else refused)


def _person_erased(said: Said) -> str:
    because = _l("Everything that named this person was erased: %(because)s")
    return said.fill(because if said["because"] else _l("Everything that named this person was erased"))


def _seat_given(said: Said) -> str:
    moved = _l("Moved from “%(instead_of)s” to “%(trip)s” by hand: %(because)s")
    return said.fill(moved if said["instead_of"] else _l("Put on “%(trip)s” by hand: %(because)s"))


def _seat_waits(said: Said) -> str:
    moved = _l("Moved from “%(instead_of)s” to the waiting list of “%(trip)s” by hand: %(because)s")
    stays = _l("Put on the waiting list of “%(trip)s” by hand: %(because)s")
    return said.fill(moved if said["instead_of"] else stays)


def _letter_sent(said: Said) -> Text:
    if not said["subject"]:
        return ngettext(
            "Told %(num)d person that the place or time has changed",
            "Told %(num)d people that the place or time has changed",
            said["count"],
        )
    return ngettext(
        "Sent the letter “%(subject)s” to %(num)d person",
        "Sent the letter “%(subject)s” to %(num)d people",
        said["count"],
        subject=said["subject"],
    )


def _letter_stopped(said: Said) -> Text:
    return _(
        "Stopped the letter “%(subject)s”: emails sent: %(left)d, not sent: %(rest)d",
        subject=said["subject"],
        left=said["left"],
        rest=said["withdrawn"] + said["unwritten"],
    )


def _role_added(said: Said) -> Text:
    until = _until(said, said["ends_at"])
    return _("Added %(email)s to the team: %(role)s, %(until)s", email=said["email"], role=said["role"], until=until)


def _hand_over_item_ticked(said: Said) -> str:
    if said["side"] == Side.HOST:
        done = _l("Ticked an item of the hand-over, for the new host")
        undone = _l("Unticked an item of the hand-over, for the new host")
    else:
        done = _l("Ticked an item of the hand-over, for the last host")
        undone = _l("Unticked an item of the hand-over, for the last host")
    return said.fill(done if said["after"] else undone)


def _until(said: Said, moment: str | None) -> Text:
    if not moment:
        return _("with no last day")
    return _("until %(moment)s", moment=as_recorded(moment, said.edition.zone))


def _changes(said: Said) -> list[str]:
    return in_words(said.changes, said.edition)


def _note(said: Said) -> list[str]:
    return from_to(said["before"], said["after"])


def _categories(said: Said) -> list[str]:
    before, after = (", ".join(labels.values()) for labels in said.changes["categories"])
    return from_to(before, after)


def _closed(said: Said) -> list[str]:
    return from_to(", ".join(said["before"]), ", ".join(said["after"]))


def _limits(said: Said) -> list[str]:
    before, after = said.changes["limits"]
    lines = [
        _("%(category)s: %(limit)s", category=label, limit=change)
        for label, number in after.items()
        for change in from_to(before[label], number)
    ]
    return [*lines, *(_reason_for_places(said) if said["because"] else [])]


def _end_of_role(said: Said) -> list[str]:
    return from_to(_until(said, said["before"]), _until(said, said["after"]))


def _reason_for_places(said: Said) -> list[str]:
    because = said["because"]
    return [_("For people who were confirmed by hand: %(because)s", because=because)] if because else []


def _order_of_trips(said: Said) -> list[str]:
    return [", ".join(said.title(slug) for slug in said["trips"])]


def _until_handed_over(said: Said) -> list[str]:
    """Whose registration it was, and what organisers had written on it."""
    before = {name: said[name] for name in ("name", "email")} | {name: was for name, (was, _is) in said.changes.items()}
    lines = [_("Previously: %(name)s, %(email)s", name=before["name"], email=before["email"])]
    if before.get("note"):
        lines.append(_("The organisers’ previous note: %(note)s", note=before["note"]))
    if before.get("tags"):
        lines.append(_("Previous tags: %(tags)s", tags=", ".join(before["tags"])))
    return lines


# Every act that is recorded of an edition, in the order of the filter.
ACTS = {
    "registered": Act(_l("Registered"), _registered),
    "imported": Act(_l("Registered from a file"), _imported),
    "people_imported": Act(_l("File registered"), _people_imported),
    "import_file_added": Act(_l("File sent"), _l("Sent the file “%(file)s”, to register the people in it")),
    "import_file_removed": Act(_l("File removed"), _l("The file “%(file)s” was removed; nobody in it was registered")),
    **GROUP_ACTS,
    "details_changed": Act(_l("Details changed"), _l("Details were changed"), _changes),
    "address_corrected": Act(_l("Address corrected"), _l("Address corrected from %(before)s to %(after)s")),
    "handed_over": Act(_l("Handed over"), _l("Handed over to %(name)s, %(email)s"), _until_handed_over),
    "hand_over_opened": Act(_l("Hand-over opened"), _l("The colleague opened the registration")),
    "hand_over_forgotten": Act(
        _l("Hand-over not opened"), _l("The former delegate’s details were deleted, because the edition begins")
    ),
    "taken_back": Act(_l("Hand-over taken back"), _l("Taken back by %(name)s, %(email)s"), _until_handed_over),
    "cancelled": Act(_l("Registration cancelled"), _cancelled),
    "reinstated": Act(_l("Registration reinstated"), _l("Reinstated by hand, with a place: %(because)s")),
    "request_accepted": Act(_l("Request accepted"), _l("The request for a place was accepted")),
    "place_given": Act(_l("Place given by hand"), _l("Got a place by hand: %(because)s")),
    "note_changed": Act(_l("Note changed"), _l("The organisers’ note was changed"), _note),
    "tagged": Act(_l("Tagged"), _l("Tagged “%(word)s”")),
    "untagged": Act(_l("Tag removed"), _l("The tag “%(word)s” was removed")),
    "view_saved": Act(_l("View saved"), _l("Saved the view “%(name)s” of the list")),
    "view_removed": Act(_l("View removed"), _l("Removed the view “%(name)s” of the list")),
    "offered": Act(_l("Place offered"), _l("Was offered a place")),
    "offer_accepted": Act(_l("Offer accepted"), _l("Took the place that was offered")),
    "hold_confirmed": Act(_l("Place confirmed by email"), _l("Confirmed the place using the link in the email")),
    "hold_lapsed": Act(_l("Place not confirmed"), _l("The place was not confirmed by email in time")),
    "offer_lapsed": Act(_l("Offer lapsed"), _l("The offer lapsed")),
    "offer_prolonged": Act(
        _l("Offer extended"), _l("The offer was given its full time again, because its email was sent late")
    ),
    "offer_reminder": Act(_l("Reminder of an offer"), _l("Reminded that the offer lapses soon")),
    "confirmed": Act(_l("Place given from the waiting list"), _l("Got a place from the waiting list")),
    "joined_list_again": Act(_l("Rejoined the waiting list"), _l("Rejoined the waiting list")),
    "list_closed": Act(_l("Waiting list closed"), _l("The waiting list was closed")),
    "list_reopened": Act(_l("Waiting list opened again"), _l("Is on the waiting list again. Reason: %(because)s")),
    "erasure_asked_for": Act(_l("Asked to be erased"), _l("Asked for their data to be erased, and was sent the link")),
    "person_erased": Act(_l("Person erased"), _person_erased),
    "periods_shortened": Act(_l("Periods shortened"), _l("Changed how long data is kept"), _changes),
    "link_asked_for": Act(_l("Link asked for"), _link_asked_for),
    "merged": Act(_l("Registrations merged"), _l("Merged with %(other)s, which was cancelled")),
    "told_apart": Act(_l("Marked as a different person"), _l("Marked as a different person from %(name)s, %(other)s")),
    "seat_changed": Act(
        _l("Seat on a trip changed"), lambda said: said.fill(SEATS.get(said["reason"], "%(trip)s: %(reason)s"))
    ),
    "choice_given": Act(
        _l("Moved up for an option"), _l("%(question)s: moved up on the waiting list of “%(option)s” and has it now")
    ),
    "seat_given": Act(_l("Seat given by hand"), _seat_given),
    "seat_waits": Act(_l("Put on a trip’s waiting list by hand"), _seat_waits),
    "seat_taken": Act(_l("Seat taken by hand"), _l("Taken off “%(trip)s” by hand: %(because)s")),
    "boarded": Act(_l("Boarded"), _l("Boarded “%(trip)s”")),
    "boarding_undone": Act(_l("Boarding undone"), _l("Had not boarded “%(trip)s” after all")),
    "arrived": Act(_l("Arrived"), _l("Arrived at the door")),
    "arrival_undone": Act(_l("Arrival undone"), _l("Had not arrived after all")),
    "message_sent_again": Act(_l("Email sent again"), _l("An email was sent again (%(kind)s)")),
    "message_settled": Act(_l("Email settled"), _l("An email that could not be delivered was settled (%(kind)s)")),
    "mail_released": Act(_l("Held emails released"), _l("Released the emails that were held after a restore")),
    "kept_messages_sent": Act(
        _l("Kept emails sent"),
        lambda said: ngettext(
            "Sent %(num)d email that had been kept", "Sent %(num)d emails that had been kept", said["count"]
        ),
    ),
    "edition_created": Act(_l("Edition created"), _l("Created the edition as a draft")),
    "edition_deleted": Act(_l("Edition deleted"), _l("Deleted the draft")),
    "year_changed": Act(_l("Year changed"), _l("Moved the draft from %(before)s to %(after)s")),
    "edition_loaded": Act(_l("Edition loaded"), _l("Loaded the edition’s record")),
    "edition_changed": Act(_l("Settings changed"), _l("Changed the settings"), _changes),
    "categories_changed": Act(_l("Categories changed"), _l("Changed the categories"), _categories),
    "categories_closed": Act(_l("Categories closed"), _l("Changed which categories are closed to newcomers"), _closed),
    "invitations_changed": Act(
        _l("Invitations to categories changed"), _l("Changed who can register as: %(categories)s")
    ),
    "limits_changed": Act(_l("Limits of categories changed"), _l("Changed the limits of categories"), _limits),
    "capacity_changed": Act(
        _l("Places changed"),
        lambda said: said.fill(
            _l("Set the places to %(after)s")
            if said["before"] is None
            else _l("Changed the places from %(before)s to %(after)s")
        ),
        _reason_for_places,
    ),
    "edition_published": Act(_l("Edition published"), _l("Published the edition")),
    "edition_archived": Act(_l("Edition archived"), _l("Archived the edition")),
    "figures_frozen": Act(_l("Figures kept"), _l("Kept the edition’s figures permanently, as they were then")),
    "edition_taken_out": Act(_l("Edition taken out of the archive"), _l("Took the edition out of the archive")),
    "letter_written": Act(_l("Letter written"), _l("Wrote the letter “%(subject)s”, as a draft")),
    "letter_changed": Act(_l("Letter changed"), _l("Changed the letter “%(subject)s”")),
    "letter_scheduled": Act(
        _l("Letter scheduled"),
        lambda said: ngettext(
            "Scheduled the letter “%(subject)s”, which %(num)d person would receive",
            "Scheduled the letter “%(subject)s”, which %(num)d people would receive",
            said["count"],
            subject=said["subject"],
        ),
    ),
    "letter_unscheduled": Act(_l("Letter no longer scheduled"), _l("Made the letter “%(subject)s” a draft again")),
    "letter_file_added": Act(_l("File attached"), _l("Attached “%(name)s” to the letter “%(subject)s”")),
    "photograph_added": Act(_l("Photograph added"), _l("Added the photograph “%(photograph)s”")),
    "photograph_changed": Act(_l("Photograph changed"), _l("Changed the photograph “%(photograph)s”"), _changes),
    "photograph_published": Act(_l("Photograph published"), _l("Published the photograph “%(photograph)s”")),
    "photograph_unpublished": Act(_l("Photograph unpublished"), _l("Took “%(photograph)s” off the public pages")),
    "photograph_removed": Act(_l("Photograph deleted"), _l("Deleted the photograph “%(photograph)s”")),
    "photograph_objected_to": Act(
        _l("Photograph to be taken down"), _l("A visitor wants the photograph “%(photograph)s” taken down")
    ),
    "photograph_kept": Act(_l("Photograph kept"), _l("Decided that “%(photograph)s” stays: %(because)s")),
    "cover_chosen": Act(_l("Cover chosen"), _l("Chose “%(photograph)s” as the cover")),
    "cover_taken_away": Act(_l("Cover taken away"), _l("“%(photograph)s” is no longer the cover")),
    "letter_file_removed": Act(_l("File removed"), _l("Removed “%(name)s” from the letter “%(subject)s”")),
    "letter_sent": Act(_l("Letter sent"), _letter_sent),
    "letter_stopped": Act(_l("Letter stopped"), _letter_stopped),
    "letter_dropped": Act(_l("Letter deleted"), _l("Deleted the letter “%(subject)s”, which nobody had received")),
    "change_not_told": Act(_l("Change not told"), _l("Told nobody that the place or time has changed")),
    "question_added": Act(_l("Question added"), _l("Added the question “%(caption)s”")),
    "question_changed": Act(_l("Question changed"), _l("Changed the question “%(caption)s”"), _changes),
    "question_moved": Act(_l("Question moved"), _l("Moved the question “%(caption)s”")),
    "question_retired": Act(_l("Question no longer asked"), _l("Stopped asking “%(caption)s”")),
    "question_asked_again": Act(_l("Question asked again"), _l("Asks “%(caption)s” again")),
    "question_deleted": Act(
        _l("Question deleted"), _l("Deleted the question “%(caption)s”, which nobody had answered")
    ),
    "trip_added": Act(
        _l("Trip added"),
        lambda said: ngettext(
            "Added “%(trip)s” with %(num)d seat",
            "Added “%(trip)s” with %(num)d seats",
            said["capacity"],
            trip=said["trip"],
        ),
    ),
    "trip_changed": Act(_l("Trip changed"), _l("Changed “%(trip)s”"), _changes),
    "trip_cancelled": Act(_l("Trip cancelled"), _l("Cancelled “%(trip)s”")),
    "trip_deleted": Act(_l("Trip deleted"), _l("Deleted “%(trip)s”, which no delegate had seen")),
    "trips_put_in_order": Act(_l("Trips put in order"), _l("Put the learning trips in order"), _order_of_trips),
    "sign_up_changed": Act(_l("Sign-up changed"), _l("Changed sign-up for trips"), _changes),
    "draw_published": Act(_l("Draw published"), _l("Published the draw: %(seated)d of %(drawn)d got a seat")),
    "role_added": Act(_l("Added to the team"), _role_added),
    "role_changed": Act(
        _l("Role’s last day changed"), _l("Changed the last day of %(email)s on the team: %(role)s"), _end_of_role
    ),
    "role_ended": Act(_l("Role ended"), _l("Ended a role of %(email)s: %(role)s"), _end_of_role),
    "hand_over_started": Act(
        _l("Hand-over started"),
        lambda said: said.fill(
            _l("Started the hand-over from %(from_year)d") if said["from_year"] else _l("Started the host’s checklist")
        ),
    ),
    "hand_over_item_added": Act(_l("Added to the hand-over"), _l("Added to the hand-over: “%(text)s”")),
    "hand_over_item_changed": Act(_l("Hand-over changed"), _l("Changed an item of the hand-over"), _changes),
    "hand_over_file_added": Act(_l("File handed over"), _l("Added the file “%(name)s” to the hand-over")),
    "hand_over_file_removed": Act(_l("File not handed over"), _l("Took the file “%(name)s” off the hand-over")),
    "hand_over_item_ticked": Act(_l("Hand-over ticked"), _hand_over_item_ticked),
    **{act: Act(*words, _changes) for act, words in WORDS.items()},
}
