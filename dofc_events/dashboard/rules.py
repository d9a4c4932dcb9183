"""Pure decisions of the organisers' pages: which links are hidden, what a new category's slug is."""

import re
import unicodedata
from collections.abc import Collection
from html import unescape

# The part of an address that acts for a person, after the path of each page that takes one.
_SECRET = re.compile(r"(/(?:registrations|sign-in|hosting/vote|hosting/proposals)/)[^/\s\"'<>?#&\\)\]]+")
_LINK = re.compile(r"""\s(?:href|xlink:href|action|formaction)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)

HIDDEN = "…"
LONGEST_SLUG = 60


def masked(text: str) -> str:
    """The text with the secret of every link that acts for a person replaced: nobody else may use it."""
    return _SECRET.sub(rf"\1{HIDDEN}", text)


def masked_html(html: str) -> str:
    """The same for HTML, in which such a link also no longer leads anywhere."""
    return masked(_LINK.sub(_without_secret, html))


def slug_for(label: str, taken: Collection[str], otherwise: str = "category") -> str:
    """A slug for what is called `label` that is not `taken`: small Latin letters, digits and hyphens.

    A label that has no Latin letters gives `otherwise`, so that a slug is something one can type in any address bar.
    """
    latin = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[: LONGEST_SLUG - 4].strip("-") or otherwise
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug


def _without_secret(attribute: re.Match[str]) -> str:
    return "" if _SECRET.search(unescape(attribute[1])) else attribute[0]
