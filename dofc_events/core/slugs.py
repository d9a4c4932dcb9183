"""Slugs: names for addresses, made from what something is called."""

import re
import unicodedata
from collections.abc import Collection

LONGEST_SLUG = 60


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
