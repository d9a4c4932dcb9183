"""The table of what is kept: every column of every table is decided about, and each row leads to what it is about."""

import dofc_events.app  # noqa: F401 (every table is known then)
from dofc_events.core.db import Base
from dofc_events.privacy.handed_out.queries import SECRETS
from dofc_events.privacy.kept.queries import blanks
from dofc_events.privacy.kept.rules import KEPT, KEYS, NOT_PERSONAL, OWN, Ends, Whose, as_document, rows_of, undecided
from dofc_events.privacy.texts import COLUMNS
from tests.privacy.document import DOCUMENT

TABLES = Base.metadata.tables
SAY = """
  {table}.{column} is in no row of dofc_events/privacy/kept/rules.py. Does it say anything of a person?
  If so, add to KEPT, beside the rows of its table:
      Kept("{table}", "{column}", "<column that leads to the person, e.g. registration_id>", D, "<what it is>",
           "<why we keep it>", NAMES, BLANKED),
  and if not, add its name to NOT_PERSONAL["{table}"]."""


def keys_of(table) -> set[str]:
    """Numbers that lead from row to row. A text is no such key, even where it is one."""
    return {c.name for c in table.columns if (c.primary_key or c.foreign_keys) and c.type.python_type is int}


def test_every_column_is_kept_for_a_reason_or_said_to_be_impersonal():
    missing = [
        SAY.format(table=table.name, column=column)
        for table in TABLES.values()
        for column in sorted(undecided(table.name, {c.name for c in table.columns}, keys_of(table)))
    ]
    assert not missing, "".join(missing)


def test_a_column_that_nobody_decided_about_is_noticed():
    assert undecided("registrations", {"id", "phone", "revision", "shoe_size"}, {"id"}) == {"shoe_size"}


def test_the_table_names_only_what_there_is():
    named = {(row.table, name) for row in KEPT for name in row.names}
    named |= {(table, name) for table, names in NOT_PERSONAL.items() for name in names.split()}
    assert [one for one in sorted(named) if one[0] not in TABLES or one[1] not in TABLES[one[0]].c] == []
    both = [(row.table, n) for row in KEPT for n in row.names if n in NOT_PERSONAL.get(row.table, "").split()]
    assert both == []


def test_each_row_leads_to_whom_it_is_about():
    ends = {Whose.DELEGATE: "registrations", Whose.PROPOSER: "proposals", Whose.ACCOUNT: "accounts"}
    for row in KEPT:
        table = TABLES[row.table]
        for step in row.by.split("."):
            assert step in table.c, row
            table = next((key.column.table for key in table.c[step].foreign_keys), table)
        to = ends.get(row.whose, "editions")
        assert row.whose is Whose.ANYBODY or row.by == "about" or table.name == to, row


def test_what_is_blanked_can_be():
    for row in KEPT:
        if row.ends is Ends.BLANKED:
            assert set(blanks(row)) == set(row.names)


def test_the_page_says_what_the_table_says():
    assert DOCUMENT.read_text(encoding="utf-8") == as_document(), "python -m tests.privacy.document writes it anew"


def test_each_column_that_people_are_shown_has_words_for_them():
    people = (Whose.DELEGATE, Whose.PROPOSER, Whose.ACCOUNT)
    # Of these the page goes by what the columns are.
    facts = (OWN, "proposals", "accounts")
    shown = [row for whose in people for row in rows_of(whose) if row.is_shown and row.table not in facts]
    columns = {(row.table, name) for row in shown for name in row.names if name not in KEYS | SECRETS}
    assert {(table, name) for table, names in COLUMNS.items() for name in names} == columns
