"""QR codes in pages."""

from __future__ import annotations

from markupsafe import Markup

from agency_credit.services import qr


def draw_qr(text: str, title: str) -> Markup:
    """The code of `text`, black on white, with a title for those who do not see it."""
    return Markup(qr.draw_qr(text, title))  # noqa: S704  (escaped by segno)
