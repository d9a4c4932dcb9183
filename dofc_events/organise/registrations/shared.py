"""What the list of registrations and its files share."""

from flask import abort, request

from dofc_events.organise.registrations.queries import Sort


def asked_sort() -> Sort:
    """The order that the address asks for; 404 for an unknown one."""
    asked = request.args.get("sort") or Sort.NEWEST
    if asked not in list(Sort):
        abort(404)
    return Sort(asked)
