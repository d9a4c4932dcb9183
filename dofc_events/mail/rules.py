"""Pure decisions about messages: states, when to try again, how many one address gets, what an address is."""

import enum
from datetime import datetime, timedelta
from functools import lru_cache

import idna

from dofc_events.core.normal import normal

LEASE = timedelta(seconds=60)
# Four and a half days in all (RFC 5321, section 4.5.4.1): a server that is put right after a long weekend gets it all.
RETRY_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, *[240] * 26))
# How soon an unreachable server is tried again; a message whose connection broke waits no longer either.
UNREACHABLE_RETRY = timedelta(seconds=10)
LATE_AFTER = timedelta(minutes=10)
SHOW_LIFE_EVERY = timedelta(seconds=10)
# A round may take long: a list is closed, or letters to many are written.
WORKER_SILENT_AFTER = timedelta(minutes=2)
FORGET_WORKER_AFTER = timedelta(days=1)
LONGEST_GREETING = 40
# How many emails forms, and acts with a link, may cause one mailbox to get: so many within so long.
ADDRESS_LIMITS = ((5, timedelta(hours=1)), (20, timedelta(days=1)))
# What somebody changes with a link is never refused for it: it is told together with what follows, once there is room.
CHANGE_LIMITS = ((2, timedelta(minutes=5)), *ADDRESS_LIMITS)
# Emails that only contain a link that somebody asked for. They have a budget of their own for each kind, or strangers
# could keep somebody from signing in; from one network ADDRESS_LIMITS hold.
ABOUT_DATA = ("my-data", "erase-confirmation")
LINKS_ALONE = ("sign-in", "registration-link", "group-link", *ABOUT_DATA)
LINK_LIMITS = ((30, timedelta(hours=1)), (100, timedelta(days=1)))

# The mail domain of the demonstration's people, which cannot exist (RFC 2606).
INVENTED = "@demo.example"

# Sent even while the outbox is held: the people who are to look must be able to sign in.
SIGN_IN = "sign-in"
# Kinds that organisers write themselves: no later message replaces one of them, and they replace none.
ANNOUNCEMENT = "announcement"
REMINDER = "reminder"
PHOTOGRAPH_OBJECTION = "photograph-objection"
WRITTEN_BY_HAND = (ANNOUNCEMENT, REMINDER)
# To an address that is no longer used, as somebody has corrected it.
TO_OLD_ADDRESS = ("address-changed", "group-contact-changed")
# Kinds after which earlier messages remain true.
SAYS_NOTHING_NEW = (
    *WRITTEN_BY_HAND,
    "registration-link",
    "group-link",
    "already-registered",
    "proposal-link",
    "my-data",
    "erase-confirmation",
)


class MessageState(enum.StrEnum):
    """`kept`: no mail server is configured. `withdrawn`: taken back before it was sent, or out of date."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


def can_be_read_by_nobody(recipient: str, kind: str) -> bool:
    """Whether a message is for somebody of the demonstration; a link to sign in is for whoever typed the address."""
    return recipient.endswith(INVENTED) and kind != SIGN_IN


# These are no longer sent.
DONE_WITH = (MessageState.SENT, MessageState.WITHDRAWN)


def retry_at(refusals: int, now: datetime) -> datetime | None:
    """When a message that was temporarily refused is tried again; None when it is given up."""
    return now + RETRY_AFTER[refusals - 1] if refusals <= len(RETRY_AFTER) else None


def address_key(address: str) -> str:
    """What two spellings of one email address have in common.

    Unicode compatibility composition (NFKC) and full case folding, by which most scripts agree. Full folding keeps the
    Turkish dotless ı apart from i, and makes of İ an i with a dot of its own (Unicode, CaseFolding.txt). Keyboards and
    telephones mix the four up, so i, I, ı and İ all count as i. The domain is compared in its ASCII form (IDNA 2008,
    UTS 46). Dots and what follows a `+` are kept: not every provider ignores them.
    """
    local, _, domain = normal("NFKC", address).strip().rpartition("@")
    local = normal("NFKC", local.replace("İ", "i").replace("ı", "i").casefold())
    try:
        domain = _in_ascii(domain)
    except idna.IDNAError:
        domain = domain.casefold()
    return f"{local}@{domain.lower()}"


def mailbox_key(address: str) -> str:
    """What limits count as one: `address_key` without what follows a `+`, by which many providers keep one mailbox.

    Nobody is taken for somebody else by it: two people who share a mailbox may both register.
    """
    local, _, domain = address_key(address).rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def greeted(name: str) -> str:
    """A name as an email greets somebody: nobody is called more than that, but a whole message fits into a field."""
    if len(name) <= LONGEST_GREETING:
        return name
    cut = name[: LONGEST_GREETING - 1]
    return f"{cut.rpartition(' ')[0] or cut}…"


def deliverable(address: str) -> str:
    """The address as it is put on the envelope: the domain in its ASCII form."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_in_ascii(domain)}"


@lru_cache(maxsize=1000)
def _in_ascii(domain: str) -> str:
    # Most addresses are at a few domains, and each is looked at several times.
    return idna.encode(domain, uts46=True).decode()


def in_ascii(address: str) -> str:
    """As `deliverable`, for an address from the settings, whose domain may not exist on the internet."""
    return address if address.isascii() else deliverable(address)
