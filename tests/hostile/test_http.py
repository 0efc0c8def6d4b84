"""Requests that nobody sends by accident: every one gets a plain refusal, none breaks the service."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from agency_credit.settings import Settings
from tests.visitor import ADDRESS, shared_app, visit

JSON = {"Content-Type": "application/json"}
PATHS = (
    *("/agencies/{p}", "/draws/{p}", "/draws/{p}/files/{p}", "/draws/{p}/bundle.zip", "/draws/{p}/units/{p}"),
    *("/api/v1/agencies/{p}", "/api/v1/agencies/{p}/history", "/api/v1/agencies/{p}/inspections"),
    *("/api/v1/draws/{p}", "/api/v1/draws/{p}/bundle", "/api/v1/draws/{p}/files/{p}"),
    *("/api/v1/draws/{p}/units/{p}", "/log/proof/{p}", "/static/{p}", "/static/site.css/{p}", "/{p}"),
)
LISTS = ("/agencies", "/agencies.json", "/agencies.csv", "/api/v1/agencies", "/draws", "/draws.csv")
FIELDS = ("q", "tier", "practice_line", "area", "cursor", "limit", "state")
VALUES = (
    *("%00", "a%00b", "%ff%fe", "%ed%a0%80", "..%2f..%2fkeys%2flog", "%2e%2e%2fplan.json", "a" * 3000),
    *("9" * 24, "9223372036854775808", "-1", "1e3", "NaN", "%D9%A3", "%25", "'--", "%0d%0aX-Y:z", "{0}"),
)


@pytest.mark.parametrize("value", VALUES)
async def test_no_value_in_a_path_breaks_the_service(office, value):
    async with visit(office) as client:
        for path in PATHS:
            answer = await client.get(path.replace("{p}", value))
            assert answer.status_code in (404, 422), (path, answer.status_code, answer.text[:200])


@pytest.mark.parametrize("value", VALUES)
async def test_no_value_in_a_query_breaks_the_service(office, value):
    async with visit(office) as client:
        for path in LISTS:
            for field in FIELDS:
                answer = await client.get(f"{path}?{field}={value}")
                assert answer.status_code in (200, 422), (path, field, answer.status_code)
                assert "x-y" not in answer.headers


@pytest.mark.parametrize("name", ["a\\u0000b", "\\ud800", "a" * 5000, "\\u202e"])
async def test_no_name_breaks_the_login(office, name):
    body = f'{{"username": "{name}", "password": "{name}"}}'.encode()
    async with visit(office) as client:
        answer = await client.post("/api/v1/session", content=body, headers=JSON)
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_form_with_a_null_byte_is_an_unknown_name(office):
    async with visit(office) as client:
        answer = await client.post("/admin/login", data={"username": "a\0b", "password": "c\0d"})
        assert answer.status_code == 422


@pytest.mark.parametrize("origin", ["http://elsewhere.test", "http://office.test.elsewhere.test", "null"])
async def test_a_form_of_another_origin_is_refused_where_the_browser_tells_no_more(office, origin):
    form = {"username": "a", "password": "b"}
    async with visit(office) as client:
        answer = await client.post("/admin/login", data=form, headers={"Origin": origin})
        assert "request.forged" in answer.text
        answer = await client.post("/admin/login", data=form, headers={"Origin": ADDRESS})
        assert answer.status_code == 422


async def test_a_head_request_stays_one_for_the_server(office):
    """Uvicorn looks at the method again when it counts what was sent; it closed the connection."""
    app, methods = shared_app(Settings(data=Path("unused"))), []
    app.state.office = office

    async def watched(scope, receive, send):
        await app(scope, receive, send)
        methods.append(scope["method"])

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=watched), base_url=ADDRESS) as client:
        answer = await client.head("/healthz")
    assert (answer.status_code, answer.content, methods) == (200, b"", ["HEAD"])
