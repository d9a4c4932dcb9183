"""The acts of the network's trail, and the words for each."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dofc_events.accounts.rules import RoleName
from dofc_events.core.audit import AuditEntry
from dofc_events.organise.rules import masked_details
from dofc_events.organise.trail.texts import TrailLine

# What gettext gives, at once or when it is read.
Text = Any
Said = dict[str, Any]

ROLES = {
    RoleName.CHAIR: _l("chair"),
    RoleName.ORGANISER: _l("organiser"),
    RoleName.DESK: _l("desk"),
    RoleName.MEMBER: _l("representative"),
    RoleName.BOARD: _l("reviewer"),
}


def _of_role(words: Text) -> Callable[[Said, str], Text]:
    def told(said: Said, scope: str) -> Text:
        role = ROLES.get(said.get("role", ""), said.get("role", ""))
        return str(words) % {"role": f"{role} {scope}".strip()}

    return told


def _signed_out(said: Said, scope: str) -> Text:
    return ngettext("Signed out of %(num)d browser", "Signed out of %(num)d browsers", said.get("count", 0))


def _of_member(words: Text) -> Callable[[Said, str], Text]:
    return lambda said, scope: str(words) % {"member": said.get("organisation", "")}


def _of_factor(words: Text) -> Callable[[Said, str], Text]:
    return lambda said, scope: str(words) % {"name": said.get("name", ""), "kind": KINDS.get(said.get("kind", ""), "")}


def _reset(said: Said, scope: str) -> Text:
    return ngettext("%(num)d second factor removed", "%(num)d second factors removed", said.get("count", 0))


def _needed(said: Said, scope: str) -> Text:
    after = {field: values[1] for field, values in said.get("changes", {}).items()}
    roles = [str(ROLES[role]) for role in (RoleName.CHAIR, RoleName.ORGANISER) if after.get(role)]
    dropped = [str(ROLES[role]) for role in (RoleName.CHAIR, RoleName.ORGANISER) if after.get(role) is False]
    said_of = [
        _("needed by: %(roles)s", roles=", ".join(roles)) if roles else "",
        _("no longer needed by: %(roles)s", roles=", ".join(dropped)) if dropped else "",
        _("from %(day)s", day=after["starts_on"]) if after.get("starts_on") else "",
    ]
    return _("Second factor: %(what)s", what="; ".join(filter(None, said_of)) or _("no first day"))


def _link_refused(said: Said, scope: str) -> Text:
    return _("Asked for a sign-in link and was not sent one: %(reason)s", reason=said.get("reason", ""))


KINDS = {"app": _l("code from an app"), "passkey": _l("passkey"), "recovery": _l("recovery code")}

# Every act that is recorded of an account, or of no edition and no call for hosts, and how it is told.
ACTS: dict[str, Text | Callable[[Said, str], Text]] = {
    "account_added": _l("Account added"),
    "account_ended": _l("Account ended"),
    "role_added": _of_role(_l("Role given: %(role)s")),
    "role_changed": _of_role(_l("Last day changed: %(role)s")),
    "role_ended": _of_role(_l("Role ended: %(role)s")),
    "role_removed": _of_role(_l("Role ended: %(role)s")),
    "sign_in_link_issued": _l("Sign-in link sent"),
    "sign_in_link_refused": _link_refused,
    "sign_in_link_used": _l("Sign-in link used; a second factor is asked for"),
    "signed_in": _l("Signed in"),
    "factor_given": _of_factor(_l("Second factor given: %(kind)s")),
    "factor_refused": _of_factor(_l("Second factor refused: %(kind)s")),
    "code_refused": _of_factor(_l("Second factor refused: %(kind)s")),
    "factor_added": _of_factor(_l("Second factor added: %(name)s, %(kind)s")),
    "factor_removed": _of_factor(_l("Second factor removed: %(name)s, %(kind)s")),
    "factor_reset": _reset,
    "recovery_codes_made": _l("New recovery codes made"),
    "factor_policy_changed": _needed,
    "signed_out": _l("Signed out"),
    "sessions_ended": _signed_out,
    "member_added": _of_member(_l("Member added: %(member)s")),
    "member_changed": _of_member(_l("Member changed: %(member)s")),
    "periods_changed": _l("Changed how long data is kept"),
    "data_link_sent": _l("Somebody was sent the link to everything that is kept about their address"),
    "data_link_refused": _l("The link to everything that is kept about an address was asked for, but not sent"),
    "person_erased": _l("Everything that named this person was erased"),
    "history_loaded": _l("The history was loaded"),
    "countries_of_unknown_edition_changed": _l("Countries whose edition is unknown were changed"),
    "memory_loaded": _l("The network’s memory was imported from a file"),
}


def line_of(entry: AuditEntry) -> TrailLine:
    """An entry of the network's trail in words. No link in it acts for anybody."""
    words = ACTS.get(entry.act, entry.act.replace("_", " ").capitalize())
    sentence = words(masked_details(entry.details), entry.scope) if callable(words) else words
    return TrailLine(entry.id, entry.at, entry.actor, entry.act, entry.about, str(sentence), [])
