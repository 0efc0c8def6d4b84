"""What holds for every answer: language, headers, conditional requests, problems, no cookies."""

from __future__ import annotations

import re

import pytest
from piccolo.apps.migrations.tables import Migration

from agency_credit.database.tables import Agency
from agency_credit.domain.errors import (
    ConflictError,
    Fault,
    FaultsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    VerificationError,
)
from agency_credit.web.problems import status_of
from agency_credit.web.tables import format_csv
from tests import builders
from tests.visitor import visit

PAGES = ("/", "/agencies", "/draws", "/verify", "/open-data")


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: what is tested here stands before the store."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def client(office):
    async with visit(office) as client:
        yield client


@pytest.mark.parametrize(
    "path", [*PAGES, "/static/site.css", "/api/v1/statistics", "/nothing/here", "/healthz"]
)
async def test_every_answer_has_the_security_headers_and_no_cookie(client, path):
    answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", PAGES)
async def test_pages_have_no_inline_script_or_style_and_nothing_from_elsewhere(client, path):
    page = (await client.get(path)).text
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|<style|\son[a-z]+=", page)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page)


@pytest.mark.parametrize("path", PAGES)
async def test_pages_are_chinese_and_english_below_en(client, path):
    chinese, english = await client.get(path), await client.get("/en" + path)
    assert 'lang="zh-Hans-CN"' in chinese.text
    assert "随机抽查" in chinese.text
    assert '<html lang="en">' in english.text
    main = re.sub(r"(?s)^.*<main|</main>.*$|<option.*?</option>", "", english.text)  # districts are data
    assert not re.search(r"[\u4e00-\u9fff]", main)


async def test_links_keep_the_language_and_the_switch_keeps_the_page(client):
    page = (await client.get("/en/agencies?q=zbzk")).text
    assert 'href="/en/draws"' in page
    assert 'href="/agencies?q=zbzk"' in page
    assert 'href="/en/agencies?q=zbzk"' in (await client.get("/agencies?q=zbzk")).text


async def test_the_switch_never_leads_to_another_site(client):
    page = (await client.get("/en//evil.example/x")).text
    assert 'href="//evil' not in page


async def test_what_is_known_already_is_not_sent_again(client, office):
    first = await client.get("/api/v1/agencies")
    tag = first.headers["etag"]
    again = await client.get("/api/v1/agencies", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    await builders.add_agency("91370303MA3CXXXX01", "淄博中科专利事务所")
    changed = await client.get("/api/v1/agencies", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize("path", ["/", "/static/site.css", "/api/v1/statistics"])
async def test_head_answers_like_get_without_a_body(client, path):
    got, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]


async def test_a_missing_page_is_a_page_and_a_missing_resource_a_problem(client):
    page, problem = await client.get("/nothing"), await client.get("/api/v1/nothing")
    assert page.status_code == problem.status_code == 404
    assert "没有找到该页面" in page.text
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "http.404"
    assert problem.json()["instance"] == "/api/v1/nothing"


async def test_a_problem_leads_to_the_first_page_of_its_room(client):
    assert 'href="/">' in (await client.get("/nichts")).text
    assert 'href="/admin">' in (await client.get("/admin/nichts")).text
    assert 'href="/en/desk">' in (await client.get("/en/desk/nichts/nichts/nichts")).text


async def test_problems_speak_the_language_of_the_path(client):
    english = (await client.get("/en/api/v1/agencies/9137")).json()
    chinese = (await client.get("/api/v1/agencies/9137")).json()
    assert english["detail"] == "there is no agency 9137; search by name"
    assert english["code"] == chinese["code"] == "agency.unknown"
    assert "9137" in chinese["detail"]
    assert chinese["detail"] != english["detail"]


async def test_a_method_that_is_not_there_is_refused(client):
    answer = await client.post("/agencies")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("path", ["/agencies", "/api/v1/agencies"])
async def test_an_unforeseen_fault_tells_nothing_of_the_inside(client, monkeypatch, path):
    def fail(*_):
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(Agency, "raw", fail)
    answer = await client.get(path)
    assert answer.status_code == 500
    assert "swordfish" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "content-security-policy" in answer.headers


async def test_readiness_asks_the_database(client, monkeypatch):
    assert (await client.get("/readyz")).status_code == 200

    def fail(*_):
        raise OSError("gone")

    monkeypatch.setattr(Migration, "select", fail)
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert (await client.get("/healthz")).status_code == 200


async def test_the_description_of_the_api_holds_the_api_and_no_pages(client):
    paths = (await client.get("/api/v1/openapi.json")).json()["paths"]
    assert {"/api/v1/agencies", "/api/v1/draws/{draw}/units/{unit}", "/api/v1/statistics"} <= set(paths)
    assert not any(path.startswith("/draws") or path == "/" for path in paths)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("a.b", "x"), 422),
        (FaultsError("a", (Fault(at="f", code="a.b", template="x"),)), 422),
        (RefusedError("a.b", "x"), 409),
        (ConflictError("a.b", "x"), 409),
        (VerificationError("a.b", "x"), 409),
        (ForbiddenError("a.b", "x"), 403),
        (ForbiddenError("session.required", "x"), 401),
        (ForbiddenError("session.throttled", "x"), 429),
        (NotFoundError("a.b", "x"), 404),
        (UnavailableError("a.b", "x"), 503),
    ],
)
def test_each_error_has_its_status(error, status):
    assert status_of(error) == status


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@x", "\t=1", "\r=1", "＝1"])
def test_a_formula_in_a_cell_gets_an_apostrophe(cell):
    assert b"'" + cell.encode() in format_csv(["h"], [[cell]])
