"""What the tests of the delegate's acts share."""

from collections.abc import Callable

import pytest
from flask import Flask


@pytest.fixture
def app(shared_app: Callable[..., Flask]) -> Flask:
    """The site with an email server, so that messages are queued; nobody delivers them unless a test says so."""
    return shared_app(mail_server="127.0.0.1")
