"""What a line of the log keeps to itself."""

import pytest

from dofc_events.web.answered import without_addresses


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <ana@dofc.test>: nobody here", "550 5.1.1 <…@…>: nobody here"),
        ("(ана@кластер.срб, 'x')", "(…@…, 'x')"),
        ("<0b5ff3c5-0000-4000-8000-0123456789ab@dofc.test>", "<0b5ff3c5-0000-4000-8000-0123456789ab@dofc.test>"),
        ("no address", "no address"),
        (7, 7),
    ],
)
def test_no_line_of_the_log_has_an_address(said, kept):
    assert without_addresses(None, "warning", {"error": said}) == {"error": kept}
