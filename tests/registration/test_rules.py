"""Until when details can be changed."""

from datetime import timedelta

import pytest

from dofc_events.registration.rules import details_are_frozen
from tests.support.factories import NOW

SOON = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("freezes_at", "is_over", "has_ended", "frozen"),
    [
        (None, False, False, False),
        (SOON, False, False, False),
        (NOW, False, False, True),
        (SOON, True, False, True),
        (SOON, False, True, True),
        (None, True, False, True),
    ],
)
def test_details_are_frozen_from_the_freeze_date_on(freezes_at, is_over, has_ended, frozen):
    assert details_are_frozen(freezes_at, is_over, has_ended, NOW) is frozen
