"""Every route of the application and who may open it: the table is the promise, the router must keep it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.handlers import BaseRouteHandler

from agency_credit.database.tables import Session
from agency_credit.domain.role import EVERYBODY, OFFICE, Role
from agency_credit.settings import Settings
from tests.builders import add_person
from tests.visitor import shared_app, visit

# A new route is added here by hand, with the roles that may open it; "public": everybody, without login.
TABLE = """
GET    /                                                public
GET    /activate                                        public
POST   /activate                                        public
GET    /activate/authenticator                          agency
POST   /activate/authenticator                          agency
POST   /activate/join                                   agency
GET    /admin                                           anybody-logged-in
GET    /admin/account                                   anybody-logged-in
POST   /admin/account/name                              anybody-logged-in
POST   /admin/account/password                          anybody-logged-in
POST   /admin/account/recovery                          anybody-logged-in
POST   /admin/account/sessions/end                      anybody-logged-in
POST   /admin/account/totp                              anybody-logged-in
POST   /admin/account/totp/confirm                      anybody-logged-in
POST   /admin/account/totp/end                          anybody-logged-in
GET    /admin/activation                                security
POST   /admin/activation/letters                        security
GET    /admin/activation/{uscc:str}                     security
POST   /admin/activation/{uscc:str}/cancel              security
POST   /admin/activation/{uscc:str}/issue               security
POST   /admin/activation/{uscc:str}/letter              security
POST   /admin/activation/{uscc:str}/seats/end           security
GET    /admin/agencies                                  approver audit drafter system
GET    /admin/agencies/{uscc:str}                       approver audit drafter system
POST   /admin/agencies/{uscc:str}/unmask                approver drafter
GET    /admin/alarms                                    approver audit drafter publisher system
GET    /admin/alarms.csv                                approver audit drafter publisher system
GET    /admin/alarms.json                               approver audit drafter publisher system
GET    /admin/archive                                   audit
GET    /admin/archive/{sealed:int}                      audit
POST   /admin/archive/{sealed:int}                      audit
GET    /admin/audit                                     audit
GET    /admin/audit.csv                                 audit
GET    /admin/audit/chain                               audit
GET    /admin/changes/{number:int}                      approver audit drafter publisher
POST   /admin/changes/{number:int}/decide               approver
POST   /admin/changes/{number:int}/take-back            drafter
GET    /admin/confirm                                   anybody-logged-in
POST   /admin/confirm                                   anybody-logged-in
GET    /admin/draws                                     approver audit drafter publisher
POST   /admin/draws                                     drafter
GET    /admin/draws/{draw:str}                          approver audit drafter publisher
POST   /admin/draws/{draw:str}/announce                 drafter
GET    /admin/draws/{draw:str}/approve                  approver
POST   /admin/draws/{draw:str}/approve                  approver
GET    /admin/draws/{draw:str}/check                    approver audit drafter publisher
GET    /admin/draws/{draw:str}/commitment               approver audit drafter publisher
GET    /admin/draws/{draw:str}/draw                     approver drafter
POST   /admin/draws/{draw:str}/draw                     approver drafter
GET    /admin/draws/{draw:str}/frame.csv                approver audit drafter publisher
GET    /admin/draws/{draw:str}/papers/{kind:str}        approver audit drafter publisher
GET    /admin/draws/{draw:str}/plan                     approver audit drafter publisher
GET    /admin/draws/{draw:str}/plan/{section:str}       approver audit drafter publisher
POST   /admin/draws/{draw:str}/plan/{section:str}       drafter
GET    /admin/draws/{draw:str}/protocol                 approver audit drafter publisher
GET    /admin/draws/{draw:str}/publish                  publisher
POST   /admin/draws/{draw:str}/publish                  publisher
GET    /admin/draws/{draw:str}/reserves/{unit:str}      drafter
POST   /admin/draws/{draw:str}/reserves/{unit:str}      drafter
POST   /admin/draws/{draw:str}/supplements              drafter
GET    /admin/draws/{draw:str}/values                   approver drafter
POST   /admin/draws/{draw:str}/values/{source:int}      approver drafter
GET    /admin/draws/{draw:str}/void                     approver drafter
POST   /admin/draws/{draw:str}/void                     approver drafter
POST   /admin/draws/{draw:str}/void/confirm             approver
GET    /admin/import                                    drafter system
POST   /admin/import                                    drafter system
POST   /admin/import/columns/{column:int}/forget        drafter system
GET    /admin/import/templates/{name:str}               drafter system
GET    /admin/import/{upload:int}                       drafter system
POST   /admin/import/{upload:int}/abandon               drafter system
GET    /admin/import/{upload:int}/answer.xlsx           drafter system
POST   /admin/import/{upload:int}/columns               drafter system
POST   /admin/import/{upload:int}/commit                drafter system
GET    /admin/import/{upload:int}/faulty.xlsx           drafter system
GET    /admin/imports                                   drafter system
GET    /admin/imports/{run:int}                         drafter system
POST   /admin/imports/{run:int}/undo                    drafter system
GET    /admin/inspections                               inspector
GET    /admin/inspections/{inspection:int}              approver audit drafter inspector publisher
GET    /admin/inspections/{inspection:int}/arrive       inspector
POST   /admin/inspections/{inspection:int}/arrive       inspector
POST   /admin/inspections/{inspection:int}/confirm      inspector
POST   /admin/inspections/{inspection:int}/draft        inspector
GET    /admin/inspections/{inspection:int}/papers/{kind:str} approver audit drafter inspector publisher
POST   /admin/inspections/{inspection:int}/follow-up    approver drafter
POST   /admin/inspections/{inspection:int}/follow-up/steps approver drafter inspector
POST   /admin/inspections/{inspection:int}/recusal      inspector
POST   /admin/inspections/{inspection:int}/recusal/{application:int}/decide approver
POST   /admin/inspections/{inspection:int}/withdraw     approver publisher
POST   /admin/inspections/{inspection:int}/withdraw/confirm publisher
GET    /admin/inspections/{inspection:int}/photographs/{digest:str} approver audit drafter inspector publisher
POST   /admin/inspections/{inspection:int}/publish      publisher
POST   /admin/inspections/{inspection:int}/result       inspector
POST   /admin/inspections/{inspection:int}/review       approver
GET    /admin/inspections/{inspection:int}/team         approver audit drafter publisher
POST   /admin/inspections/{inspection:int}/team         drafter
GET    /admin/invitation                                public
POST   /admin/invitation                                public
GET    /admin/items                                     approver audit drafter publisher
GET    /admin/items/{code:str}                          approver audit drafter publisher
POST   /admin/items/{code:str}                          drafter
GET    /admin/leads                                     approver audit drafter publisher
POST   /admin/leads                                     drafter
GET    /admin/notices                                   anybody-of-the-office
POST   /admin/notices                                   anybody-of-the-office
GET    /admin/deadlines                                 approver audit drafter inspector publisher
GET    /admin/login                                     public
POST   /admin/login                                     public
POST   /admin/login/code                                public
POST   /admin/logout                                    anybody-logged-in
GET    /admin/objections                                approver audit drafter publisher
GET    /admin/objections/{number:int}                   approver audit drafter publisher
POST   /admin/objections/{number:int}/decide            approver
POST   /admin/objections/{number:int}/extend            approver drafter
GET    /admin/objections/{number:int}/files/{file:int}  approver audit drafter publisher
POST   /admin/objections/{number:int}/propose           drafter
GET    /admin/people                                    security
POST   /admin/people                                    security
GET    /admin/people/{username:str}                     security
POST   /admin/people/{username:str}/close               security
POST   /admin/people/{username:str}/invite              security
POST   /admin/people/{username:str}/reopen              security
POST   /admin/people/{username:str}/roles               security
POST   /admin/people/{username:str}/sessions/end        security
POST   /admin/people/{username:str}/totp                security
GET    /admin/plans                                     approver audit drafter publisher
GET    /admin/plans/{year:int}                          approver audit drafter publisher
GET    /admin/plans/{year:int}/plan.xlsx                approver audit drafter publisher
POST   /admin/plans/{year:int}/propose                  drafter
GET    /admin/plans/{year:int}/rows/{row:int}           drafter
POST   /admin/plans/{year:int}/rows/{row:int}           drafter
POST   /admin/plans/{year:int}/rows/{row:int}/draw      drafter
POST   /admin/plans/{year:int}/rows/{row:int}/remove    drafter
GET    /admin/rating                                    approver drafter system
POST   /admin/rating                                    approver drafter system
GET    /admin/records                                   approver audit drafter system
GET    /admin/records/changes/{number:int}              approver audit drafter system
POST   /admin/records/changes/{number:int}/decide       approver
POST   /admin/records/changes/{number:int}/take-back    drafter
GET    /admin/records/{record:str}                      approver audit drafter system
POST   /admin/records/{record:str}                      drafter
GET    /admin/recusals                                  approver audit drafter publisher
POST   /admin/recusals                                  approver
ASGI   /admin/reference                                 system
GET    /admin/repairs                                   approver audit drafter publisher
GET    /admin/repairs/{number:int}                      approver audit drafter publisher
POST   /admin/repairs/{number:int}/decide               approver
GET    /admin/repairs/{number:int}/files/{file:int}     approver audit drafter publisher
POST   /admin/repairs/{number:int}/propose              drafter
POST   /admin/repairs/{number:int}/return               drafter
GET    /admin/results                                   approver audit drafter publisher
GET    /admin/replies                                   approver audit drafter publisher
GET    /admin/replies/{reply:int}                       approver audit drafter publisher
POST   /admin/replies/{reply:int}/decide                publisher
GET    /admin/rules                                     approver audit drafter publisher
POST   /admin/rules                                     drafter
GET    /admin/rules/changes/{number:int}                approver audit drafter publisher
POST   /admin/rules/changes/{number:int}/decide         approver
POST   /admin/rules/changes/{number:int}/take-back      drafter
GET    /admin/rules/shipped/{instrument:str}            approver audit drafter publisher
POST   /admin/rules/shipped/{instrument:str}            drafter
GET    /admin/rules/{instrument:str}                    approver audit drafter publisher
POST   /admin/rules/{instrument:str}                    drafter
GET    /admin/security                                  security
POST   /admin/security                                  security
GET    /admin/statistics                                approver audit drafter system
GET    /admin/team-changes/{number:int}                 approver audit drafter publisher
POST   /admin/team-changes/{number:int}/decide          approver
POST   /admin/team-changes/{number:int}/take-back       drafter
GET    /agencies                                        public
GET    /agencies.csv                                    public
GET    /agencies.json                                   public
GET    /agencies/{uscc:str}                             public
GET    /agencies/{uscc:str}/ratings/{practice_line:str}/bundle public
GET    /api/v1/agencies                                 public
GET    /api/v1/agencies/{uscc:str}                      public
GET    /api/v1/agencies/{uscc:str}/history              public
GET    /api/v1/agencies/{uscc:str}/inspections          public
GET    /api/v1/agencies/{uscc:str}/ratings/{practice_line:str}/bundle public
GET    /api/v1/draws                                    public
POST   /api/v1/draws                                    drafter
GET    /api/v1/draws/{draw:str}                         public
POST   /api/v1/draws/{draw:str}/announce                drafter
POST   /api/v1/draws/{draw:str}/approve                 approver
GET    /api/v1/draws/{draw:str}/bundle                  public
POST   /api/v1/draws/{draw:str}/draw                    approver drafter
GET    /api/v1/draws/{draw:str}/files/{name:str}        public
POST   /api/v1/draws/{draw:str}/publish                 publisher
GET    /api/v1/draws/{draw:str}/units/{unit:str}        public
POST   /api/v1/draws/{draw:str}/values                  approver drafter
POST   /api/v1/draws/{draw:str}/void                    approver drafter
POST   /api/v1/draws/{draw:str}/void/confirm            approver
POST   /api/v1/inspections/{inspection:int}/confirmation inspector
POST   /api/v1/inspections/{inspection:int}/result      inspector
POST   /api/v1/inspections/{inspection:int}/review      approver
GET    /api/v1/items                                    public
GET    /api/v1/openapi.json                             public
GET    /api/v1/openapi.json/openapi.json                public
GET    /api/v1/openapi.json/{path:str}                  public
GET    /api/v1/plans                                    public
GET    /api/v1/plans/{year:int}                         public
GET    /api/v1/rules                                    public
GET    /api/v1/rules/{instrument:str}                   public
DELETE /api/v1/session                                  anybody-logged-in
POST   /api/v1/session                                  public
POST   /api/v1/session/confirm                          anybody-logged-in
GET    /api/v1/service-clocks                           public
GET    /api/v1/statistics                               public
GET    /desk                                            agency
GET    /desk/{uscc:str}                                 agency
GET    /desk/{uscc:str}/ledger                          agency
GET    /desk/{uscc:str}/messages                        agency
POST   /desk/{uscc:str}/messages                        agency
GET    /desk/{uscc:str}/objections                      agency
GET    /desk/{uscc:str}/objections/{number:int}         agency
GET    /desk/{uscc:str}/objections/{number:int}/files/{file:int} agency
POST   /desk/{uscc:str}/objections/{number:int}/withdraw agency
GET    /desk/{uscc:str}/outlook                         agency
GET    /desk/{uscc:str}/practitioners                   agency
GET    /desk/{uscc:str}/records/{record:str}            agency
GET    /desk/{uscc:str}/draws                           agency
GET    /desk/{uscc:str}/file                            agency
GET    /desk/{uscc:str}/file.json                       agency
GET    /desk/{uscc:str}/file.zip                        agency
GET    /desk/{uscc:str}/inspections                     agency
GET    /desk/{uscc:str}/inspections/{inspection:int}    agency
GET    /desk/{uscc:str}/inspections/{inspection:int}/papers/{kind:str} agency
POST   /desk/{uscc:str}/inspections/{inspection:int}/recusal agency
POST   /desk/{uscc:str}/inspections/{inspection:int}/reply agency
GET    /desk/{uscc:str}/people                          agency
POST   /desk/{uscc:str}/people                          agency
POST   /desk/{uscc:str}/people/codes/{number:int}/cancel agency
POST   /desk/{uscc:str}/people/{seat:int}/end           agency
POST   /desk/{uscc:str}/people/{seat:int}/right         agency
POST   /desk/{uscc:str}/records/{record:str}/reply      agency
GET    /desk/{uscc:str}/records/{record:str}/repair     agency
POST   /desk/{uscc:str}/records/{record:str}/repair     agency
GET    /desk/{uscc:str}/repairs                         agency
GET    /desk/{uscc:str}/repairs/{number:int}            agency
POST   /desk/{uscc:str}/repairs/{number:int}/amend      agency
GET    /desk/{uscc:str}/repairs/{number:int}/files/{file:int} agency
POST   /desk/{uscc:str}/repairs/{number:int}/withdraw   agency
GET    /desk/{uscc:str}/statements                      agency
POST   /desk/{uscc:str}/statements                      agency
GET    /desk/{uscc:str}/statements/{code:str}/statement.json agency
GET    /desk/{uscc:str}/statements/{code:str}/statement.pdf agency
GET    /desk/{uscc:str}/records/{record:str}/objection  agency
POST   /desk/{uscc:str}/records/{record:str}/objection  agency
GET    /draws                                           public
GET    /draws.csv                                       public
GET    /draws.json                                      public
GET    /draws/{draw:str}                                public
GET    /draws/{draw:str}/bundle.zip                     public
GET    /draws/{draw:str}/files/{name:str}               public
GET    /draws/{draw:str}/units/{unit:str}               public
GET    /healthz                                         public
GET    /items                                           public
GET    /items.csv                                       public
GET    /items.json                                      public
GET    /log/checkpoint                                  public
GET    /log/keys                                        public
GET    /log/proof/{index:int}                           public
GET    /metrics                                         public
GET    /open-data                                       public
GET    /plans                                           public
GET    /plans/{year:int}                                public
GET    /plans/{year:int}/plan.csv                       public
GET    /plans/{year:int}/plan.json                      public
GET    /plans/{year:int}/versions/{number:int}          public
GET    /readyz                                          public
GET    /rules                                           public
GET    /rules/{instrument:str}                          public
GET    /rules/{instrument:str}/{name:str}               public
GET    /static/{file_path:path}                         public
HEAD   /static/{file_path:path}                         public
GET    /statements/{code:str}                           public
GET    /service-clocks                                  public
GET    /service-clocks.csv                              public
GET    /service-clocks.json                             public
GET    /statistics                                      public
GET    /statistics.csv                                  public
GET    /statistics.json                                 public
GET    /verify                                          public
GET    /verify/verify_draw.py                           public
GET    /verify/verify_rating.py                         public
"""
GROUPS = {"anybody-logged-in": EVERYBODY, "anybody-of-the-office": OFFICE, "public": None}


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: who may open what stands before the store."""
    return databases.fresh("sqlite", tmp_path)


def promised() -> dict[tuple[str, str], frozenset[Role] | None]:
    """Method and path to roles; None for everybody."""
    rows = {}
    for line in TABLE.strip().splitlines():
        method, path, *who = line.split()
        rows[method, path] = GROUPS[who[0]] if who[0] in GROUPS else frozenset(map(Role, who))
    return rows


def declared(app: Litestar) -> Iterator[tuple[str, str, BaseRouteHandler]]:
    """Method, path and handler of everything that the router knows."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", None) or [route.route_handler]:
            for method in sorted(getattr(handler, "http_methods", {"ASGI"}) - {"OPTIONS"}):
                yield method, route.path, handler


def concrete(path: str) -> str:
    """The path with something in each of its places."""
    return re.sub(r"\{[a-z_]+:int\}", "1", re.sub(r"\{[a-z_]+:(?:str|path)\}", "none", path))


@pytest.fixture
def app(tmp_path):
    return shared_app(Settings(data=tmp_path))


def test_every_route_declares_who_may_open_it(app):
    undeclared = [
        (method, path)
        for method, path, handler in declared(app)
        if handler.opt.get("public") is not True and not handler.opt.get("roles")
    ]
    assert undeclared == []


def test_the_router_keeps_the_table(app):
    actual = {(method, path): handler.opt.get("roles") for method, path, handler in declared(app)}
    assert actual == promised()


def test_only_the_mounted_application_checks_its_own_forms(app):
    own = [path for _, path, handler in declared(app) if handler.opt.get("own_csrf")]
    assert own == ["/admin/reference"]


def test_nothing_public_changes_anything_but_logging_in():
    changing = [key for key, roles in promised().items() if roles is None and key[0] not in ("GET", "HEAD")]
    assert sorted(changing) == [
        ("POST", "/activate"),
        ("POST", "/admin/invitation"),
        ("POST", "/admin/login"),
        ("POST", "/admin/login/code"),
        ("POST", "/api/v1/session"),
    ]


async def log_in(office, name: str, *roles: Role) -> dict[str, str]:
    """The cookie of a new session of a person with these roles."""
    person = await add_person(name, *roles)
    await Session.insert(
        Session(
            token_hash=hashlib.sha256(name.encode()).hexdigest(),
            csrf_token=f"csrf-{name}",
            person=person,
            created_at=office.now(),
            last_seen_at=office.now(),
            expires_at=office.now() + timedelta(hours=1),
        )
    )
    return {"Cookie": f"ac_session={name}"}


def is_turned_away(answer) -> bool:
    """Whether the answer says: not you."""
    to_login = answer.status_code == 303 and "/admin/login" in answer.headers["location"]
    return answer.status_code == 401 or to_login or "role.missing" in answer.text


@pytest.mark.parametrize("role", [None, *Role])
async def test_each_role_opens_what_the_table_says_and_nothing_else(office, role):
    async with visit(office) as client:
        headers = await log_in(office, role.value, role) if role else {}
        for (method, path), roles in promised().items():
            verb = "GET" if method == "ASGI" else method
            answer = await client.request(verb, concrete(path), headers=headers)
            is_allowed = roles is None or (role in roles)
            assert is_turned_away(answer) is not is_allowed, (role, method, path, answer.status_code)


async def test_what_changes_something_needs_the_token_of_the_session(office):
    async with visit(office) as client:
        people = {role: await log_in(office, role.value, role) for role in Role}
        for (method, path), roles in promised().items():
            if method not in ("POST", "DELETE"):
                continue
            headers = people[min(roles or Role)]
            for token in ({}, {"X-CSRF-Token": "csrf-somebody"}):
                answer = await client.request(method, concrete(path), headers=headers | token)
                assert answer.status_code == 403, (method, path)
                assert "request.forged" in answer.text


async def test_the_token_is_taken_from_a_form_too(office):
    async with visit(office) as client:
        headers = await log_in(office, "drafter", Role.DRAFTER)
        form = {"csrf_token": "csrf-drafter"}
        answer = await client.post("/admin/draws/none/announce", headers=headers, data=form)
        assert "request.forged" not in answer.text
        assert answer.status_code == 404


async def test_a_form_of_another_site_is_refused_even_without_a_session(office):
    async with visit(office) as client:
        form = {"username": "a", "password": "b"}
        answer = await client.post("/admin/login", data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert "request.forged" in answer.text


async def test_an_expired_or_made_up_session_is_nobody(office, clock):
    async with visit(office) as client:
        headers = await log_in(office, "auditor", Role.AUDIT)
        assert (await client.get("/admin/audit", headers=headers)).status_code == 200
        clock.forward(hours=2)
        assert (await client.get("/admin/audit", headers=headers)).status_code == 303
        made_up = {"Cookie": "ac_session=chosen-by-the-attacker"}
        assert (await client.get("/admin/audit", headers=made_up)).status_code == 303


async def test_a_session_cookie_is_not_read_on_public_pages(office):
    async with visit(office) as client:
        headers = await log_in(office, "drafter", Role.DRAFTER)
        with_cookie, without = await client.get("/", headers=headers), await client.get("/")
        assert with_cookie.text == without.text
        assert with_cookie.headers["etag"] == without.headers["etag"]
