"""The network: its members on a map and in a list, its figures and how they grew."""

from collections.abc import Sequence

from flask import Blueprint, render_template
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from markupsafe import Markup

from dofc_events.core.clock import now
from dofc_events.core.countries import country_name, country_names
from dofc_events.core.db import db
from dofc_events.memory.figures.network.queries import network_in_figures
from dofc_events.memory.figures.network.rules import Network
from dofc_events.public.network.queries import parts_of_organisations
from dofc_events.public.network.rules import CountryPart, countries_of
from dofc_events.web.charts import Column, Series, Tick, column_chart, line_chart
from dofc_events.web.maps import Marked, country_map, shown_on

blueprint = Blueprint("network", __name__)


@blueprint.get("/network/")
def index() -> str:
    """Everything about the network as a whole."""
    session, at = db.session(), now()
    network, parts = network_in_figures(session, at), parts_of_organisations(session)
    members = [part for part in parts if part.member]
    countries = countries_of(network, [(p.organisation.name, p.organisation.country or "") for p in members])
    countries.pop("", None)
    marked = [_marked(one) for one in countries.values()]
    near = [one for one in marked if one.code in shown_on("region")]
    return render_template(
        "public/network/index.html",
        network=network,
        figures=network.figures,
        members=members,
        others=[part for part in parts if not part.member],
        countries=[countries[code] for code in country_names(str(get_locale())) if code in countries],
        region_map=country_map("region", _("Europe and the Black Sea"), _described(near), near),
        world_map=country_map("world", _("The world"), _described(marked), _elsewhere(marked)),
        charts=_charts(network) if network.editions else None,
    )


def _marked(country: CountryPart) -> Marked:
    facts = [country_name(country.code, get_locale().language)]
    if number := len(country.members):
        facts.append(ngettext("%(num)d member", "%(num)d members", number))
    if number := len(country.hosted):
        facts.append(ngettext("host of %(num)d edition", "host of %(num)d editions", number))
    return Marked(
        country.code, "member" if country.members else "came", ", ".join(facts), country.target, len(country.hosted)
    )


def _elsewhere(marked: Sequence[Marked]) -> list[Marked]:
    """On the map of the world numbers would hide whole countries."""
    return [Marked(one.code, one.tone, one.says, one.target) for one in marked]


def _described(marked: Sequence[Marked]) -> str:
    text: str = _("Marked: %(countries)s. The list below says the same.", countries="; ".join(o.says for o in marked))
    return text


def _charts(network: Network) -> dict[str, Markup]:
    editions = network.editions
    last = max(1, len(editions) - 1)
    ticks = [Tick(place, str(edition.year)) for place, edition in enumerate(editions) if place in (0, last // 2, last)]
    delegates = [
        Column(
            str(edition.year),
            edition.attendance.number if edition.attendance else None,
            f"{edition.attendance.number}+" if edition.attendance and edition.attendance.at_least else "",
            open=bool(edition.attendance and edition.attendance.at_least),
        )
        for edition in editions
    ]
    return {
        "delegates": column_chart(
            "delegates",
            _("Delegates of each edition"),
            "; ".join(f"{one.label}: {one.says or one.value}" for one in delegates if one.value is not None),
            delegates,
        ),
        "countries": line_chart(
            "countries",
            _("Countries that had taken part by each edition"),
            _series_said(network, network.countries_so_far),
            [Series(_("Countries"), network.countries_so_far)],
            ticks,
        ),
        "outcomes": line_chart(
            "outcomes",
            _("Outcomes by each edition"),
            _series_said(network, network.outcomes_so_far),
            [Series(_("Outcomes"), network.outcomes_so_far)],
            ticks,
        ),
    }


def _series_said(network: Network, numbers: Sequence[int]) -> str:
    return "; ".join(f"{edition.year}: {number}" for edition, number in zip(network.editions, numbers, strict=True))
