"""What stands on a card, and the name of its picture."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

# What messengers ask for, in pixels.
WIDTH, HEIGHT = 1200, 630

# Grows whenever cards look different, so that none of before is shown.
_DRAWING = 1


@dataclass(frozen=True)
class Card:
    """A title, what stands above it (a place, a kind), and below it (days, hosts): each a line or none."""

    title: str
    above: str = ""
    below: str = ""

    def as_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @property
    def name(self) -> str:
        """Equal cards have the same, and no others: what it says has to do."""
        return sha256(b"%d %s" % (_DRAWING, self.as_json())).hexdigest()[:16]
