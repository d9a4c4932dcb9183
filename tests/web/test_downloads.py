"""What a file is saved as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from dofc_events.web.downloads import disposition


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("people.csv", 'attachment; filename="people.csv"'),
        ("podrška.pdf", "attachment; filename=\"podrska.pdf\"; filename*=UTF-8''podr%C5%A1ka.pdf"),
        ("Писмо.pdf", "attachment; filename=\"Pismo.pdf\"; filename*=UTF-8''%D0%9F%D0%B8%D1%81%D0%BC%D0%BE.pdf"),
    ],
)
def test_a_name_beyond_ascii_is_there_twice(name, header):
    assert disposition(name) == header


@given(st.text(min_size=1))
def test_every_name_can_be_sent_and_read_back(name):
    header = disposition(name)
    assert header.encode("ascii").decode().isprintable()
    assert parse_options_header(header)[1]["filename"] == name
