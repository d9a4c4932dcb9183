"""When the place or time has changed, organisers choose whether a letter tells everybody."""

from sqlalchemy import func, select

from dofc_events.core.audit import AuditEntry
from dofc_events.letters.models import LetterRecipient
from dofc_events.mail.models import Message


def change(organiser, year, **typed):
    return organiser.get(f"/organise/editions/{year}/settings/dates").form().fill(**typed).submit()


def test_changed_place_asks_whether_to_tell_everybody(organiser, year, register, tick, reading, with_mail_server):
    with_mail_server()
    references = [register(), register(), register()]
    page = change(organiser, year, city="Plovdiv")
    assert page.h1 == "Tell 3 people that the place or time has changed?"
    assert "Sofia, Bulgaria → House of Clusters, 12 Vitosha Boulevard, Plovdiv, Bulgaria" in page.text
    form = page.form().fill(sentence="Bring a {naem}")
    page = form.submit("tell")
    assert page.status == 422 and "{naem}" in page.text
    form = page.form().fill(sentence="Dear {given_name}, the train takes two hours.")
    assert "The letter is being sent to 3 people." in form.submit("tell").text
    assert "Nothing has been changed" in form.submit("tell").text
    tick()
    with reading() as session:
        messages = session.scalars(select(Message).where(Message.kind == "announcement").order_by(Message.id)).all()
    assert sorted(m.about for m in messages) == sorted(references)
    assert "Dear Łucja, the train takes two hours." in messages[0].text
    assert [len(m.attachments) for m in messages] == [1, 1, 0], "who waits has nothing in the calendar"


def test_telling_nobody_is_a_choice_that_is_recorded(organiser, year, register, reading, announced):
    register()
    page = change(organiser, year, starts_at="11:00").form().submit("nobody")
    assert (
        "Nobody will be told. This has been recorded." in page.text
        and "Nobody was told" in page.one("tr[data-letter]").text
    )
    with reading() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.act == "change_not_told")) == 1
        assert session.scalar(select(func.count()).select_from(LetterRecipient)) == 0
    assert "Told nobody that the place or time has changed" in organiser.get(f"/organise/editions/{year}/audit").text


def test_question_stays_until_it_is_answered(organiser, year, register, see):
    register()
    change(organiser, year, city="Plovdiv")
    assert change(organiser, year, freezes_at="2027-03-01T09:00").h1 == "Place and dates", (
        "asked once, not after each change"
    )
    page = see().follow("The place or time has changed").follow("Tell everybody, or nobody…")
    assert page.h1.startswith("Tell 1 person")


def test_change_back_leaves_nothing_to_tell(organiser, year, register, see):
    register()
    change(organiser, year, city="Plovdiv")
    assert change(organiser, year, city="Sofia").h1 == "Place and dates"
    assert "Nobody was told" in see().one("tr[data-letter]").text


def test_nobody_is_asked_when_nobody_is_registered(organiser, year):
    assert change(organiser, year, city="Plovdiv").h1 == "Place and dates"
