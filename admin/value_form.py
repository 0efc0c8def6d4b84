"""The value of a source as it is written into its form: a field a ball, digits in one, round and signature.

Balls may be written as they were drawn; the value has them ascending, as the protocol says.
"""

from __future__ import annotations

from admin.entered import Entered
from agency_credit.domain.plan import EntropyForm

BALLS = {EntropyForm.SSQ: ((6, 33), (1, 16)), EntropyForm.DLT: ((5, 35), (2, 12))}
"""How many balls before and after the plus, and the largest number on them (draw-protocol.md, section 4)."""


def read_value(form: str, entered: Entered) -> str:
    """The value in its form, or what can be made of it; faults are noted in `entered` at their field.

    Parameters
    ----------
    form
        Empty for a sealed number.
    """
    if form in BALLS:
        front, back = BALLS[EntropyForm(form)]
        return f"{_read_balls(entered, 'front', *front)} + {_read_balls(entered, 'back', *back)}"
    if form == EntropyForm.DRAND:
        return f"{_read_solid(entered, 'round')} {_read_solid(entered, 'signature', 1000).lower()}"
    if form in (EntropyForm.DIGITS, EntropyForm.DICE):
        return _read_digits(entered, "0123456789" if form == EntropyForm.DIGITS else "123456")
    if form == EntropyForm.TEXT:
        return entered.text("value", is_required=True, max_length=1000)
    return _read_solid(entered, "value").lower()


def _read_balls(entered: Entered, field: str, count: int, largest: int) -> str:
    numbers: list[int] = []
    texts = entered.texts(field)
    for index in range(count):
        text = texts[index] if index < len(texts) else ""
        place = f"{field}-{index}"
        if not (text.isascii() and text.isdecimal() and len(text) <= 2 and 1 <= int(text) <= largest):
            entered.add_fault(place, "value.ball", "write a number from 1 to {largest}", largest=largest)
        elif int(text) in numbers:
            entered.add_fault(
                place, "value.ball-twice", "this number stands here twice; each ball is drawn once"
            )
        else:
            numbers.append(int(text))
    return " ".join(f"{number:02d}" for number in sorted(numbers))


def _read_digits(entered: Entered, allowed: str) -> str:
    text = "".join(entered.text("digits", is_required=True, max_length=1000).split())
    if text and not set(text) <= set(allowed):
        entered.add_fault(
            "digits",
            "value.digits",
            "write digits from {first} to {last} only",
            first=allowed[0],
            last=allowed[-1],
        )
    return text


def _read_solid(entered: Entered, field: str, max_length: int = 200) -> str:
    """A text in which blanks mean nothing: people group long numbers."""
    return "".join(entered.text(field, is_required=True, max_length=max_length).split())
