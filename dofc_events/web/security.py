"""What every answer carries: headers, and a signed cookie."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, abort, request
from flask.sessions import SecureCookieSessionInterface

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

# A file that people sent is kept on the disk of whoever asks for it: no page of ours shows it.
DOWNLOAD_POLICY = "sandbox; default-src 'none'"
# For a stored HTML mail: it may look as it will look, and do nothing at all.
MAIL_PREVIEW_POLICY = "; ".join(
    ("sandbox", "default-src 'none'", "style-src 'unsafe-inline'", "frame-ancestors 'self'", "base-uri 'none'")
)


def _sha256(string: bytes = b"") -> Any:
    return hashlib.sha256(string)


class SignedSessions(SecureCookieSessionInterface):
    """Flask's own, which would sign with SHA-1."""

    digest_method = staticmethod(_sha256)


def transport_security(https: bool, *, subdomains: bool = False) -> dict[str, str]:
    """What tells browsers to use TLS from now on, for a year; nothing where the site has none."""
    said = "max-age=31536000; includeSubDomains" if subdomains else "max-age=31536000"
    return {"Strict-Transport-Security": said} if https else {}


def init_security(app: Flask, transport: Mapping[str, str]) -> None:
    """Add the headers to every answer, `transport` too; a view may have set a policy of its own."""

    @app.before_request
    def refuse_nul() -> None:
        # PostgreSQL cannot even compare text with it, and no address of ours has one.
        if "\0" in request.path or any("\0" in value for value in request.args.values()):
            abort(404)

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        # Pages carry links that act for a person, and counts that change.
        headers.setdefault("Cache-Control", "no-store")
        headers.update(transport)
        return response
