"""What a row of the memory says of an edition's figures: numbers, and no names."""

from typing import Any

from dofc_events.memory.rules import Check, Row, country, day, many, moment, row_of, said, text, whole, year

MOST, MAX_DAYS, MAX_QUARTERS, MAX_ROWS = 1_000_000, 2000, 24 * 4, 300

_number: Check = whole(0, MOST)


def _counted(name: str, check: Check) -> Check:
    return many(row_of({name: check, "number": _number}, name, "number"), MAX_ROWS)


FIELDS: dict[str, Check] = {
    "edition": year,
    "frozen_at": moment,
    "came_before": _number,
    "second_time": _number,
    "capacity": _number,
    "arrived": _number,
    "categories": many(row_of({"slug": text(60), "label": text(120), "number": _number}, "slug", "label"), MAX_ROWS),
    "countries": _counted("country", country),
    "languages": _counted("language", text(12)),
    "organisations": _counted("name", text(200)),
    "choices": many(row_of({"question": text(80), "answers": _counted("answer", text(80))}, "question"), MAX_ROWS),
    "growth": many(_number, MAX_DAYS),
    "arrivals": many(
        row_of({"day": day, "from": whole(0, MAX_QUARTERS), "by_quarter": many(_number, MAX_QUARTERS)}, "day", "from"),
        MAX_ROWS,
    ),
    "trips": many(row_of({"title": text(200), "capacity": _number, "taken": _number}, "title"), MAX_ROWS),
}
REQUIRED = ("edition", "frozen_at", "came_before", "second_time", "capacity", "arrived")


def as_row(year: int, frozen_at: str, came_before: int, second_time: int, stored: dict[str, Any]) -> Row:
    """The row that says what `memory.figures.rules.as_stored` wrote."""
    return said(
        edition=year,
        frozen_at=frozen_at,
        came_before=came_before,
        second_time=second_time,
        capacity=stored["capacity"],
        arrived=stored["arrived"],
        categories=[{"slug": slug, "label": label, "number": number} for slug, label, number in stored["categories"]],
        countries=[{"country": code, "number": number} for code, number in stored["countries"]],
        languages=[{"language": code, "number": number} for code, number in stored["languages"]],
        organisations=[{"name": name, "number": number} for name, number in stored["organisations"]],
        choices=[
            {"question": key, "answers": [{"answer": answer, "number": number} for answer, number in shares]}
            for key, shares in sorted(stored["choices"].items())
        ],
        growth=stored["growth"],
        arrivals=[{"day": on, "from": from_, "by_quarter": quarters} for on, from_, quarters in stored["arrivals"]],
        trips=[{"title": title, "capacity": seats, "taken": taken} for title, seats, taken in stored["trips"]],
    )


def as_stored(row: Row) -> dict[str, Any]:
    """What the table holds of a checked row."""
    return {
        "capacity": row["capacity"],
        "arrived": row["arrived"],
        "categories": [[one["slug"], one["label"], one["number"]] for one in row.get("categories", ())],
        "countries": [[one["country"], one["number"]] for one in row.get("countries", ())],
        "languages": [[one["language"], one["number"]] for one in row.get("languages", ())],
        "organisations": [[one["name"], one["number"]] for one in row.get("organisations", ())],
        "choices": {
            one["question"]: [[answer["answer"], answer["number"]] for answer in one["answers"]]
            for one in row.get("choices", ())
        },
        "growth": row.get("growth"),
        "arrivals": [[one["day"], one["from"], one["by_quarter"]] for one in row.get("arrivals", ())],
        "trips": [[one["title"], one["capacity"], one["taken"]] for one in row.get("trips", ())],
    }
