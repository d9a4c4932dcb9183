"""The documents say what the code does, where a program can compare the two."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import pytest

from dofc_events.accounts.forms import SignInForm
from dofc_events.conference.rules import EditionStatus
from dofc_events.config import ROOT, Settings
from dofc_events.health.rules import Trouble
from dofc_events.hosting.proposals.forms import LostLinkForm, NewProposalForm
from dofc_events.hosting.rules import ProposalStatus
from dofc_events.mail.rules import SIGN_IN, WRITTEN_BY_HAND, MessageState
from dofc_events.notices.queries import STATUS_KINDS
from dofc_events.organise.registrations.export.queries import TAG_COLUMNS, export_columns
from dofc_events.places.rules import PLACE_STATUSES, ClaimStatus
from dofc_events.questions.rules import Kind, OwnQuestion
from dofc_events.registration.answers.forms import AnswersField
from dofc_events.registration.forms import AddressForm, HandOverForm, RegistrationForm
from dofc_events.trips.models import Trip

OPERATIONS = ROOT / "docs" / "operations.md"
CONTRACT = ROOT / "docs" / "contract.md"
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]

# Fields that no variable sets: tests give another directory.
NOT_VARIABLES = {"instance"}
# Variables that are read before or beside the settings: by gunicorn and by the Makefile.
BESIDE_THE_SETTINGS = {"PORT", "WEB_CONCURRENCY"}
VARIABLES = {field.name.upper() for field in fields(Settings)} - {n.upper() for n in NOT_VARIABLES}

QUESTION = OwnQuestion(id=1, key="<key>", kind=Kind.TEXT, caption="", hint="")
FORMS = {
    "registration": RegistrationForm,
    "lost link": AddressForm,
    "hand over": HandOverForm,
    "proposal": NewProposalForm,
    "lost link of a proposal": LostLinkForm,
    "sign-in": SignInForm,
}


def section(heading: str) -> str:
    """A section of the contract, with its subsections."""
    _, found, rest = CONTRACT.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    assert found, f"the contract has no section {heading!r}"
    return rest.partition("\n## ")[0]


def code_in(text: str) -> set[str]:
    """Everything in `backticks`."""
    return set(re.findall(r"`([^`]*)`", text))


def row(table: str, first: str) -> str:
    """The row of a Markdown table that begins with a cell, without that cell."""
    rows = [line for line in table.splitlines() if line.startswith(f"| {first} |")]
    assert len(rows) == 1, f"{len(rows)} rows {first!r}"
    return rows[0].split("|", 2)[2]


def named_in(path: Path) -> set[str]:
    """The environment variables that a document names, in its `code`."""
    code = re.findall(r"`([^`]*)`", path.read_text(encoding="utf-8"))
    return {name for piece in code for name in re.findall(r"\b[A-Z][A-Z_]{3,}\b", piece)}


def values_of(states: Iterable[str]) -> set[str]:
    return {str(state) for state in states}


@pytest.mark.parametrize("variable", sorted(VARIABLES | BESIDE_THE_SETTINGS))
def test_operations_explains_every_variable(variable):
    assert variable in named_in(OPERATIONS)


def test_the_contract_names_every_variable():
    promised = set(re.findall(r"`([A-Z][A-Z_]+)`", section("Environment")))
    assert promised == VARIABLES | BESIDE_THE_SETTINGS


@pytest.mark.databases("sqlite")
def test_the_contract_names_every_command(app):
    promised = re.findall(r"`flask --app wsgi ([\w-]+)", CONTRACT.read_text(encoding="utf-8"))
    # Commands of the libraries are theirs to promise; of those we promise only `db`.
    ours = {n for n, c in app.cli.commands.items() if _module(c).startswith("dofc_events.")}
    assert set(promised) == ours | {"db"}


@pytest.mark.databases("sqlite")
def test_the_contract_names_every_option_of_ours(app):
    promised = set(re.findall(r"--[a-z][a-z-]*", " ".join(code_in(section("Commands"))))) - {"--app"}
    offered = set()
    for command in app.cli.commands.values():
        if _module(command).startswith("dofc_events."):
            for one in [command, *getattr(command, "commands", {}).values()]:
                offered |= {option for parameter in one.params for option in parameter.opts if option.startswith("--")}
    assert promised == offered


@pytest.mark.databases("sqlite")
def test_the_contract_names_every_page(app):
    promised = {_without_names(code) for code in code_in(section("Pages")) if code.startswith("/")}
    assert promised == {_without_names(rule.rule) for rule in app.url_map.iter_rules()}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("name", FORMS)
def test_the_contract_names_every_field(app, name):
    app.config["WTF_CSRF_ENABLED"] = True
    with app.test_request_context():
        # What an edition asks of its own has fields of the questions' names.
        present = {field.name for field in FORMS[name]() if not isinstance(field, AnswersField)}
    promised = {code for code in code_in(row(section("Form fields"), name)) if re.fullmatch(r"[a-z_]{2,}", code)}
    assert promised == present


@pytest.mark.parametrize(
    ("file", "columns"),
    [("registrations", export_columns([Trip(slug="<slug>")], [QUESTION])), ("lists/name-tags", TAG_COLUMNS)],
)
def test_the_contract_names_every_column(file, columns):
    promised = code_in(row(section("Files"), f"`/organise/editions/<year>/{file}.csv`"))
    assert promised - {"yes", "no", "held"} == set(columns)


def test_the_contract_names_every_kind_of_message():
    promised = {line.split("`")[1] for line in section("Mail").splitlines() if line.startswith("| `")}
    sent = set()
    for path in (ROOT / "dofc_events").rglob("mails.py"):
        texts = [n.value for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Constant)]
        sent |= {text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+|ballot", text)}
    assert promised == sent | {*WRITTEN_BY_HAND, SIGN_IN}
    assert set(STATUS_KINDS.values()) <= promised


@pytest.mark.parametrize(
    ("of_what", "states"),
    [
        ("a registration's place", PLACE_STATUSES),
        ("a proposal", ProposalStatus),
        ("a message", MessageState),
        ("an edition", EditionStatus),
    ],
)
def test_the_contract_names_every_state(of_what, states):
    assert code_in(row(section("States"), of_what)) == values_of(states)


def test_the_contract_names_what_a_seat_can_be_more_than_a_place():
    more = code_in(row(section("States"), "a seat on a learning trip"))
    assert more == values_of(set(ClaimStatus) - set(PLACE_STATUSES)) | {"none"}


def test_operations_says_what_to_do_in_every_state_of_a_message():
    mail = OPERATIONS.read_text(encoding="utf-8").partition("\n## Mail\n")[2].partition("\n## ")[0]
    assert {line.split("`")[1] for line in mail.splitlines() if line.startswith("| `")} == values_of(MessageState)


def test_operations_says_what_to_do_in_every_trouble():
    health = OPERATIONS.read_text(encoding="utf-8").partition("\n## Is it well?\n")[2].partition("\n## ")[0]
    assert {line.split("`")[1] for line in health.splitlines() if line.startswith("| `")} == values_of(Trouble) | {
        "trouble"
    }


@pytest.mark.databases("sqlite")
def test_operations_names_every_field_of_health(app):
    assert set(app.test_client().get("/healthz").get_json()) <= code_in(OPERATIONS.read_text(encoding="utf-8"))


def test_pages_carry_the_marks_that_the_contract_names():
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "templates").rglob("*.html"))
    marks = {code for code in code_in(section("Marks on pages")) if code.startswith("data-")}
    assert marks and not {mark for mark in marks if not re.search(rf"{mark}\b(?!-)", pages)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_the_documents_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            name, _, anchor = target.partition("#")
            found = (path.parent / name).resolve() if name else path
            assert found.exists(), f"{target}: there is no such file"
            assert not anchor or anchor in _anchors(found), f"{target}: there is no such heading"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_and_functions_that_a_document_names_are_there(path):
    """As in `places/service.py:claim_place`, from the package on, or from the root on."""
    for code in code_in(path.read_text(encoding="utf-8")):
        place = re.fullmatch(r"([\w/]+\.py)(?::(\w+)(?:\.(\w+))?)?", code)
        if not place or "/" not in place[1]:
            continue
        found = next((base / place[1] for base in (ROOT, ROOT / "dofc_events") if (base / place[1]).exists()), None)
        assert found, f"{code}: there is no such file"
        for name in filter(None, place.groups()[1:]):
            assert re.search(rf"^\s*(def|class) {name}\b|^\s*{name}\b.*=", found.read_text(encoding="utf-8"), re.M), (
                code
            )


def _module(command) -> str:
    """Where a command, or a group's first command, is written."""
    written = command.callback or next(iter(getattr(command, "commands", {}).values())).callback
    while hasattr(written, "__wrapped__"):
        written = written.__wrapped__
    return str(written.__module__)


def _without_names(path: str) -> str:
    """`/editions/<int:year>/` and `/editions/<year>/` are the same page."""
    return re.sub(r"<[^>]*>", "<>", path)


def _anchors(path: Path) -> set[str]:
    """The names by which GitHub links to a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_services_are_confined_and_started_again_without_limit(tmp_path):
    """Of the units that the documents give. Where systemd is, it says itself how exposed they are."""
    units = [
        unit for path in DOCUMENTS for unit in re.findall(r"```ini\n(.*?)```", path.read_text(encoding="utf-8"), re.S)
    ]
    assert units
    for number, unit in enumerate(units):
        lines = set(unit.splitlines())
        assert {"Restart=always", "RestartSec=2", "StartLimitIntervalSec=0", "UMask=0077"} <= lines
        assert {"ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "PrivateTmp=yes"} <= lines
        file = tmp_path / f"unit-{number}.service"
        file.write_text(unit, encoding="utf-8")
        if systemd := shutil.which("systemd-analyze"):
            # Of 100: without any of it, it would be 92.
            command = [systemd, "security", "--offline=yes", "--threshold=25", str(file)]
            said = subprocess.run(command, capture_output=True, text=True, env={"SYSTEMD_PAGER": ""})
            assert said.returncode == 0, said.stdout
