"""The record form of an inspection: what was typed, by field, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from litestar.datastructures import UploadFile

from admin.entered import Entered
from admin.page import AnyRequest
from agency_credit.domain.record_form import FormDetails, FormLine, RecordForm

PHOTOGRAPHS = {"new_photographs": ("photographs", "photo"), "new_signed_pages": ("signed_pages", "signed")}
"""File fields: where the digest of what they hold is added, and what kind of photograph it is."""
TEXTS = (
    "inspected_on",
    "place",
    "advised_at",
    "agency_remarks",
    "materials",
    "findings",
    "correction_reason",
)
LISTS = ("methods", "categories", "photographs", "signed_pages")
LARGEST_REQUEST = 64 * 1024 * 1024
"""Bytes of one sending, some photographs included."""


@dataclass(frozen=True, slots=True)
class FormValues:
    """What stands in the fields of the form."""

    fields: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """The value of a field that is there once; empty where it is not."""
        values = self.fields.get(name) or ("",)
        return values[0]

    def all(self, name: str) -> list[str]:
        """The values of a field that may be there several times."""
        return list(self.fields.get(name, ()))

    def with_added(self, name: str, value: str) -> FormValues:
        """With one more value in a field, once."""
        values = self.all(name)
        return self if value in values else FormValues({**self.fields, name: [*values, value]})


def read_fields(entered: Entered, lines: Sequence[FormLine]) -> FormValues:
    """The fields as they were typed, those alone that the form has."""
    fields = {name: [entered.paragraph(name)] for name in TEXTS}
    fields |= {name: entered.texts(name) for name in LISTS}
    for line in lines:
        fields[f"line-{line.code}"] = [entered.text(f"line-{line.code}", max_length=20)]
        fields[f"remark-{line.code}"] = [entered.text(f"remark-{line.code}", max_length=500)]
    return FormValues({name: values for name, values in fields.items() if any(values)})


def fields_of(form: RecordForm) -> FormValues:
    """The fields of a form that was handed in."""
    fields = {
        "inspected_on": [form.inspected_on.isoformat()],
        "categories": list(form.categories),
        "findings": [form.findings],
    }
    details = form.details
    if details is not None:
        fields |= {
            "place": [details.place],
            "methods": list(details.methods),
            "advised_at": [details.advised_at],
            "agency_remarks": [details.agency_remarks],
            "materials": ["\n".join(details.materials)],
            "photographs": list(details.photographs),
            "signed_pages": list(details.signed_pages),
        }
        for line in details.lines:
            fields |= {f"line-{line.code}": [line.answer], f"remark-{line.code}": [line.remark]}
    return FormValues(fields)


def details_of(values: FormValues, lines: Sequence[FormLine]) -> FormDetails:
    """What the fields say, in the words of the checklist that was on the page."""
    return FormDetails(
        place=values.one("place"),
        methods=tuple(values.all("methods")),
        lines=tuple(
            replace(line, answer=values.one(f"line-{line.code}"), remark=values.one(f"remark-{line.code}"))
            for line in lines
        ),
        advised_at=values.one("advised_at"),
        agency_remarks=values.one("agency_remarks"),
        materials=tuple(values.one("materials").split("\n")),
        photographs=tuple(values.all("photographs")),
        signed_pages=tuple(values.all("signed_pages")),
    )


def day_of(entered: Entered) -> date | None:
    """The day of the inspection; None, with a complaint, where it cannot be read."""
    return entered.day("inspected_on")


async def read_photographs(request: AnyRequest) -> list[tuple[str, bytes]]:
    """The photographs that came along: file field and bytes, the chosen ones only."""
    form = await request.form()
    return [
        (name, await upload.read())
        for name in PHOTOGRAPHS
        for upload in form.getall(name, [])
        if isinstance(upload, UploadFile) and upload.filename
    ]
