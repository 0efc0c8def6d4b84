"""A photograph is decoded within limits and keeps nothing but its pixels."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from agency_credit.domain.errors import InputError
from agency_credit.services import photograph_bytes
from agency_credit.services.photograph_bytes import LONGEST_SIDE, clean_photograph

WORDS = (b"GPS", b"Exif", b"SecretCamera", b"secret comment", b"http://ns.adobe.com/xap", b"ICC_PROFILE")
GPS_IFD = 0x8825


def photograph(form: str = "JPEG", size: tuple[int, int] = (40, 20), orientation: int = 1) -> bytes:
    """A picture, red on the left and blue on the right, with metadata of every kind that the form holds."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    exif = Image.Exif()
    exif[0x0110] = "SecretCamera"
    exif[0x0112] = orientation
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (36.0, 48.0, 0.0), 3: "E", 4: (118.0, 3.0, 0.0)})
    more = {"comment": b"secret comment"} if form == "JPEG" else {}
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>http://ns.adobe.com/xap SecretCamera</x:xmpmeta>"
    if form != "PNG":
        more["xmp"] = xmp
    output = io.BytesIO()
    picture.save(output, form, exif=exif, icc_profile=b"ICC_PROFILE of a SecretCamera", **more)
    return output.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_is_left_in_the_bytes(form: str) -> None:
    sent = photograph(form)
    assert b"SecretCamera" in sent
    kept = clean_photograph(sent)
    assert [word for word in WORDS if word in kept.content] == []
    with Image.open(io.BytesIO(kept.content)) as picture:
        assert picture.format == "JPEG"
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (40, 20)), (3, (40, 20)), (6, (20, 40)), (8, (20, 40))]
)
def test_a_photograph_stands_as_it_was_held(orientation: int, size: tuple[int, int]) -> None:
    kept = clean_photograph(photograph(orientation=orientation))
    assert (kept.width, kept.height) == size
    with Image.open(io.BytesIO(kept.content)) as picture:
        red, _, blue = picture.getpixel((2, 2))
    assert (red > blue) is (orientation in (1, 6))


def test_the_same_bytes_come_out_of_the_same_picture() -> None:
    assert clean_photograph(photograph()).content == clean_photograph(photograph()).content


def test_what_is_transparent_becomes_white() -> None:
    output = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(output, "PNG")
    with Image.open(io.BytesIO(clean_photograph(output.getvalue()).content)) as picture:
        assert min(picture.getpixel((5, 5))) > 250


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK"])
def test_every_kind_of_colour_can_be_read(mode: str) -> None:
    output = io.BytesIO()
    Image.new(mode, (10, 10)).save(output, "JPEG" if mode == "CMYK" else "PNG")
    assert clean_photograph(output.getvalue()).width == 10


def test_a_large_photograph_is_made_smaller() -> None:
    kept = clean_photograph(photograph(size=(LONGEST_SIDE * 2, 100)))
    assert (kept.width, kept.height) == (LONGEST_SIDE, 50)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8000, 8000), (10_000, 9500), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(InputError) as caught:
        clean_photograph(bomb(*size))
    assert caught.value.code == "photograph.pixels"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"\xff\xd8\xff\xe0" + bytes(200),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + bytes(100),
        b"%PDF-1.7\n",
        photograph()[:300],
        photograph("PNG")[:80],
        bomb(100, 100),
        b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(40),
    ],
    ids=["empty", "text", "head", "svg", "gif", "pdf", "cut jpeg", "cut png", "short png", "webp head"],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        clean_photograph(data)
    assert caught.value.code == "photograph.none"


def test_a_file_that_is_too_large_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photograph_bytes, "LARGEST_FILE", 100)
    with pytest.raises(InputError) as caught:
        clean_photograph(photograph())
    assert caught.value.code == "photograph.large"
