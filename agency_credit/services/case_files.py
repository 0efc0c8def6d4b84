"""Files that people send with a case: PDF, JPEG and PNG, known by their bytes and never by their name."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.publication.masking import find_personal_number
from agency_credit.services.office import Office
from agency_credit.services.photograph_bytes import clean_photograph

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes of one file: some forty scanned pages."""
MOST_FILES = 10
"""Of one step."""
LARGEST_CASE = 40 * 1024 * 1024
"""Bytes of all files of a case together, so that one desk cannot fill the disk."""
LONGEST_NAME = 100
"""Characters of a file's name."""
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"

_SUFFIXES = {".pdf": PDF, ".jpg": JPEG, ".jpeg": JPEG, ".png": PNG}
_HEADS = ((b"%PDF-", PDF), (b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG))
_UNSAID = ("", "application/octet-stream")
"""What browsers declare of a file that they do not know."""
_TAIL = 1024
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_ACTIVE = re.compile(rb"/(?:JavaScript|Launch)(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUpload:
    """A file as it was sent.

    Parameters
    ----------
    media_type
        What the sender declares it to be; empty: nothing.
    """

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanFile:
    """A file as it is kept: a picture is encoded anew, so that nothing but the picture is left.

    Parameters
    ----------
    digest
        SHA-256 of `content`.
    """

    name: str
    media_type: str
    content: bytes
    digest: str


async def clean_case_files(office: Office, uploads: Sequence[CaseUpload]) -> tuple[CleanFile, ...]:
    """Check what was sent with a step, and clean its pictures; call it before the use case begins.

    A field of a form that was left empty (no name, no bytes) is no file.

    Raises
    ------
    FaultsError
        Too many files; of each file its name, its size, its type; all of them at ``files``.
    """
    sent = [upload for upload in uploads if upload.name or upload.content]
    if len(sent) > MOST_FILES:
        raise FaultsError("files", (_fault("file.many", "send at most {n} files at a time", n=MOST_FILES),))
    kept: list[CleanFile] = []
    faults: list[Fault] = []
    for upload in sent:
        name = clean_name(upload.name)
        found = _find_faults(name, upload)
        if not found:
            try:
                kept.append(await _clean(office, name, upload.content))
            except InputError:  # a picture that cannot be read, or is too large
                found = [
                    _fault(
                        "file.picture",
                        "{file} is no picture that can be read, or is too large; save it anew and smaller",
                        file=name,
                    )
                ]
        faults += found
    if faults:
        raise FaultsError("files", tuple(faults))
    first: dict[str, CleanFile] = {}
    for file in kept:
        first.setdefault(file.digest, file)
    return tuple(first.values())


def clean_name(name: str) -> str:
    """The last part of a path in a form that can be shown: no controls, no marks that turn the writing."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable()).strip()


def type_of(content: bytes) -> str:
    """Media type of a file by its first bytes; empty: none that is taken."""
    return next((kind for head, kind in _HEADS if content.startswith(head)), "")


def _find_faults(name: str, upload: CaseUpload) -> list[Fault]:
    if faults := _find_name_faults(name):
        return faults
    if not upload.content:
        return [_fault("file.empty", "{file} is empty; choose it again", file=name)]
    if len(upload.content) > LARGEST_FILE:
        most = LARGEST_FILE // 2**20
        return [_fault("file.large", "{file} has more than {n} MB; send a smaller one", file=name, n=most)]
    kind = type_of(upload.content)
    if not kind:
        return [_fault("file.type", "{file} is no PDF, JPEG or PNG; save it as PDF and send that", file=name)]
    claimed = _SUFFIXES.get(PurePosixPath(name).suffix.lower())
    declared = upload.media_type.partition(";")[0].strip().lower()
    if claimed != kind or declared not in (kind, *_UNSAID):
        return [
            _fault(
                "file.lies",
                "by its content {file} is {kind}, by its name or its sender it is not; name it rightly",
                file=name,
                kind=kind,
            )
        ]
    return _find_pdf_faults(name, upload.content) if kind == PDF else []


def _find_name_faults(name: str) -> list[Fault]:
    if not name or name.startswith("."):
        return [_fault("file.name", "a file has no name; give it one")]
    if len(name) > LONGEST_NAME:
        return [
            _fault(
                "file.name-long",
                "the name of {file} is longer than {n} characters; shorten it",
                file=f"{name[:20]}…",
                n=LONGEST_NAME,
            )
        ]
    if find_personal_number(name):
        return [
            _fault(
                "file.name-personal",
                "the name of a file holds an identity or telephone number; give it another name",
            )
        ]
    return []


def _find_pdf_faults(name: str, content: bytes) -> list[Fault]:
    if b"%%EOF" not in content[-_TAIL:]:
        return [_fault("file.broken", "{file} breaks off; save it anew and send it again", file=name)]
    plain = _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), content)
    if _ACTIVE.search(plain):
        return [
            _fault(
                "file.active",
                "{file} holds a script or starts a program; print it into a new PDF and send that",
                file=name,
            )
        ]
    return []


async def _clean(office: Office, name: str, content: bytes) -> CleanFile:
    kind = type_of(content)
    if kind != PDF:
        async with office.decoding:
            content = (await asyncio.to_thread(clean_photograph, content)).content
        kind, name = JPEG, f"{PurePosixPath(name).stem}.jpg"
    return CleanFile(name=name, media_type=kind, content=content, digest=digest(content))


def _fault(code: str, template: str, /, **params: str | int) -> Fault:
    return Fault(at="files", code=code, template=template, params=params)
