"""Writes docs/privacy.md: `python -m tests.privacy.document`."""

from dofc_events.config import ROOT
from dofc_events.privacy.kept.rules import as_document

DOCUMENT = ROOT / "docs" / "privacy.md"

if __name__ == "__main__":
    DOCUMENT.write_text(as_document(), encoding="utf-8")
