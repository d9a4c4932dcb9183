"""Which files are somebody's: the sweep keeps them, a backup has them, the check looks for them."""

from sqlalchemy.orm import Session

from dofc_events.hosting.queries import attached_hashes
from dofc_events.imports.queries import kept_hashes
from dofc_events.letters.queries import attached_to_letters
from dofc_events.memory.service import named_by_memory
from dofc_events.questions.queries import answer_hashes


def named_files(session: Session) -> set[str]:
    """The hashes of all files that some row names."""
    return (
        attached_hashes(session)
        | attached_to_letters(session)
        | answer_hashes(session)
        | kept_hashes(session)
        | named_by_memory(session)
    )
