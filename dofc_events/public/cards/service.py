"""Cards as pictures, each drawn once and kept beside the assets: they can be drawn again at any time."""

import os
import tempfile
from pathlib import Path

from dofc_events.core import contained
from dofc_events.documents.cards.rules import Card

ARTIST = "dofc_events.documents.cards"


def picture_of(card: Card, subject: str, instance: Path) -> bytes:
    """The PNG of a card. What an earlier card of the same `subject` looked like is forgotten. Raises TooBusy.

    It can take as long as `contained.run`: not in a transaction.
    """
    folder = instance / "cards"
    path = folder / f"{subject}.{card.name}.png"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        drawn = contained.run(ARTIST, card.as_json(), instance)
    folder.mkdir(parents=True, exist_ok=True)
    for former in folder.glob(f"{subject}.*.png"):
        former.unlink(missing_ok=True)
    # In one step, so that two who draw it together never hand out half a picture.
    handle, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(drawn)
    os.replace(temporary, path)
    return drawn
