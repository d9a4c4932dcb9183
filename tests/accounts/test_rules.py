"""Who may see what of an edition, how long a session lasts, and which paths stay on the site."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dofc_events.accounts.rules import (
    Access,
    Grant,
    RoleName,
    access_to_edition,
    browser_name,
    is_local_path,
)

HERE, ELSEWHERE = 1, 2
ORGANISERS = (RoleName.ORGANISER,)
DOOR = (RoleName.ORGANISER, RoleName.DESK)

CHAIR = Grant(RoleName.CHAIR)
ORGANISER = Grant(RoleName.ORGANISER, HERE)
DESK = Grant(RoleName.DESK, HERE)
ORGANISER_ELSEWHERE = Grant(RoleName.ORGANISER, ELSEWHERE)
DESK_ELSEWHERE = Grant(RoleName.DESK, ELSEWHERE)
MEMBER = Grant(RoleName.MEMBER, organisation_id=HERE)
BOARD = Grant(RoleName.BOARD, organisation_id=HERE)

grants = st.builds(
    Grant,
    st.sampled_from(RoleName),
    st.sampled_from((None, HERE, ELSEWHERE)),
    st.sampled_from((None, HERE, ELSEWHERE)),
)


@pytest.mark.parametrize(
    ("held", "allowed", "expected"),
    [
        ([CHAIR], ORGANISERS, Access.GRANTED),
        ([CHAIR], (), Access.GRANTED),
        ([ORGANISER], ORGANISERS, Access.GRANTED),
        ([ORGANISER], DOOR, Access.GRANTED),
        ([DESK], DOOR, Access.GRANTED),
        ([DESK], ORGANISERS, Access.FORBIDDEN),
        ([ORGANISER_ELSEWHERE], ORGANISERS, Access.HIDDEN),
        ([DESK_ELSEWHERE], DOOR, Access.HIDDEN),
        ([DESK, ORGANISER_ELSEWHERE], ORGANISERS, Access.FORBIDDEN),
        ([ORGANISER, ORGANISER_ELSEWHERE], ORGANISERS, Access.GRANTED),
        ([MEMBER], ORGANISERS, Access.FORBIDDEN),
        ([BOARD], DOOR, Access.FORBIDDEN),
        ([MEMBER, DESK_ELSEWHERE], DOOR, Access.HIDDEN),
        ([], DOOR, Access.FORBIDDEN),
    ],
)
def test_access_to_edition(held, allowed, expected):
    assert access_to_edition(held, HERE, allowed) is expected


@given(st.lists(grants), st.sets(st.sampled_from(RoleName)))
def test_access_to_edition_is_granted_only_to_chair_and_its_own_staff(held, allowed):
    granted = access_to_edition(held, HERE, allowed) is Access.GRANTED
    assert granted == any(
        g.role is RoleName.CHAIR
        or (g.role in (RoleName.ORGANISER, RoleName.DESK) and g.role in allowed and g.edition_id == HERE)
        for g in held
    )


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/129.0 Safari/537.36 Edg/129.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/129.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) Version/17.6 Safari/604.1", "Safari, iPhone"),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_browsers_are_called_what_their_owners_call_them(user_agent, name):
    assert browser_name(user_agent) == name


@pytest.mark.parametrize("path", ["/", "/organise/", "/organise/editions/2027/registrations?q=a%2Fb&page=2", "/č"])
def test_is_local_path_when_it_is(path):
    assert is_local_path(path)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "organise",
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        "/\r\nSet-Cookie: a=b",
        " //evil.example",
        "javascript:alert(1)",
    ],
)
def test_is_local_path_refuses_what_could_lead_elsewhere(address):
    assert not is_local_path(address)


@given(st.text(alphabet="/\\:@?#.\t\n\r aé", max_size=8))
def test_is_local_path_never_leads_elsewhere(end):
    address = f"/{end}evil.example"
    if is_local_path(address):
        # As browsers read it: tabs and line breaks dropped, backslashes turned.
        read = "".join(c for c in address if c not in "\t\n\r").replace("\\", "/")
        assert urlsplit(urljoin("https://here.example/sign-in", read)).netloc == "here.example"
