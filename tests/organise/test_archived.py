"""An archived edition is read-only, for everybody, until it is taken out of the archive."""

from dofc_events.conference.queries import edition_by_year
from dofc_events.conference.service import archive_edition
from dofc_events.core.audit import COMMAND
from tests import rights
from tests.support.factories import NOW

OF_EDITION = "/organise/editions/<year:year>/"
# Acts that change nothing of the edition: copying it, access to it, and the delivery of its emails. And the
# door, which has its own refusal, with its list on the same page. How long an edition names people, and the
# end of that, comes after it.
ALLOWED = {
    f"{OF_EDITION}{path}"
    for path in (
        "check-in",
        "copy",
        "take-out",
        "team",
        "team/<id:role_id>",
        "team/<id:role_id>/end",
        "mail/<id:message_id>/send-again",
        "mail/<id:message_id>/settle",
        "mail/release",
        "privacy/",
        "privacy/<reference>",
    )
}


def test_no_form_changes_an_archived_edition(app, writing):
    values, browsers = rights.make_world(app)
    with writing() as session:
        archive_edition(session, edition_by_year(session, rights.YEAR).id, COMMAND, NOW)
    forms = [r for r in app.url_map.iter_rules() if r.rule.startswith(OF_EDITION) and "POST" in r.methods]
    answers = {}
    for rule in forms:
        answer = browsers[rights.CHAIR].post(rights.address_of(rule, values, rights.CHAIR))
        answers[rule.rule] = answer.status_code
        answer.close()
    assert len(forms) > 30
    # An edition is written up when it is over.
    written_up = {rule for rule in answers if rule.startswith(f"{OF_EDITION}memory/")}
    assert {rule for rule, status in answers.items() if status != 409} == ALLOWED | written_up


def test_who_sent_a_form_about_an_archived_edition_is_told_what_to_do(organiser, writing, edition, year):
    form = organiser.get(f"/organise/editions/{year}/settings/texts").form().fill(summary="Late.")
    with writing() as session:
        archive_edition(session, edition.id, COMMAND, NOW)
    page = form.submit()
    assert (page.status, page.h1) == (409, f"Days of Clusters {year} is archived")
    asked = page.follow("Take it out of the archive")
    assert "Nobody will be told." in asked.text
    assert f"Days of Clusters {year} has been taken out of the archive." in asked.form().submit().text
    assert "Settings saved." in form.submit().text
