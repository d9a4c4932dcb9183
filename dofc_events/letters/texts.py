"""Texts to begin a letter from, for what every edition has to say."""

from dataclasses import dataclass

from flask_babel import gettext as _

from dofc_events.letters.rules import Anchor


@dataclass(frozen=True)
class Starter:
    """A letter to begin with, for organisers to change.

    `status` and `arrived`, filters of the list, say who usually gets it ("": everybody).
    """

    name: str
    subject: str
    body: str
    anchor: Anchor = Anchor.AT_ONCE
    days: int = 0
    status: str = ""
    arrived: str = ""


def starters() -> dict[str, Starter]:
    """The texts in the reader's language, by the name that they have in addresses."""
    return {
        "practical": Starter(
            name=_("Practical information, a week before"),
            subject=_("{edition}: what you need to know"),
            body=_(
                "Dear {given_name},\n\n"
                "In a week we will meet in {city}: {dates}, {venue}.\n\n"
                "- **How to get there:** …\n"
                "- **When the doors open:** …\n"
                "- **At the door** your name is enough; your reference is {reference}.\n"
                "- **Your learning trips:** {trips}.\n\n"
                "If you can no longer come, please cancel on [your page]({own_page}): somebody may be waiting "
                "for your place."
                "\n\nWe look forward to meeting you."
            ),
            anchor=Anchor.BEGINS,
            days=-7,
            status="confirmed",
        ),
        "thanks": Starter(
            name=_("Thanks, the day after"),
            subject=_("Thank you for coming to {edition}"),
            body=_(
                "Dear {given_name},\n\n"
                "Thank you for joining us in {city}. Here is what came out of it:\n\n"
                "- **Photographs:** …\n"
                "- **What was agreed:** …\n\n"
                "What did you like, and what should the next edition do better? Just reply to this email.\n\n"
                "See you next year!"
            ),
            anchor=Anchor.ENDS,
            days=1,
            status="confirmed",
            arrived="yes",
        ),
        "closing": Starter(
            name=_("Registration closes soon"),
            subject=_("Registration for {edition} closes soon"),
            body=_(
                "Dear {given_name},\n\n"
                "Registration for {edition} is open until {closes}. Do you know somebody who should be there? "
                "Please pass this on to them.\n\n"
                "Your own place: {place}. Until then you can check and change your details on [your "
                "page]({own_page})."
            ),
            anchor=Anchor.CLOSES,
            days=-7,
        ),
        "waiting": Starter(
            name=_("News for people on the waiting list"),
            subject=_("{edition}: your place on the waiting list"),
            body=_(
                "Dear {given_name},\n\n"
                "You are still on the waiting list for {edition}: {place}.\n\n"
                "As soon as a place becomes free, the next in line is offered it by email, with a deadline. If "
                "you no longer want to wait, please cancel on [your page]({own_page}): it helps the people behind you."
            ),
            status="waitlisted",
        ),
    }
