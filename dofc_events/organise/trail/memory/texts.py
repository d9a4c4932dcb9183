"""The acts of writing up an edition: each in the filter, and in a sentence. What changed goes with it."""

from flask_babel import lazy_gettext as _l

# In the order of the filter.
WORDS = {
    "write_up_changed": (_l("Write-up changed"), _l("Changed the write-up on the edition’s page")),
    "document_added": (_l("Document added"), _l("Added the document “%(document)s”")),
    "document_changed": (_l("Document changed"), _l("Changed the document “%(document)s”")),
    "documents_put_in_order": (_l("Documents put in order"), _l("Put the documents in order")),
    "document_removed": (_l("Document removed"), _l("Removed the document “%(document)s”")),
    "outcome_created": (_l("Outcome created"), _l("Created the outcome “%(outcome)s”, as a draft")),
    "outcome_changed": (_l("Outcome changed"), _l("Changed the outcome “%(outcome)s”")),
    "outcome_parties_changed": (_l("Participants changed"), _l("Changed who takes part in “%(outcome)s”")),
    "outcome_followed_up": (_l("Outcome followed up"), _l("Changed the follow-up of “%(outcome)s”")),
    "outcome_file_added": (_l("File of an outcome added"), _l("Added “%(name)s” to the outcome “%(outcome)s”")),
    "outcome_file_removed": (
        _l("File of an outcome removed"),
        _l("Removed “%(name)s” from the outcome “%(outcome)s”"),
    ),
    "outcome_published": (_l("Outcome published"), _l("Published the outcome “%(outcome)s”")),
    "outcome_unpublished": (_l("Outcome unpublished"), _l("Unpublished the outcome “%(outcome)s”")),
    "outcome_deleted": (_l("Outcome deleted"), _l("Deleted the draft of the outcome “%(outcome)s”")),
    "facts_changed": (_l("Facts changed"), _l("Changed the facts about the edition")),
    "memory_imported": (_l("Imported"), _l("Imported from a file: %(part)s, %(thing)s")),
}
