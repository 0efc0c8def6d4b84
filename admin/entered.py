"""What a person entered in a form: read field by field, every fault noted before any is shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date

from litestar.datastructures import FormMultiDict, UploadFile

from admin.page import AnyRequest, Complaint
from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.domain.points import parse_points

_YEARS = range(1900, 2200)
"""Far from both ends of the calendar, where adding a day or a time zone fails."""


class Entered:
    """The fields of one form.

    Texts are brought into NFC and lose the blanks around them; control characters are refused, line
    ends in a text of several lines excepted.
    """

    def __init__(self, form: FormMultiDict | Mapping[str, str]) -> None:
        self._form = form if isinstance(form, FormMultiDict) else FormMultiDict(list(form.items()))
        self.complaints: list[Complaint] = []

    def add_fault(self, field: str, code: str, template: str, /, **params: str | int) -> None:
        """Note a fault at `field`."""
        self.complaints.append((field, Fault(at=field, code=code, template=template, params=params)))

    def has(self, field: str) -> bool:
        """Whether a box was ticked or a button pressed."""
        return field in self._form

    def text(self, field: str, *, is_required: bool = False, max_length: int = 200) -> str:
        """A line of text."""
        text = self._clean(field, self._form.get(field, ""), max_length)
        if is_required and not text:
            self.add_fault(field, "form.missing", "this field is empty; fill it in")
        return text

    def texts(self, field: str, max_length: int = 200) -> list[str]:
        """All values of a field that may be given several times, in order, blank ones included."""
        return [self._clean(field, value, max_length) for value in self._form.getall(field, [])]

    def paragraph(self, field: str, *, max_length: int = 4000) -> str:
        """A text of several lines."""
        value = self._form.get(field, "")
        lines = str(value).replace("\r\n", "\n").split("\n") if isinstance(value, str) else []
        return "\n".join(self._clean(field, line, max_length) for line in lines).strip()

    def lines(self, field: str) -> list[str]:
        """The lines of a text that are not blank."""
        return [line for line in self.paragraph(field).split("\n") if line]

    def number(self, field: str, *, minimum: int = 0, maximum: int = 100_000) -> int | None:
        """A whole number; None where the field is blank."""
        text = self.text(field)
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and minimum <= int(text) <= maximum):
            self.add_fault(
                field,
                "form.number",
                "write a whole number from {minimum} to {maximum}",
                minimum=minimum,
                maximum=maximum,
            )
            return None
        return int(text)

    def day(self, field: str) -> date | None:
        """A calendar day; None where it cannot be read, or lies where no office ever was or will be."""
        text = self.text(field)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            self.add_fault(field, "form.day", "choose a day, such as 2026-11-24")
            return None
        return day

    def points(self, field: str) -> int | None:
        """A number of points in thousandths; people write the minus sign as they find it. None: blank."""
        text = self.text(field, max_length=20).translate(str.maketrans("−－–", "---"))
        if not text:
            return None
        try:
            return parse_points(text)
        except InputError as error:
            self.complaints.append((field, error))
            return None

    def raise_if_any(self, subject: str = "form") -> None:
        """Raise what was noted.

        Raises
        ------
        FaultsError
            Everything that is wrong with the form.
        """
        faults = tuple(fault for _, fault in self.complaints if isinstance(fault, Fault))
        if faults:
            raise FaultsError(subject, faults)

    def _clean(self, field: str, value: object, max_length: int) -> str:
        if not isinstance(value, str):
            return ""
        text = unicodedata.normalize("NFC", value).strip()
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            self.add_fault(
                field, "form.control", "there is a character here that cannot be printed; type it anew"
            )
        if len(text) > max_length:
            self.add_fault(field, "form.long", "write at most {n} characters", n=max_length)
        return text


async def read_form(request: AnyRequest) -> Entered:
    """The form of a request."""
    return Entered(await request.form())


async def read_upload(request: AnyRequest, field: str) -> tuple[str, bytes] | None:
    """Name and content of an uploaded file; None where none was chosen."""
    upload = (await request.form()).get(field)
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    return upload.filename, await upload.read()
