"""What an entry of the trail says once it no longer names anybody: acts, times and numbers."""

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dofc_events.privacy.rules import GONE

# An entry without names says so, and is not looked at again.
NAMELESS = "nameless"
# What is said of a person in words of ours, which identify nobody.
OURS = ("status", "trip", "reason", "kind", "role", "instead_of", "question", "side", "country", "category", "language")
# What names somebody in entries that are about no one person.
NAMING = ("name", "email", "file", "contact_name", "contact_email", "because", "other", "team")


# What an address of the list has that may name somebody.
SEARCHES = ("q", "pick")


def without_names(details: dict[str, Any]) -> dict[str, Any]:
    """What an entry about a person said, without any word that somebody typed."""
    return {**_numbers(details), NAMELESS: True}


def _numbers(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: one if key in OURS else _numbers(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_numbers(one, name) for one in value]
    is_told = isinstance(value, str) and value and not name.endswith(("_at", "_on")) and name not in OURS
    return GONE if is_told else value


def without(details: Any, names: Collection[str]) -> Any:
    """What an entry said, without what it said under these names, however deep."""
    if isinstance(details, dict):
        return {key: _gone(one) if key in names else without(one, names) for key, one in details.items()}
    return [without(one, names) for one in details] if isinstance(details, list) else details


def _gone(value: Any) -> Any:
    """In the shape that it had: a change has two values."""
    if isinstance(value, list):
        return [_gone(one) for one in value]
    return GONE if isinstance(value, str) and value else value


def lacking(details: Any, names: Collection[str]) -> Any:
    """What an entry said, as if it had never had these fields."""
    if isinstance(details, dict):
        return {key: lacking(one, names) for key, one in details.items() if key not in names}
    return [lacking(one, names) for one in details] if isinstance(details, list) else details


def exchanged(value: Any, old: str, new: str) -> Any:
    """The value with one text replaced by another, however deep and wherever in a text."""
    if isinstance(value, dict):
        return {key: exchanged(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [exchanged(one, old, new) for one in value]
    return value.replace(old, new) if isinstance(value, str) else value


def names_one_of(words: str, values: Collection[str]) -> bool:
    """Whether one of the words that somebody searched for is a word of these values."""
    known = {word for value in values for word in value.casefold().split()}
    return bool(known & set(words.casefold().split()))


def search_without(query: str, values: Collection[str] | None) -> str:
    """The address of a list without its search; given `values`, only if the search names the person they belong to."""
    kept = [
        (name, words)
        for name, words in parse_qsl(query, keep_blank_values=True)
        if name not in SEARCHES or (values is not None and not names_one_of(words, values))
    ]
    return query if len(kept) == len(parse_qsl(query, keep_blank_values=True)) else urlencode(kept)
