"""Values of the sources: their form, and the bits they carry (draw-protocol.md, section 4)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.draw import Reveal
from agency_credit.domain.plan import CommitmentSource, DrawPlan, EntropyForm, EntropySource
from agency_credit.sampling import fields
from agency_credit.sampling.fields import HEX64, Faults
from agency_credit.sampling.seed import commitment
from agency_credit.sampling.strict_json import decode_file

ENOUGH_BITS = 64

# form: how it is written, and the tenths of a bit of a value, or of a digit where digits are counted
_SHAPES = {
    EntropyForm.SSQ: re.compile(r"([0-9]{2} ){6}\+ [0-9]{2}"),
    EntropyForm.DLT: re.compile(r"([0-9]{2} ){5}\+ [0-9]{2} [0-9]{2}"),
    EntropyForm.DIGITS: re.compile(r"[0-9]+"),
    EntropyForm.DICE: re.compile(r"[1-6]+"),
    EntropyForm.DRAND: re.compile(r"[1-9][0-9]{0,18} ([0-9a-f]{2})+"),
    EntropyForm.TEXT: re.compile(r"(?! ).+(?<! )"),
}
_TENTHS = {
    EntropyForm.SSQ: 241,
    EntropyForm.DLT: 244,
    EntropyForm.DIGITS: 33,
    EntropyForm.DICE: 26,
    EntropyForm.DRAND: 2560,
    EntropyForm.TEXT: 0,
}
_EXAMPLES = {
    EntropyForm.SSQ: "03 07 12 18 25 31 + 09",
    EntropyForm.DLT: "03 07 12 18 25 + 02 09",
    EntropyForm.DIGITS: "27200638232795031253",
    EntropyForm.DICE: "36251446123",
    EntropyForm.DRAND: "4391206 8a0f3c…",
    EntropyForm.TEXT: "26.4 ℃",
}
_BY_DIGIT = frozenset({EntropyForm.DIGITS, EntropyForm.DICE})
_NUMERALS = "零一二三四五六七八九"
_COUNTED = re.compile(
    r"([0-9]{1,3}|[一二两三四五六七八九十百零]{1,6})\s*(?:次|位|个|颗|枚|throws|digits|rolls)"
)
# form: the largest number before and after the plus
_BALLS = {EntropyForm.SSQ: (33, 16), EntropyForm.DLT: (35, 12)}


def is_in_form(form: EntropyForm, value: str) -> bool:
    """Whether `value` is written as section 4 says; there is no other way to write it."""
    if not _SHAPES[form].fullmatch(value) or not fields.are_texts([value]):
        return False
    if form not in _BALLS:
        return True
    for part, largest in zip(value.split(" + "), _BALLS[form], strict=True):
        balls = [int(ball) for ball in part.split(" ")]
        if not fields.is_sorted(balls) or balls[0] < 1 or balls[-1] > largest:
            return False
    return True


def entropy_tenths(plan: DrawPlan, values: Sequence[str]) -> int:
    """Tenths of a bit that the public values carry together.

    Parameters
    ----------
    values
        Value of each source, in the plan's order; an empty text where there is none yet. Digits and
        dice then count nothing, all other forms in full.
    """
    return sum(
        source_tenths(source.form, len(value))
        for source, value in zip(plan.entropy, values, strict=True)
        if not isinstance(source, CommitmentSource)
    )


def source_tenths(form: EntropyForm, n_digits: int | None = None) -> int:
    """Tenths of a bit that a value of `form` carries; `n_digits`: how many digits or throws, if known."""
    return _TENTHS[form] * ((n_digits or 0) if form in _BY_DIGIT else 1)


def announced_count(event: str, form: EntropyForm) -> int | None:
    """How many digits or throws the text of an event announces, such as ``掷24次``; None: it does not say."""
    if form not in _BY_DIGIT:
        return None
    found = _COUNTED.findall(event)
    return _read_count(found[-1]) or None if found else None


def _read_count(text: str) -> int:
    """A number in digits, or in Chinese numerals up to 999."""
    if text.isascii():
        return int(text)
    total = 0
    for part, unit in re.findall("([一二三四五六七八九]?)([百十]?)", text.replace("两", "二")):
        digit = _NUMERALS.index(part) if part else int(bool(unit))  # 十 alone is ten
        total += digit * {"百": 100, "十": 10, "": 1}[unit]
    return total


def announced_tenths(plan: DrawPlan) -> tuple[int, bool]:
    """Tenths of a bit of the plan's events as announced, and whether all say how many digits they give."""
    counts = [(source.form, announced_count(source.event, source.form)) for source in plan.public_sources]
    total = sum(source_tenths(form, n) for form, n in counts)
    return total, all(n is not None for form, n in counts if form in _BY_DIGIT)


def digits_wanted(plan: DrawPlan) -> int | None:
    """How many digits or throws the plan's events must give for 64 bits; None where no number helps."""
    per_digit = [_TENTHS[source.form] for source in plan.public_sources if source.form in _BY_DIGIT]
    missing = ENOUGH_BITS * 10 - entropy_tenths(plan, [""] * len(plan.entropy))
    if missing <= 0:
        return 0
    return -(-missing // min(per_digit)) if per_digit else None


def parse_reveal(data: bytes) -> Reveal:
    """Read `reveal.json`; `check_reveal` then holds it against the plan.

    Raises
    ------
    FaultsError
        Every departure from section 1.
    """
    faults = Faults("reveal.json")
    value = decode_file(data, ("draw", "values"), faults)
    if value is None:
        faults.raise_if_any()
        raise AssertionError("a reveal that cannot be read has a fault")
    reveal = Reveal(
        draw=fields.identifier(value["draw"], "draw", faults),
        values=fields.sequence(value["values"], "values", faults, fields.text),
    )
    faults.raise_if_any()
    return reveal


def format_reveal(reveal: Reveal) -> bytes:
    """The bytes of `reveal.json`."""
    return format_canonical({"draw": reveal.draw, "values": reveal.values})


def check_reveal(plan: DrawPlan, reveal: Reveal) -> None:
    """Hold the values against the plan.

    Raises
    ------
    FaultsError
        Another draw, too many or too few values, a value not in its form, a nonce that is not the one
        committed to.
    """
    faults = Faults("reveal.json")
    if reveal.draw != plan.draw:
        faults.add_fault(
            "draw",
            "reveal.draw",
            "these values are of the draw {draw}; fetch the right file",
            draw=reveal.draw,
        )
    if len(reveal.values) != len(plan.entropy):
        faults.add_fault(
            "values",
            "reveal.count",
            "the plan has {expected} sources, here are {found} values; give one for each, in order",
            expected=len(plan.entropy),
            found=len(reveal.values),
        )
    for i, (source, value) in enumerate(zip(plan.entropy, reveal.values, strict=False)):
        _check_value(plan.draw, source, value, f"values[{i}]", faults)
    faults.raise_if_any()


def _check_value(draw: str, source: EntropySource, value: str, at: str, faults: Faults) -> None:
    if isinstance(source, CommitmentSource):
        if not HEX64.fullmatch(value):
            faults.add_fault(
                at,
                "reveal.nonce-form",
                "a nonce is 64 lower-case hexadecimal digits; copy the sealed one exactly",
            )
        elif commitment(draw, source.party, value) != source.commitment:
            faults.add_fault(
                at,
                "reveal.nonce-wrong",
                "this nonce is not the one that {party} committed to; ask for the sealed one",
                party=source.party,
            )
    elif not is_in_form(source.form, value):
        faults.add_fault(
            at,
            "reveal.form",
            'the value {value} is not in the form "{form}"; write it like: {example}',
            value=value,
            form=source.form.value,
            example=_EXAMPLES[source.form],
        )
