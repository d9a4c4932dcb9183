"""What the tests of commands share."""

import pytest
from sqlalchemy import select

from dofc_events.commands.check import faults
from dofc_events.core.db import db
from dofc_events.delegates.models import Registration
from dofc_events.places.models import Claim


@pytest.fixture
def command(app):
    """`command()`: the exit status and the lines that the command prints."""

    def run() -> tuple[int, list[str]]:
        answer = app.test_cli_runner().invoke(args=["check"])
        return answer.exit_code, answer.output.splitlines()

    return run


@pytest.fixture
def check(app):
    """`check()`: what the command would say of the data; to look at the schema takes longer than all else."""

    def run() -> tuple[int, list[str]]:
        with app.app_context():
            found = faults(db.session())
        return (1, found) if found else (0, ["Everything adds up."])

    return run


def of(reference: str):
    """The claim of a registration, as a condition."""
    return Claim.registration_id == select(Registration.id).where(Registration.reference == reference).scalar_subquery()
