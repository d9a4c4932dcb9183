"""Each public edition has a picture of its own."""

from datetime import UTC, datetime
from pathlib import Path

from dofc_events.conference.models import Edition
from dofc_events.core.audit import COMMAND
from dofc_events.memory.history.service import load_history

NOW = datetime(2027, 2, 1, 12, tzinfo=UTC)


def test_an_editions_picture_is_drawn_once_and_again_when_it_changes(client, app, writing):
    with writing() as session:
        load_history(session, COMMAND, NOW)
    kept = Path(app.extensions["dofc_events"].instance) / "cards"
    drawn = client.get("/editions/2014/card.png", checked=False)
    assert drawn.headers["Content-Type"] == "image/png" and drawn.data.startswith(b"\x89PNG")
    assert "public" in drawn.headers["Cache-Control"]
    (first,) = kept.iterdir()
    first.write_bytes(b"kept")
    assert client.get("/editions/2014/card.png?v=whatever", checked=False).data == b"kept"
    with writing() as session:
        session.query(Edition).filter_by(year=2014).one().city = "Istanbul"
    assert client.get("/editions/2014/card.png", checked=False).data.startswith(b"\x89PNG")
    (second,) = kept.iterdir()
    assert second != first


def test_nobody_sees_a_picture_of_a_draft(client, writing):
    with writing() as session:
        session.add(Edition(year=2030, city="Daegu", country="KR"))
    assert client.get("/editions/2030/card.png").status == 404
    assert client.get("/editions/1999/card.png").status == 404
