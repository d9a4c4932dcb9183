"""Looks at what a browser answered, in a process with limits; see `queries`, which says what comes in and goes out."""

import json
from typing import Any

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier

from dofc_events.accounts.factors.passkeys.rules import ALGORITHMS
from dofc_events.core.limited import serve


def read(sent: bytes) -> bytes:
    """What was found in JSON, or why nothing was."""
    asked = json.loads(sent)
    expected: dict[str, Any] = {
        "credential": asked["answer"],
        "expected_challenge": base64url_to_bytes(asked["challenge"]),
        "expected_rp_id": asked["rp_id"],
        "expected_origin": asked["origin"],
        "require_user_verification": True,
    }
    try:
        found = _used(expected, asked) if "public_key" in asked else _made(expected)
    except Exception as error:
        # Whatever the library stumbles over was sent by the browser.
        return json.dumps({"refused": f"{type(error).__name__}: {error}"[:200]}).encode()
    return json.dumps(found).encode()


def _made(expected: dict[str, Any]) -> dict[str, Any]:
    algorithms = [COSEAlgorithmIdentifier(number) for number in ALGORITHMS]
    made = verify_registration_response(**expected, supported_pub_key_algs=algorithms)
    return {
        "credential": bytes_to_base64url(made.credential_id),
        "public_key": made.credential_public_key.hex(),
        "sign_count": made.sign_count,
    }


def _used(expected: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    used = verify_authentication_response(
        **expected,
        credential_public_key=bytes.fromhex(asked["public_key"]),
        credential_current_sign_count=asked["sign_count"],
    )
    return {"sign_count": used.new_sign_count}


if __name__ == "__main__":
    serve(read)
