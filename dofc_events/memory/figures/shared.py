"""Figures drawn, for the pages of organisers and of everybody."""

from collections.abc import Sequence
from math import ceil

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from dofc_events.memory.figures.rules import Growth
from dofc_events.web.charts import Series, Tick, line_chart

# As many as there is room for on a telephone.
MAX_TICKS = 4


def growth_chart(growth: Sequence[Growth]) -> Markup:
    """The lines of these editions, the first one before the others."""
    days = max((len(one.days) for one in growth), default=0)
    apart = 7 * max(1, ceil(days / 7 / MAX_TICKS))
    ticks = [Tick(one, ngettext("week %(num)d", "week %(num)d", one // 7)) for one in range(apart, days, apart)]
    return line_chart(
        "growth",
        _("Confirmed registrations since registration opened"),
        "; ".join(_("%(year)d: %(number)d", year=one.year, number=one.days[-1]) for one in growth if one.days),
        [Series(str(one.year), one.days) for one in growth],
        [Tick(0, _("opening")), *ticks],
    )
