"""Files of cases over HTTP: as a form sends them, and as they are handed out."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response
from litestar.datastructures import UploadFile

from admin.page import AnyRequest
from agency_credit.services.case_files import LARGEST_CASE, CaseUpload
from agency_credit.services.case_store import CaseFileView

LARGEST_REQUEST = LARGEST_CASE + 2**20
"""Bytes of a form with as many files as a case takes."""


async def read_uploads(request: AnyRequest, field: str) -> list[CaseUpload]:
    """The files that were chosen in one field of a form."""
    sent = (await request.form()).getall(field, [])
    return [
        CaseUpload(name=file.filename, media_type=file.content_type or "", content=await file.read())
        for file in sent
        if isinstance(file, UploadFile) and file.filename
    ]


def answer_file(file: CaseFileView, content: bytes) -> Response[bytes]:
    """A file of a case, to be kept and never shown in the page: somebody outside sent it."""
    disposition = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=file.media_type, headers=headers)
