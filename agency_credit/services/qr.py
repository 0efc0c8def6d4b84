"""Codes to scan, as SVG: in pages and on papers alike, nothing is loaded from anywhere for them."""

from __future__ import annotations

import segno

_NAMESPACE = '<svg xmlns="http://www.w3.org/2000/svg" '


def draw_qr(text: str, title: str) -> str:
    """The code of `text`, black on white, with a title for those who do not see it; safe as markup."""
    code = segno.make_qr(text, error="m")
    return code.svg_inline(scale=4, border=4, light="#fff", title=title).replace("<svg ", _NAMESPACE, 1)
