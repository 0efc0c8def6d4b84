"""Files of a draw or a rating on their way out: byte for byte, and as the same archive every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from urllib.parse import quote

from litestar import Response

from agency_credit.web.gate import check_files

_MEDIA_TYPES = {"json": "application/json", "jsonl": "application/x-ndjson"}
_OTHER = "application/octet-stream"
FILE_TYPES = (*_MEDIA_TYPES.values(), _OTHER)
"""What the files of a draw may be sent as."""
_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold; a real one would change the bytes of the same content."""


def format_bundle(files: Mapping[str, bytes]) -> bytes:
    """A zip with the files in the order of their names; equal files give equal bytes.

    Raises
    ------
    OutgoingBlockedError
        A file holds a personal number.
    """
    check_files(files)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as writer:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            writer.writestr(entry, files[name])
    return archive.getvalue()


def answer_bundle(name: str, files: Mapping[str, bytes]) -> Response[bytes]:
    """The archive as a download."""
    return _download(f"{name}.zip", format_bundle(files), "application/zip")


def answer_file(name: str, content: bytes) -> Response[bytes]:
    """One file as a download."""
    media_type = _MEDIA_TYPES.get(name.rpartition(".")[2], _OTHER)
    return _download(name, content, media_type)


def _download(name: str, content: bytes, media_type: str) -> Response[bytes]:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})
