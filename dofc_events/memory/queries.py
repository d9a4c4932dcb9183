"""How each part of the memory is read and written, for commands, imports and the history alike."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core.changes import Difference, difference
from dofc_events.memory.rules import Check, Row

# What tells the things of a part apart.
Key = int | str
# The name of a part, and a key in it.
Reference = tuple[str, Key]


def _no_references(row: Row) -> Iterable[Reference]:
    return ()


def _in_one_piece(before: Row, row: Row) -> Row:
    return {**before, **row}


@dataclass(frozen=True)
class Part:
    """A part of the memory: what a file says of each thing in it, and how that is read and written.

    `rows` gives everything in the order of the keys, for the same facts always the same; `write` makes a thing what a
    checked row says. `refers` yields the things of other parts that must be there before. `merged` is what holds of a
    thing when another row comes: what that one does not say stays. Rows name files by their hashes (`files_of`), and
    `named` are the hashes of all files that the part's tables name.
    """

    name: str
    fields: Mapping[str, Check]
    required: Collection[str]
    key: Callable[[Row], Key]
    rows: Callable[[Session], Iterator[Row]]
    write: Callable[[Session, Row, datetime], None]
    refers: Callable[[Row], Iterable[Reference]] = _no_references
    merged: Callable[[Row, Row], Row] = _in_one_piece
    files_of: Callable[[Row], Iterable[str]] = lambda row: ()
    named: Callable[[Session], set[str]] = lambda session: set()
    # Of which edition a thing is, for its trail; None for what belongs to none.
    year: Callable[[Row], int | None] = lambda row: None


@dataclass(frozen=True)
class Change:
    """What an import changes of one thing: `fields` as they are and will be; `row` is the whole of it then."""

    part: Part
    row: Row
    is_new: bool
    fields: Difference

    @property
    def key(self) -> Key:
        return self.part.key(self.row)


def changes_to(session: Session, part: Part, rows: Iterable[Row], *, only_new: bool = False) -> Iterator[Change]:
    """What these rows would change, a query or few for all; with `only_new` not of what is there already."""
    present = {part.key(row): row for row in part.rows(session)}
    for row in rows:
        before = present.get(part.key(row))
        if before is not None and only_new:
            continue
        # What a row says to be nothing is no longer known.
        whole = part.merged(before or {}, row)
        after = {name: value for name, value in whole.items() if value not in (None, "", [], {})}
        gone = dict.fromkeys((before or {}).keys() - after.keys())
        fields = difference(before or {}, {**after, **gone})
        if fields:
            yield Change(part, after, before is None, fields)
