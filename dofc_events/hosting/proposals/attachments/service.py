"""Attaches files to a proposal, and takes them off again."""

from datetime import datetime

from sqlalchemy.orm import Session

from dofc_events.core import files
from dofc_events.core.audit import Actor, record
from dofc_events.extensions import settings
from dofc_events.hosting.models import Attachment, Proposal
from dofc_events.hosting.proposals.attachments.queries import attached_bytes
from dofc_events.hosting.proposals.service import TooManyAttachments, open_proposal
from dofc_events.hosting.queries import attachment_of
from dofc_events.hosting.rules import MAX_ATTACHMENTS, scope_of
from dofc_events.web.attachments.queries import MEGABYTE
from dofc_events.web.attachments.rules import AttachmentFault, AttachmentRefused, CheckedFile


def add_attachment(session: Session, proposal_id: int, file: CheckedFile, actor: Actor, now: datetime) -> Attachment:
    """Attach a file, once however often it is sent; nothing is kept of one that is refused.

    It is checked before, outside of the unit of work: unpacking a picture takes seconds. Raises TooManyAttachments,
    AttachmentRefused if there is no room, CallNotOpen, ProposalFixed.
    """
    proposal = open_proposal(session, proposal_id, now)
    content_hash = files.hash_of(file.content)
    present = next((a for a in proposal.attachments if a.content_hash == content_hash), None)
    if present is not None:
        return present
    if len(proposal.attachments) >= MAX_ATTACHMENTS:
        raise TooManyAttachments
    _refuse_beyond_quota(session, proposal, len(file.content))
    files.store(settings().shared, file.content, now)
    attachment = Attachment(
        content_hash=content_hash, name=file.name, media_type=file.media_type, size=len(file.content), added_at=now
    )
    proposal.attachments.append(attachment)
    session.flush()
    record(
        session,
        actor,
        now,
        "attachment_added",
        scope=scope_of(proposal.call.year),
        about=proposal.reference,
        name=file.name,
        content_hash=content_hash,
    )
    return attachment


def remove_attachment(session: Session, proposal_id: int, attachment_id: int, actor: Actor, now: datetime) -> bool:
    """Take a file off a proposal; False if it is not there. Its bytes go later, unless they are used elsewhere.

    Raises CallNotOpen, ProposalFixed.
    """
    proposal = open_proposal(session, proposal_id, now)
    attachment = attachment_of(session, proposal.id, attachment_id)
    if attachment is None:
        return False
    session.delete(attachment)
    record(
        session,
        actor,
        now,
        "attachment_removed",
        scope=scope_of(proposal.call.year),
        about=proposal.reference,
        name=attachment.name,
    )
    session.flush()
    return True


def _refuse_beyond_quota(session: Session, proposal: Proposal, size: int) -> None:
    if size + sum(a.size for a in proposal.attachments) > settings().uploads_mb_per_proposal * MEGABYTE:
        raise AttachmentRefused(AttachmentFault.NO_ROOM)
    # Two at once may both find the last room: nobody locks all proposals for that.
    if size + attached_bytes(session) > settings().uploads_mb * MEGABYTE:
        raise AttachmentRefused(AttachmentFault.NO_ROOM_HERE)
