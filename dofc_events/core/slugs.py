"""Slugs: names for addresses, made from the name of something."""

import re
from collections.abc import Collection

from anyascii import anyascii

LONGEST_SLUG = 60
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def slug_for(label: str, taken: Collection[str], otherwise: str = "category") -> str:
    """A slug made from `label` that is not among `taken`: lower-case Latin letters, digits and hyphens.

    Other scripts are transliterated, so that anybody can type the slug. A label without letters or digits gives
    `otherwise`.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", anyascii(label).lower()).strip("-")[: LONGEST_SLUG - 4].strip("-") or otherwise
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug
