"""What the trail may say: every act of an edition with what goes with it, and entries as they were stored earlier."""

from typing import Any

from dofc_events.trips.rules import Reason

BY_HAND = "account:ана@кластер.срб"
DELEGATE = "delegate:K7X9-Q2MB"
MOMENT, LATER = "2027-05-16T22:00:00+00:00", "2027-05-20T22:00:00+00:00"
CELLARS = {"trip": "подруми"}
LETTER = {"letter": 1, "subject": "Наслов"}
PHOTOGRAPH = {"photograph": "Отварање"}
BECAUSE = {"because": "Говори."}
ROLE = {"email": "бо@кластер.срб", "role": "desk"}
TOLD = {"name": "Бојан", "email": "бо@кластер.срб"}

# By whom, the act, and what was said: each act of an edition in each of the ways in which it is told.
EXAMPLES: list[tuple[str, str, dict[str, Any]]] = [
    *((actor, "registered", {"status": s}) for actor in (BY_HAND, DELEGATE) for s in ("confirmed", "waitlisted")),
    *((BY_HAND, "imported", {"status": s, "file": "списак.csv"}) for s in ("confirmed", "waitlisted")),
    *(("contact:K7X9-Q2MB", "group_registered", {"number": n, "waiting": 1}) for n in (1, 2)),
    ("contact:K7X9-Q2MB", "contact_changed", {"changes": {"email": ["а@кластер.срб", "б@кластер.срб"]}}),
    *((BY_HAND, "places_promised", {"organisation": "Дом", "number": n, "until": MOMENT}) for n in (1, 2)),
    (BY_HAND, "promise_changed", {"changes": {"places": [5, 6], "until": [MOMENT, LATER]}}),
    *((BY_HAND, "promise_withdrawn", {"organisation": "Дом", "number": n, "used": 3}) for n in (1, 2)),
    ("worker", "promise_ended", {"organisation": "Дом", "number": 2, "used": 3}),
    *(("contact:K7X9-Q2MB", act, {"number": n}) for act in ("places_given_back", "people_invited") for n in (1, 2)),
    *(("contact:K7X9-Q2MB", act, {}) for act in ("invitation_reminded", "invitation_taken_back")),
    *((BY_HAND, act, {"file": "списак.csv"}) for act in ("import_file_added", "import_file_removed")),
    *((BY_HAND, "people_imported", {"file": "списак.csv", "number": n, "confirmed": 1, "told": n > 1}) for n in (1, 2)),
    (
        DELEGATE,
        "details_changed",
        {
            "changes": {
                "given_name": ["Ана", "Ања"],
                "family_name": ["Ковач", "Ђокић"],
                "badge_name": ["", "А."],
                "organisation": ["Кластер", "Дом"],
                "job_title": ["Шеф", ""],
                "country": ["RS", "BG"],
                "phone": ["", "+381 60 1"],
                "category": ["guest", "member"],
                "dietary": ["", "ж " * 150],
                "access_needs": ["Рампа", ""],
                "visa_letter": [False, True],
                "photo_consent": [True, False],
            }
        },
    ),
    (DELEGATE, "address_corrected", {"changes": {"email": ["а@кластер.срб", "б@кластер.срб"]}}),
    (
        DELEGATE,
        "handed_over",
        {
            "changes": {
                "name": ["Ана", "Бојан"],
                "email": ["а@кластер.срб", "бо@кластер.срб"],
                "note": ["Дугује", ""],
                "tags": [["вип", "гост"], []],
            },
            **TOLD,
        },
    ),
    (DELEGATE, "handed_over", {"changes": {"email": ["а@кластер.срб", "бо@кластер.срб"]}, **TOLD}),
    (DELEGATE, "hand_over_opened", {}),
    ("worker", "hand_over_forgotten", {}),
    (DELEGATE, "taken_back", {"changes": {"email": ["бо@кластер.срб", "а@кластер.срб"]}, **TOLD}),
    (DELEGATE, "cancelled", {}),
    (BY_HAND, "cancelled", BECAUSE),
    (BY_HAND, "cancelled", {"untold": True}),
    (BY_HAND, "reinstated", BECAUSE),
    (BY_HAND, "request_accepted", {}),
    (BY_HAND, "place_given", BECAUSE),
    (BY_HAND, "note_changed", {"changes": {"note": ["", "Говори"]}}),
    (BY_HAND, "note_changed", {"changes": {"note": ["Говори", ""]}}),
    *((BY_HAND, act, {"name": "Вегани"}) for act in ("view_saved", "view_removed")),
    *((BY_HAND, act, {"word": "вип"}) for act in ("tagged", "untagged")),
    *((DELEGATE, act, {}) for act in ("offered", "offer_accepted", "hold_confirmed", "confirmed", "joined_list_again")),
    *(
        ("worker", act, {})
        for act in ("offer_lapsed", "hold_lapsed", "offer_prolonged", "offer_reminder", "list_closed")
    ),
    (BY_HAND, "list_reopened", BECAUSE),
    (DELEGATE, "erasure_asked_for", {}),
    ("delegate", "person_erased", {}),
    (BY_HAND, "person_erased", BECAUSE),
    (BY_HAND, "periods_shortened", {"changes": {"needs": [30, 14], "names": [730, 365]}}),
    (BY_HAND, "link_asked_for", {"sent": True}),
    *(("visitor", "link_asked_for", {"sent": sent}) for sent in (True, False)),
    (BY_HAND, "merged", {"other": "K7X9-Q2MC"}),
    (BY_HAND, "told_apart", {"other": "K7X9-Q2MC", "name": "Ана"}),
    *((DELEGATE, "seat_changed", {**CELLARS, "reason": reason}) for reason in Reason),
    (BY_HAND, "seat_given", {**CELLARS, "instead_of": "", **BECAUSE}),
    (BY_HAND, "seat_given", {**CELLARS, "instead_of": "бродом", **BECAUSE}),
    *((BY_HAND, "seat_waits", {**CELLARS, "instead_of": slug, **BECAUSE}) for slug in ("", "бродом")),
    (BY_HAND, "seat_taken", {**CELLARS, **BECAUSE}),
    *((BY_HAND, act, CELLARS) for act in ("boarded", "boarding_undone", "trip_cancelled", "trip_deleted")),
    *((BY_HAND, act, {}) for act in ("arrived", "arrival_undone", "edition_created", "edition_loaded")),
    *(
        (BY_HAND, act, {})
        for act in ("edition_published", "edition_archived", "edition_taken_out", "edition_deleted", "figures_frozen")
    ),
    (BY_HAND, "year_changed", {"changes": {"year": [2027, 2028]}}),
    *((BY_HAND, act, {"kind": "ж"}) for act in ("message_sent_again", "message_settled")),
    (BY_HAND, "mail_released", {}),
    *((BY_HAND, "kept_messages_sent", {"count": count}) for count in (1, 2)),
    (
        BY_HAND,
        "edition_changed",
        {
            "changes": {
                "city": ["Ниш", "Софија"],
                "country": ["RS", "BG"],
                "venue": [None, "Дом"],
                "venue_address": ["Улица 12", ""],
                "zone": ["ж", "ш"],
                "starts_on": ["2027-05-16", "2027-05-17"],
                "starts_at": ["09:30:00", None],
                "ends_on": [None, "2027-05-18"],
                "ends_at": [None, "17:00:00"],
                "summary": ["", "Три дана."],
                "programme": ["", "реч " * 100],
                "cost": ["", "Бесплатно"],
                "languages": ["", "Енглески"],
                "dress": ["", "Слободно"],
                "faq": ["", "## Зашто?"],
                "registration_opens_at": [None, MOMENT],
                "registration_closes_at": [MOMENT, LATER],
                "freezes_at": [LATER, None],
                "offer_hours": [72.0, 0.0],
                "contact_name": ["Елена", ""],
                "contact_email": ["е@примјер.срб", ""],
            }
        },
    ),
    (BY_HAND, "categories_changed", {"changes": {"categories": [{}, {"guest": "Гост"}]}}),
    (BY_HAND, "categories_changed", {"changes": {"categories": [{"guest": "Гост"}, {"guest": "Г.", "new": "Ново"}]}}),
    (BY_HAND, "categories_closed", {"changes": {"closed": [[], ["Гост", "Ново"]]}}),
    (BY_HAND, "limits_changed", {"changes": {"limits": [{"Гост": None, "Ново": 3}, {"Гост": 2, "Ново": None}]}}),
    (BY_HAND, "invitations_changed", {"categories": "Гост, Ново"}),
    (BY_HAND, "limits_changed", {"changes": {"limits": [{"Гост": 2}, {"Гост": 3}]}, **BECAUSE}),
    (BY_HAND, "capacity_changed", {"changes": {"capacity": [None, 100]}}),
    (BY_HAND, "capacity_changed", {"changes": {"capacity": [100, 120]}}),
    (BY_HAND, "capacity_changed", {"changes": {"capacity": [120, 121]}, **BECAUSE}),
    *(
        (BY_HAND, act, LETTER)
        for act in ("letter_written", "letter_changed", "letter_unscheduled", "letter_dropped", "change_not_told")
    ),
    *(
        (BY_HAND, act, PHOTOGRAPH)
        for act in ("photograph_added", "photograph_published", "photograph_unpublished", "photograph_removed")
    ),
    *((BY_HAND, act, PHOTOGRAPH) for act in ("cover_chosen", "cover_taken_away")),
    (BY_HAND, "photograph_kept", {**PHOTOGRAPH, **BECAUSE}),
    ("visitor", "photograph_objected_to", {**PHOTOGRAPH, "hidden": True}),
    (
        BY_HAND,
        "photograph_changed",
        {
            **PHOTOGRAPH,
            "changes": {
                "photograph_caption": ["", "Отварање"],
                "alternative": ["", "Људи у сали"],
                "photographer": ["", "Ана"],
                "licence": ["reserved", "CC-BY-4.0"],
                "people_agreed": [False, True],
            },
        },
    ),
    *((BY_HAND, act, {**LETTER, "name": "План.pdf"}) for act in ("letter_file_added", "letter_file_removed")),
    *((BY_HAND, "letter_scheduled", {**LETTER, "count": count}) for count in (1, 2)),
    *((BY_HAND, "letter_sent", {**LETTER, "subject": s, "count": n}) for s in ("Наслов", "") for n in (1, 2)),
    (BY_HAND, "letter_stopped", {**LETTER, "left": 1, "withdrawn": 2, "unwritten": 3}),
    *(
        (BY_HAND, f"question_{what}", {"question": "hotel", "caption": "Хотел?"})
        for what in ("added", "moved", "retired", "asked_again", "deleted")
    ),
    (DELEGATE, "choice_given", {"question": "Хотел?", "option": "Једна"}),
    (
        BY_HAND,
        "question_changed",
        {
            "question": "hotel",
            "caption": "Хотел?",
            "changes": {
                "caption": ["Соба?", "Хотел?"],
                "hint": ["", "Због кључа"],
                "categories": ["", "guest, member"],
                "shown_when": ["", "dinner"],
                "shown_for": ["", "yes"],
                "required": [False, True],
                "required_from_on": [None, "2027-05-16"],
                "frozen_from_on": [None, "2027-05-17"],
                "organisers_only": [False, True],
                "options": ["Једна", "Једна, Две"],
            },
        },
    ),
    (DELEGATE, "details_changed", {"changes": {"question-hotel Хотел?": ["", "ж " * 150]}}),
    *((BY_HAND, "trip_added", {**CELLARS, "capacity": capacity}) for capacity in (1, 20)),
    (
        BY_HAND,
        "trip_changed",
        {
            **CELLARS,
            "changes": {
                "title": ["Подруми", "Подрум"],
                "description": ["", "реч " * 100],
                "hosts": ["", "Дом"],
                "meeting_point": ["", "Трг"],
                "starts_at": [MOMENT, LATER],
                "ends_at": [MOMENT, LATER],
                "minimum": [0, 1],
                "bring": ["Шешир", ""],
                "accessibility": ["", "Рампа"],
                "walking": [False, True],
                "needs_dietary": [False, True],
                "needs_access": [True, False],
                "capacity": [20, 21],
            },
        },
    ),
    (BY_HAND, "trips_put_in_order", {"trips": ["бродом", "подруми"]}),
    (
        BY_HAND,
        "sign_up_changed",
        {
            "changes": {
                "trip_mode": ["first-come", "draw"],
                "trips_open_at": [None, MOMENT],
                "trips_close_at": [MOMENT, LATER],
            }
        },
    ),
    (BY_HAND, "sign_up_changed", {"changes": {"trip_mode": ["draw", "first-come"]}}),
    (BY_HAND, "draw_published", {"drawn": 9, "seated": 7}),
    (BY_HAND, "role_added", {**ROLE, "edition_id": 1, "organisation_id": None, "ends_at": MOMENT}),
    (BY_HAND, "role_added", {**ROLE, "role": "organiser", "edition_id": 1, "organisation_id": None, "ends_at": None}),
    (BY_HAND, "role_changed", {**ROLE, "changes": {"ends_at": [None, MOMENT]}}),
    (BY_HAND, "role_ended", {**ROLE, "role": "organiser", "changes": {"ends_at": [MOMENT, LATER]}}),
    *((BY_HAND, "hand_over_started", {"from_year": year}) for year in (2026, None)),
    (
        BY_HAND,
        "hand_over_item_changed",
        {"item": 1, "changes": {"text": ["", "Кључеви"], "owner": ["", "Ана"], "due_on": [None, "2027-03-01"]}},
    ),
    *((BY_HAND, act, {"item": 1, "name": "План.pdf"}) for act in ("hand_over_file_added", "hand_over_file_removed")),
    (BY_HAND, "hand_over_item_added", {"item": 1, "kind": "open", "text": "Кључеви"}),
    *(
        (BY_HAND, "hand_over_item_ticked", {"item": 1, "side": side, "changes": {"done": [not done, done]}})
        for side in ("host", "last_host")
        for done in (True, False)
    ),
    (BY_HAND, "write_up_changed", {"changes": {"write_up": ["", "Како је било"]}}),
    *((BY_HAND, act, {"document": "Програм"}) for act in ("document_added", "document_removed")),
    (BY_HAND, "document_changed", {"document": "Програм", "changes": {"is_published": [False, True]}}),
    (BY_HAND, "documents_put_in_order", {}),
    (
        BY_HAND,
        "outcome_changed",
        {
            "outcome": "Споразум",
            "changes": {
                "kind": ["agreement", "memorandum"],
                "year": [2027, 2028],
                "agreed_on": [None, "2028-05-20"],
                "addressed_to": [None, "Владама"],
                "text": ["", "ж " * 150],
                "first_status": [None, "open"],
                "source": ["", "Извештај"],
            },
        },
    ),
    (BY_HAND, "outcome_parties_changed", {"outcome": "Споразум", "changes": {"parties": ["", "Кластер; RS"]}}),
    (BY_HAND, "outcome_followed_up", {"outcome": "Споразум", "changes": {"follow_up": ["", "2028-01-01: Важи."]}}),
    *(
        (BY_HAND, act, {"outcome": "Споразум", "name": "Копија"})
        for act in (
            "outcome_created",
            "outcome_file_added",
            "outcome_file_removed",
            "outcome_published",
            "outcome_unpublished",
            "outcome_deleted",
        )
    ),
    (
        "command",
        "memory_imported",
        {"part": "editions", "thing": "2027", "changes": {"countries": [None, ["BG", "RS"]], "ordinal": [None, 8]}},
    ),
    (
        BY_HAND,
        "facts_changed",
        {
            "changes": {
                "organisers": [["Кластер"], ["Кластер", "Дом"]],
                "proposed_by": [None, "Дом"],
                "attendance_at_least": [None, 150],
                "speakers": [None, 40],
                "had_learning_trips": [None, True],
                "sources": ["", "venue: Извештај"],
            }
        },
    ),
]
