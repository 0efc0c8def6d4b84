"""The record of an inspection as its team signs it: the form, and its one byte string."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from agency_credit.domain.canonical import Json, format_canonical

FORM = "inspection-record/1"
ANSWERS = ("met", "not-met", "not-applicable")
"""What a line of the checklist says: 符合, 不符合, 不涉及."""
METHODS = ("written", "on-site", "online")
"""How an inspection is made: 书面, 实地, 网络监测 (专利代理管理办法 art 40)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    """A line of the checklist, with the words that it had when it was answered.

    Parameters
    ----------
    answer
        One of `ANSWERS`.
    """

    code: str
    title: str
    basis: str
    answer: str
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDetails:
    """What a whole form holds beside day, categories and findings.

    Parameters
    ----------
    methods
        Some of `METHODS`.
    advised_at
        When the agency was told of its rights, such as ``"2026-12-04T09:30"`` in China; empty: it was not.
    agency_remarks
        What the agency said to the record; never public.
    materials
        What was taken along, a line each.
    photographs, signed_pages
        Digests of the photographs of the inspection and of the record signed on paper.
    """

    place: str = ""
    methods: tuple[str, ...] = ()
    lines: tuple[FormLine, ...] = ()
    advised_at: str = ""
    agency_remarks: str = ""
    materials: tuple[str, ...] = ()
    photographs: tuple[str, ...] = ()
    signed_pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordForm:
    """A form: what was found at one agency.

    Parameters
    ----------
    categories
        Codes of the result categories, in order.
    details
        None where only the short form was handed in, by a program.
    """

    inspected_on: date
    categories: tuple[str, ...]
    findings: str
    details: FormDetails | None = None


def format_form(form: RecordForm, *, agency: str, draw: str, version: int) -> bytes:
    """The bytes that the members of a team confirm.

    Parameters
    ----------
    agency, draw
        What the inspection is of: unified social credit code, identifier of the draw.
    version
        From 1. A member who confirmed an earlier version has not confirmed these bytes.
    """
    return format_canonical(
        {
            "agency": agency,
            "categories": list(form.categories),
            "details": None if form.details is None else _plain(form.details),
            "draw": draw,
            "findings": form.findings,
            "form": FORM,
            "inspected_on": form.inspected_on.isoformat(),
            "version": version,
        }
    )


def parse_form(content: str) -> RecordForm:
    """The form that `format_form` wrote as `content`."""
    value = json.loads(content)
    details = value["details"]
    return RecordForm(
        inspected_on=date.fromisoformat(value["inspected_on"]),
        categories=tuple(value["categories"]),
        findings=value["findings"],
        details=None if details is None else parse_details(details),
    )


def parse_details(value: Mapping[str, Any]) -> FormDetails:
    """Details from their JSON."""
    tuples = ("methods", "materials", "photographs", "signed_pages")
    return FormDetails(
        place=value["place"],
        lines=tuple(FormLine(**line) for line in value["lines"]),
        advised_at=value["advised_at"],
        agency_remarks=value["agency_remarks"],
        **{name: tuple(value[name]) for name in tuples},
    )


def _plain(details: FormDetails) -> dict[str, Json]:
    return {name: list(item) if isinstance(item, tuple) else item for name, item in asdict(details).items()}
