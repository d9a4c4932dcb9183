"""Named refusals: what a service raises when a rule says no. Views turn them into words."""

import hashlib
from collections.abc import Sequence


class Refusal(Exception):
    """A rule said no. Nothing has been changed; the unit of work that raised it was rolled back."""


class NotAgreed(Refusal):
    """The act has consequences that the person asking for it has not seen.

    `consequences` are lists of it, of which one or the other may be empty. To agree, send `digest`.
    """

    def __init__(self, consequences: tuple[Sequence[object], ...], digest: str) -> None:
        super().__init__(str(consequences))
        self.consequences, self.digest = consequences, digest


def ask_first(agreed: str, *consequences: Sequence[object]) -> None:
    """Raises NotAgreed if there are any, unless `agreed` is the digest of exactly these, in whatever order."""
    lines = sorted(repr(one) for some in consequences for one in some)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if lines and agreed != digest:
        raise NotAgreed(consequences, digest)


class ChangedMeanwhile(Exception):
    """What is stored is no longer what the act started from: its entry point reads it again and starts over."""
