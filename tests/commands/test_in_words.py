"""What commands say that cannot do their work: a sentence, whatever the reason, and never where in the code it was."""

import click
import pytest
from sqlalchemy import update

from dofc_events.commands import COMMANDS
from dofc_events.conference.models import Edition
from dofc_events.conference.rules import EditionStatus
from dofc_events.core.clock import now
from tests.support.factories import make_edition


def _every(command: click.Command, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    path = (*before, str(command.name))
    if isinstance(command, click.Group):
        return [found for one in command.commands.values() for found in _every(one, path)]
    return [path]


def _arguments(path: tuple[str, ...], file) -> list[str]:
    match path:
        case ("accounts", "add"):
            more = ["x@cluster.example", "--name", "X", "--role", "chair"]
        case ("accounts", _):
            more = ["x@cluster.example"]
        case ("edition",):
            more = ["2031"]
        case ("privacy", "erase"):
            more = ["7KX9-Q2MB"]
        case ("data", _):
            more = ["--to", f"sqlite:///{file}"]
        case ("backup",) | ("memory", "export"):
            more = [f"{file}.new"]
        case ("restore",) | ("memory", "import"):
            more = [str(file)]
        case ("worker",):
            more = ["--once"]
        case _:
            more = []
    return [*path, *more]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("url", ["postgresql+psycopg://nobody@127.0.0.1:1/none", "never migrated"])
def test_no_command_ends_in_a_traceback_without_a_database(databases, tmp_path, url):
    file = tmp_path / "given"
    file.write_text("organisations: []")
    app = databases.site(f"sqlite:///{tmp_path}/new.sqlite" if url == "never migrated" else url, tmp_path)
    for path in [found for command in COMMANDS for found in _every(command)]:
        answer = app.test_cli_runner().invoke(args=_arguments(path, file))
        assert answer.exit_code == 1 and isinstance(answer.exception, SystemExit), (path, answer.exception)
        assert "Error(" not in answer.output and "[SQL" not in answer.output, path
    if url != "never migrated":
        assert isinstance(app.test_cli_runner().invoke(args=["db", "upgrade"]).exception, SystemExit)


@pytest.mark.databases("sqlite")
def test_a_script_reads_why_the_mode_of_trips_stays_once_the_draw_was_published(app, writing):
    with writing() as session:
        make_edition(session, now=now(), year=2031)
        session.execute(update(Edition).values(trip_mode="draw", trips_drawn_at=now()))
    answer = app.test_cli_runner().invoke(args=["edition", "2031", "--trip-mode", "first-come"])
    assert (answer.exit_code, answer.stdout) == (1, "") and "The draw has been published" in answer.stderr
    with writing() as session:
        session.execute(update(Edition).values(status=EditionStatus.DRAFT))
    answer = app.test_cli_runner().invoke(args=["edition", "2031", "--archive"])
    assert answer.exit_code == 1 and "The edition of 2031 is a draft" in answer.stderr
