"""Whether what a browser answered comes from a passkey, from this site, and is an answer to what it was asked.

The library that reads it weighs 8 MB in each process and parses what others made, so it runs in a process of its own
(`__main__`), in a line in which no file stands before it. Not in a transaction.
"""

import json
from dataclasses import dataclass

from dofc_events.accounts.factors.passkeys.rules import LONGEST, encoded
from dofc_events.accounts.factors.rules import RelyingParty
from dofc_events.core import contained
from dofc_events.core.errors import Refusal
from dofc_events.extensions import settings

CHECKER = "dofc_events.accounts.factors.passkeys"


class PasskeyRefused(Refusal):
    """This is no answer of a passkey to what was asked; the message, for the trail, says why."""


@dataclass(frozen=True)
class NewPasskey:
    """What is stored of a new passkey."""

    credential: str
    public_key: bytes
    sign_count: int


def made_passkey(party: RelyingParty, challenge: str, answer: str) -> NewPasskey:
    """The passkey that a browser made. Raises PasskeyRefused, TooBusy."""
    found = _checked(party, challenge, answer)
    return NewPasskey(str(found["credential"]), bytes.fromhex(str(found["public_key"])), int(found["sign_count"]))


def new_sign_count(party: RelyingParty, challenge: str, answer: str, public_key: bytes, sign_count: int) -> int:
    """How often the passkey has signed by now, if it has signed this challenge. Raises PasskeyRefused, TooBusy.

    One that counts and has not counted on since `sign_count` is a copy, and refused.
    """
    return int(_checked(party, challenge, answer, public_key=public_key.hex(), sign_count=sign_count)["sign_count"])


def _checked(party: RelyingParty, challenge: str, answer: str, **known: str | int) -> dict[str, str | int]:
    if len(answer) > LONGEST:
        raise PasskeyRefused("too long")
    asked = {"answer": answer, "challenge": encoded(challenge), "rp_id": party.id, "origin": party.origin, **known}
    try:
        said = contained.run(CHECKER, json.dumps(asked).encode(), settings().instance, contained.Line.PASSKEYS)
    except contained.TooCostly:
        raise PasskeyRefused("too costly") from None
    found: dict[str, str | int] = json.loads(said)
    if "refused" in found:
        raise PasskeyRefused(str(found["refused"]))
    return found
