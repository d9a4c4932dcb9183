"""What the tests of groups share."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.factories import make_edition


@pytest.fixture
def app(shared_app: Callable[..., Flask]) -> Flask:
    """The site with an email server, so that messages are queued."""
    return shared_app(mail_server="127.0.0.1")


@pytest.fixture
def edition(writing):
    with writing() as session:
        return make_edition(session, year=2027, capacity=30)
