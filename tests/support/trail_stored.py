"""Entries of the trail as the database has them from before there was one form, and what they say was changed."""

from typing import Any

STORED: list[tuple[str, dict[str, Any], dict[str, list[Any]]]] = [
    (
        "edition_changed",
        {
            "before": {"city": "Sofia", "venue": None, "starts_on": "2027-05-16"},
            "after": {"city": "Niš", "venue": "Hall", "starts_on": "2027-05-17"},
        },
        {"city": ["Sofia", "Niš"], "venue": [None, "Hall"], "starts_on": ["2027-05-16", "2027-05-17"]},
    ),
    (
        "categories_changed",
        {"before": {"member": "Member", "guest": "Guest"}, "after": {"guest": "Guest", "member": "Member"}},
        {"categories": [{"member": "Member", "guest": "Guest"}, {"guest": "Guest", "member": "Member"}]},
    ),
    ("capacity_changed", {"before": None, "after": 100}, {"capacity": [None, 100]}),
    ("capacity_changed", {"before": 1, "after": 3, "because": "They speak."}, {"capacity": [1, 3]}),
    (
        "sign_up_changed",
        {
            "before": ["first-come", None, "2026-11-02 13:00:00+00:00"],
            "after": ["draw", "2026-11-02 13:00:00+00:00", "2026-11-02 13:00:00+00:00"],
        },
        {"trip_mode": ["first-come", "draw"], "trips_open_at": [None, "2026-11-02 13:00:00+00:00"]},
    ),
    ("note_changed", {"before": "", "after": "Speaks at ten"}, {"note": ["", "Speaks at ten"]}),
    (
        "address_corrected",
        {"before": "ana@dofc.tset", "after": "ana@dofc.test"},
        {"email": ["ana@dofc.tset", "ana@dofc.test"]},
    ),
    (
        "handed_over",
        {"before": {"name": "Ana Kovač", "email": "ana@dofc.test"}, "name": "Bojan Ilić", "email": "bojan@dofc.test"},
        {"name": ["Ana Kovač", "Bojan Ilić"], "email": ["ana@dofc.test", "bojan@dofc.test"]},
    ),
    (
        "handed_over",
        {
            "before": {"name": "Ana", "email": "ana@dofc.test", "note": "Owes us a slide", "tags": ["speaker"]},
            "name": "Ana",
            "email": "bojan@dofc.test",
        },
        {
            "email": ["ana@dofc.test", "bojan@dofc.test"],
            "note": ["Owes us a slide", None],
            "tags": [["speaker"], None],
        },
    ),
    (
        "role_changed",
        {"email": "ben@dofc.test", "role": "desk", "before": "2026-12-02T13:00:00+00:00", "after": None},
        {"ends_at": ["2026-12-02T13:00:00+00:00", None]},
    ),
    (
        "role_ended",
        {"email": "ben@dofc.test", "role": "desk", "before": None, "after": "2026-11-02T13:00:00+00:00"},
        {"ends_at": [None, "2026-11-02T13:00:00+00:00"]},
    ),
    (
        "hand_over_item_ticked",
        {"item": 3, "side": "last_host", "before": False, "after": True},
        {"done": [False, True]},
    ),
    (
        "details_changed",
        {"changes": {"category": ["company", "guest"], "visa_letter": [False, True]}},
        {"category": ["company", "guest"], "visa_letter": [False, True]},
    ),
    ("trip_changed", {"trip": "wine", "changes": {"capacity": [1, 2]}}, {"capacity": [1, 2]}),
    (
        "organisers_changed",
        {"before": ["alt"], "after": ["alt", "iasi"]},
        {"organisers": [["alt"], ["alt", "iasi"]]},
    ),
    ("call_changed", {"before": {"quorum": 2}, "after": {"quorum": 5}}, {"quorum": [2, 5]}),
    (
        "criteria_changed",
        {"before": {"Venue": 2}, "after": {"Venue": 2, "Funding": 3}},
        {"criteria": [{"Venue": 2}, {"Venue": 2, "Funding": 3}]},
    ),
    (
        "member_changed",
        {"organisation": "alt-brasov", "before": {"is_active": True}, "after": {"is_active": False}},
        {"is_active": [True, False]},
    ),
    (
        "proposal_changed",
        {"before": {"city": "Brno"}, "after": {"city": "Ostrava"}},
        {"city": ["Brno", "Ostrava"]},
    ),
    ("proposal_submitted", {"before": "draft", "after": "submitted"}, {"status": ["draft", "submitted"]}),
    ("decision_prepared", {"before": None, "after": "7KX9-Q2MB"}, {"proposal": [None, "7KX9-Q2MB"]}),
    (
        "review_given",
        {"before": {}, "after": {"1": {"score": 5, "note": ""}}},
        {"1": [None, {"score": 5, "note": ""}]},
    ),
    (
        "review_changed",
        {
            "before": {"1": {"score": 5, "note": ""}, "2": {"score": 3, "note": ""}},
            "after": {"1": {"score": 5, "note": ""}, "2": {"score": 1, "note": "Far"}},
        },
        {"2": [{"score": 3, "note": ""}, {"score": 1, "note": "Far"}]},
    ),
    ("arrived", {}, {}),
    ("seat_changed", {"trip": "wine", "reason": "asked"}, {}),
]
