"""Papers as PDF: a template and its data through typst, in Chinese, the same bytes for the same paper.

Texts reach the templates as data, never as markup, so that nothing that somebody typed is read as a command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from importlib.resources import files

import msgspec
import typst

from agency_credit.domain.errors import UnavailableError
from agency_credit.services.qr import draw_qr

FAMILIES = (
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "FangSong",
    "STFangsong",
    "SimSun",
    "Noto Sans CJK SC",
)
"""Families with Chinese characters of which the papers need one; the order is that of `paper.typ`."""
_TEMPLATES = files("agency_credit.services") / "paper_templates"
_SHARED = "paper.typ"
_WITHOUT_SHAPE = "could not be displayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code to scan: what it says, where it leads, its drawing."""

    title: str
    address: str
    svg: str


def draw_code(title: str, address: str) -> Code:
    """A QR code that leads to `address`."""
    return Code(title=title, address=address, svg=draw_qr(address, title))


def print_pages(
    template: str, title: str, office: str, pages: Sequence[Mapping[str, object]], at: datetime
) -> bytes:
    """A PDF with a paper for each of `pages`; PDF/A-2b, to be archived, if a font has all its characters.

    Parameters
    ----------
    template
        Name of a file of the templates, without its ending.
    at
        When it is made; stands in the file.

    Raises
    ------
    UnavailableError
        This machine has no font with Chinese characters.
    """
    data = {"head": {"number": title, "office": office, "title": title}, "pages": pages}
    return _compile(template, msgspec.json.encode(data).decode(), at)


def find_chinese_font() -> str | None:
    """The font in which papers are set; None where this machine has none of `FAMILIES`."""
    installed = set(_fonts().families())
    return next((family for family in FAMILIES if family in installed), None)


def _compile(template: str, data: str, at: datetime) -> bytes:
    if find_chinese_font() is None:
        raise UnavailableError(
            "paper.font",
            "this machine has no Chinese font for papers; install one, such as the package fonts-noto-cjk,"
            " and start again",
        )
    main = (
        f'#import "paper.typ": paper\n#import "{template}.typ": page-of\n'
        "#let data = json(bytes(sys.inputs.data))\n"
        "#show: paper.with(data.head)\n"
        "#for (n, page) in data.pages.enumerate() { if n > 0 { pagebreak() }; page-of(page) }\n"
    )
    sources = {name: (_TEMPLATES / name).read_bytes() for name in (_SHARED, f"{template}.typ")}
    press: Callable[..., bytes] = partial(  # type: ignore[assignment]  # its stub says None without `output`
        typst.compile,
        {"main.typ": main.encode(), **sources},
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"data": data},
        timestamp=int(at.timestamp()),
    )
    try:
        return press(pdf_standards="a-2b")
    except typst.TypstError as error:
        if _WITHOUT_SHAPE not in str(error):
            raise
        return press()  # a rare character that no font has: a box that is filled by hand, and no PDF/A


@cache
def _fonts() -> typst.Fonts:
    """The fonts of this machine; finding them takes a third of a second, so it is done once a process."""
    return typst.Fonts()
