"""What the heads of public pages say, for people who only see a link to them."""

from dataclasses import dataclass
from datetime import date, datetime, time

from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from dofc_events.conference.models import Edition
from dofc_events.core.clock import from_zone, in_zone
from dofc_events.core.countries import country_name, country_names
from dofc_events.documents.cards.rules import Card
from dofc_events.mail.render import link
from dofc_events.memory.figures.network.rules import EditionInFigures, Network
from dofc_events.memory.figures.rules import Record, Shares
from dofc_events.memory.figures.shared import growth_chart
from dofc_events.memory.outcomes.models import Outcome
from dofc_events.memory.outcomes.rules import OutcomeKind
from dofc_events.public import rules
from dofc_events.public.rules import Thing
from dofc_events.web.dates import day_range
from dofc_events.web.maps import Marked, country_map, shown_on

NETWORK = "Balkan and Black Sea Cluster Network"


@dataclass(frozen=True)
class ShownFigures:
    """What was counted of an edition when it was archived, drawn: how it filled, and its countries, largest first."""

    record: Record
    curve: Markup | None
    countries: Shares


def shown_figures(known: EditionInFigures) -> ShownFigures | None:
    """An edition in figures for its page and its report; None where nobody was counted."""
    record = known.record
    if record is None or not record.figures.total:
        return None
    in_order = {code: place for place, code in enumerate(country_names(str(get_locale())))}
    return ShownFigures(
        record,
        growth_chart([record.growth]) if record.growth and record.growth.days else None,
        sorted(record.figures.countries, key=lambda share: (-share[1], in_order[share[0]])),
    )


def place_of(edition: Edition) -> str:
    """The city and the country, as the reader calls it."""
    country = country_name(edition.country, get_locale().language)
    text: str = _("%(city)s, %(country)s", city=edition.city, country=country)
    return text


def card_of_edition(edition: Edition) -> Card:
    """What stands on an edition's picture."""
    days = day_range(edition.starts_on, edition.ends_on) if edition.starts_on else ""
    return Card(edition.name, place_of(edition), days)


def picture_of_edition(edition: Edition) -> str:
    """The full address of an edition's picture, another one whenever it looks different."""
    return link("public.cards.edition", year=edition.year, v=card_of_edition(edition).name)


def description_of(edition: Edition) -> str:
    """One or two sentences about an edition."""
    place = place_of(edition)
    if edition.starts_on is None:
        said = _("%(edition)s in %(place)s.", edition=edition.name, place=place)
    else:
        days = day_range(edition.starts_on, edition.ends_on)
        said = _("%(edition)s in %(place)s, %(days)s.", edition=edition.name, place=place, days=days)
    return f"{said} {edition.summary}".strip()


def event_of(edition: Edition) -> Thing | None:
    """An edition in the words of schema.org; None while its days are not known, without which it is no event there."""
    if edition.starts_on is None:
        return None
    return rules.event(
        name=edition.name,
        url=link("public.edition", year=edition.year),
        picture=picture_of_edition(edition),
        description=description_of(edition),
        starts=_moment(edition.starts_on, edition.starts_at, edition.zone),
        ends=_moment(edition.ends_on or edition.starts_on, edition.ends_at, edition.zone),
        venue=edition.venue,
        street=edition.venue_address,
        city=edition.city,
        country=edition.country,
        organisers=[organisation.name for organisation in edition.organisers],
        called_off=edition.was_called_off,
    )


def card_of_outcome(outcome: Outcome) -> Card:
    """What stands on the picture of an outcome."""
    return Card(outcome.title, kind_in_words(outcome.kind), f"{outcome.edition.name}, {place_of(outcome.edition)}")


def picture_of_outcome(outcome: Outcome) -> str:
    """The full address of an outcome's picture, another one whenever it looks different."""
    return link("public.cards.outcome", slug=outcome.slug, v=card_of_outcome(outcome).name)


def description_of_outcome(outcome: Outcome) -> str:
    """One or two sentences about an outcome: what it is, from where, and who signed it."""
    kind, edition = kind_in_words(outcome.kind), outcome.edition
    said = _("%(kind)s of %(edition)s, %(place)s.", kind=kind, edition=edition.name, place=place_of(edition))
    language = get_locale().language
    signed = [
        party.organisation.name if party.organisation else country_name(party.country or "", language)
        for party in outcome.signatories
    ]
    if not signed:
        return str(said)
    return f"{said} {_('Signed by: %(whom)s', whom='; '.join(dict.fromkeys(signed)))}"


def kind_in_words(kind: OutcomeKind) -> str:
    words: dict[str, str] = {
        OutcomeKind.MEMORANDUM: _("Memorandum"),
        OutcomeKind.DECLARATION: _("Declaration"),
        OutcomeKind.AGREEMENT: _("Agreement"),
        OutcomeKind.NETWORK: _("Network"),
        OutcomeKind.MILESTONE: _("Milestone"),
    }
    return words[kind]


def picture_of_countries(known: EditionInFigures) -> Markup:
    """Where the delegates of an edition came from, near and far; nothing where no source says."""
    if not known.countries:
        return Markup("")
    marked = [Marked(code, "came", "", "") for code in sorted(known.countries - {known.country})]
    marked.append(Marked(known.country, "member", "", ""))
    near = [one for one in marked if one.code in shown_on("region")]
    told = _("The countries named beside “Countries”, and the host’s country in a darker tone.")
    maps = []
    if known.country in shown_on("region"):
        maps.append(country_map("region", _("Where the delegates came from"), told, near, is_picture=True))
    if len(near) < len(marked):
        maps.append(
            country_map("world", _("Where the delegates came from, all over the world"), told, marked, is_picture=True)
        )
    return Markup("").join(maps)


def picture_of_network(network: Network) -> Markup:
    """A map of the region: countries that took part, and how often each hosted."""
    hosts = [edition.country for edition in network.editions]
    marked = [Marked(code, "came", "", "", hosts.count(code)) for code in sorted(network.countries)]
    told = _("Countries that took part in the Days of Clusters, and how many editions each has hosted.")
    return country_map("region", _("Europe and the Black Sea"), told, marked, is_picture=True)


def network_as_thing(picture: str) -> Thing:
    """The network in the words of schema.org."""
    return rules.organization(NETWORK, link("public.home"), picture)


def _moment(day: date, hour: time | None, zone: str) -> str:
    moment: date | datetime = in_zone(from_zone(day, hour, zone), zone) if hour else day
    return moment.isoformat()
