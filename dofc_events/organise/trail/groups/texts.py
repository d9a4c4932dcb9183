"""The acts of groups and delegations, and the words for each."""

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dofc_events.organise.trail.acts.texts import Act, Said


def _group_registered(said: Said) -> str:
    text: str = ngettext(
        "Registered %(num)d person as a group, %(waiting)d of them to the waiting list",
        "Registered %(num)d people as a group, %(waiting)d of them to the waiting list",
        said["number"],
        waiting=said["waiting"],
    )
    return text


GROUP_ACTS = {
    "group_registered": Act(_l("Group registered"), _group_registered),
}
