"""What a browser is asked for, as WebAuthn names it, and what is asked of the process that looks at its answer.

Our script unpacks these, and browsers read them (WebAuthn, section 5.1: `parseCreationOptionsFromJSON` and
`parseRequestOptionsFromJSON`).
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

from dofc_events.accounts.factors.rules import RelyingParty

# EdDSA, ECDSA on P-256, RSA: https://www.iana.org/assignments/cose/
ALGORITHMS = (-8, -7, -257)
# Passkeys that a device keeps are told apart by it; that it knows who holds it (PIN, face, finger) is required.
VERIFICATION = "required"
MILLISECONDS = 300_000
# Of what is not read because no browser sends as much.
LONGEST = 20_000


def creation_options(
    party: RelyingParty, challenge: str, user: str, email: str, name: str, existing: Iterable[str]
) -> str:
    """To make a passkey, unless the device has one of the `existing`."""
    return _packed(
        {
            "rp": {"id": party.id, "name": "Days of Clusters"},
            "user": {"id": encoded(user), "name": email, "displayName": name},
            "challenge": encoded(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
            "timeout": MILLISECONDS,
            "attestation": "none",
            "excludeCredentials": _named(existing),
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": VERIFICATION},
        }
    )


def request_options(party: RelyingParty, challenge: str, existing: Iterable[str]) -> str:
    """To sign with one of the `existing` passkeys."""
    return _packed(
        {
            "rpId": party.id,
            "challenge": encoded(challenge),
            "timeout": MILLISECONDS,
            "allowCredentials": _named(existing),
            "userVerification": VERIFICATION,
        }
    )


def encoded(text: str) -> str:
    """Base64url without padding: how WebAuthn writes bytes as text."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def credential_in(answer: str) -> str:
    """The id of the passkey that a browser says it answers with; empty if it says none."""
    try:
        said = json.loads(answer) if len(answer) <= LONGEST else None
    except (ValueError, RecursionError):
        return ""
    credential = said.get("id") if isinstance(said, dict) else None
    # Base64url, of which every character is one that a database takes.
    return credential if isinstance(credential, str) and credential.isascii() and credential.isprintable() else ""


def _named(credentials: Iterable[str]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": credential} for credential in credentials]


def _packed(options: dict[str, Any]) -> str:
    """JSON in base64, as an attribute of an element holds it and a script reads it."""
    return base64.b64encode(json.dumps(options).encode()).decode()
