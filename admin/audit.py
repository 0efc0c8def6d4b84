"""The audit lines: read, filtered, downloaded by the audit administrator, and whether the chain is whole."""

from __future__ import annotations

import json
from datetime import date

from litestar import Response, get
from litestar.response import Template

from admin.entered import Entered
from admin.page import AnyRequest, complaints_of, opened_to, show
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import AUDIT_ADMINISTRATOR
from agency_credit.services.audit_chain import parse_head, verify_chain
from agency_credit.services.audit_lines import AuditFilter, format_audit_csv, load_audit_lines

LINES_A_PAGE = 50
_FIELDS = ("actor", "action", "subject", "outcome", "first", "last")


@get("/admin/audit", opt=opened_to(AUDIT_ADMINISTRATOR))
async def show_audit(request: AnyRequest) -> Template:
    """Who did what, the newest first."""
    entered = Entered(dict(request.query_params))
    asked = _read_filter(entered)
    before = entered.number("before", maximum=999_999_999)
    lines = [] if entered.complaints else await load_audit_lines(asked, before=before, limit=LINES_A_PAGE + 1)
    following = lines[LINES_A_PAGE - 1]["id"] if len(lines) > LINES_A_PAGE else None
    return show(
        "audit",
        faults=entered.complaints,
        lines=[{**line, "details": json.loads(line["details_json"])} for line in lines[:LINES_A_PAGE]],
        following=following,
        before=before,
        values={name: entered.text(name) for name in _FIELDS},
    )


@get("/admin/audit/chain", opt=opened_to(AUDIT_ADMINISTRATOR))
async def show_chain(request: AnyRequest) -> Template:
    """Whether every line follows from those before it, and the chain goes through a head that was kept."""
    entered = Entered(dict(request.query_params))
    text, expected = entered.text("head"), None
    if text:
        try:
            expected = parse_head(text)
        except InputError as error:
            entered.complaints += complaints_of(error, "head")
    report = await verify_chain(expected)
    return show(
        "audit_chain", faults=entered.complaints, report=report, head=text, is_compared=bool(expected)
    )


@get("/admin/audit.csv", opt=opened_to(AUDIT_ADMINISTRATOR))
async def download_audit(request: AnyRequest) -> Response[bytes]:
    """The lines that fit as CSV, with their place in the chain."""
    entered = Entered(dict(request.query_params))
    asked = _read_filter(entered)
    entered.raise_if_any("audit")  # all lines instead of those asked for would be believed to be those
    content = await format_audit_csv(asked)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(content, media_type="text/csv", headers=headers)


PAGES = (show_audit, show_chain, download_audit)


def _read_filter(entered: Entered) -> AuditFilter:
    def day(field: str) -> date | None:
        return entered.day(field) if entered.text(field) else None

    return AuditFilter(
        actor=entered.text("actor"),
        action=entered.text("action"),
        subject=entered.text("subject"),
        outcome=entered.text("outcome"),
        first=day("first"),
        last=day("last"),
    )
