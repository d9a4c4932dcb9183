"""Web and email addresses in what our emails quote: somebody who types a name must not put a link under ours.

Email programs make a link of more than browsers do: `www.` and any word.word are enough for some.
"""

import re

from dofc_events.core.normal import normal

_LAST = r"(?:xn--[\w-]+|[^\W\d_]{2,})"
_CERTAIN = re.compile(rf"://|(?:^|\W)www\.\w|\w@[\w-]+\.\w|\w\.{_LAST}(?::\d+)?[/?#]", re.IGNORECASE)
_BARE = re.compile(rf"([\w-]+)\.(?=({_LAST}))", re.IGNORECASE)


def address_in(text: str, *, bare: bool) -> str:
    """The first word that is an address, or "".

    Organisations are called Booking.com, and Cluster.NET Ltd: a domain with nothing before or after it is one only if
    `bare`, as people are not. They have initials and titles: A.Kovač is none, nor is Dr. Kovač; Dr.Kovač cannot be told
    from a domain.
    """
    for word in normal("NFKC", text).replace("。", ".").split():
        if _CERTAIN.search(word) or (bare and any(_is_domain(*parts) for parts in _BARE.findall(word))):
            return word
    return ""


def _is_domain(label: str, last: str) -> bool:
    return len(label) > 1 or (last.isascii() and last.islower())
