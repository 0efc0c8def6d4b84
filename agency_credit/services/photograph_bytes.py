"""A photograph as it is kept: decoded within limits, encoded anew; nothing but the picture is left."""

from __future__ import annotations

import io
from dataclasses import dataclass

from agency_credit.domain.errors import InputError

LARGEST_FILE = 15 * 1024 * 1024
"""Bytes of one photograph as a telephone sends it."""
MOST_PIXELS = 50_000_000
"""Of a picture before it is decoded: 150 MB of memory at three bytes each."""
LONGEST_SIDE = 2400
"""Pixels of a kept photograph: a page of paper is readable, and the database stays small."""
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 82


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPhotograph:
    """A JPEG without any metadata, turned as it was held."""

    content: bytes
    width: int
    height: int


def clean_photograph(data: bytes) -> CleanPhotograph:
    """Decode a photograph and encode its pixels anew; runs for up to a second, so not on the event loop.

    Raises
    ------
    InputError
        ``photograph.large``, ``photograph.none`` (no picture that can be read, or a broken one),
        ``photograph.pixels`` (more than `MOST_PIXELS`, told from its head before it is decoded).
    """
    from PIL import Image, ImageOps  # late: costs a tenth of a second, and most processes never need it

    if len(data) > LARGEST_FILE:
        raise InputError(
            "photograph.large", "a photograph has at most {n} MB; send a smaller one", n=LARGEST_FILE // 2**20
        )
    broken = (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, MemoryError)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise _too_many()
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG alone: decodes a smaller picture
            turned = ImageOps.exif_transpose(opened)
            turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            colours = turned.convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many() from error
    except broken as error:
        raise InputError(
            "photograph.none",
            "this file is no photograph that can be read; take it again as JPEG, PNG or WebP",
        ) from error
    plain = Image.new(
        "RGB", colours.size, "white"
    )  # a new picture: nothing that hangs on the old one comes along
    plain.paste(colours, mask=colours.getchannel("A"))
    encoded = io.BytesIO()
    plain.save(encoded, "JPEG", quality=_QUALITY)
    return CleanPhotograph(content=encoded.getvalue(), width=plain.width, height=plain.height)


def _too_many() -> InputError:
    return InputError(
        "photograph.pixels",
        "a photograph has at most {n} million pixels; send a smaller one",
        n=MOST_PIXELS // 1_000_000,
    )
