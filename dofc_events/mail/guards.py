"""Keeps forms that anyone can fill in from being used to flood a mailbox."""

from collections.abc import Callable
from typing import Any

from flask import g, request
from flask_wtf import FlaskForm

from dofc_events.extensions import client_network, limiter
from dofc_events.mail.rules import ADDRESS_LIMITS, mailbox_key

# Less than the outbox writes to one address: what one client cannot use up is left for others.
PER_ADDRESS = "; ".join(f"{count} per {int(span.total_seconds())} seconds" for count, span in ADDRESS_LIMITS)


def limit_by_address(form: type[FlaskForm]) -> Callable[..., Any]:
    """Answer 429 to a client's form that names one address too often, whether or not we would write to it.

    Strangers elsewhere do not count: five forms of theirs would keep somebody from signing in. What the outbox counts
    would betray which addresses we know. A form that is not accepted sends nothing and is not counted, nor one that the
    site itself handles once more.
    """
    decorator: Callable[..., Any] = limiter.limit(
        PER_ADDRESS,
        key_func=lambda: f"{mailbox_key(request.form.get('email', ''))} {client_network()}",
        methods=["POST"],
        exempt_when=lambda: "begun_anew" in g or not form().validate_on_submit(),
        override_defaults=False,
    )
    return decorator
