"""QR codes as SVG in the page itself: nothing is loaded from anywhere for them."""

from __future__ import annotations

import segno
from markupsafe import Markup


def draw_qr(text: str, title: str) -> Markup:
    """The code of `text`, black on white, with a title for those who do not see it."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=4, border=4, light="#fff", title=title))  # noqa: S704  (escaped by segno)
