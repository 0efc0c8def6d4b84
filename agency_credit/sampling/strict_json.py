"""Bytes to JSON values, refusing all that is not canonical (draw-protocol.md, section 0)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from agency_credit.domain.canonical import Json
from agency_credit.sampling.fields import Faults, record

BOM = b"\xef\xbb\xbf"
LONGEST_INTEGER = 17  # a sign and the sixteen digits of 2^53


def decode_object(data: bytes, keys: Sequence[str], at: str, faults: Faults) -> dict[str, object] | None:
    """The object with exactly `keys` that `data` is the canonical JSON of; None where it is none."""
    n_found = len(faults.found)
    try:
        source = data.decode()
        value = _decode(source, at, faults)
        canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except UnicodeDecodeError:
        faults.add_fault(at, "json.encoding", "this is not UTF-8; save the file as UTF-8")
        return None
    except (ValueError, RecursionError) as error:
        faults.add_fault(at, "json.syntax", "this is not JSON ({reason}); write it again", reason=str(error))
        return None
    if len(faults.found) > n_found:
        return None
    if canonical != source:
        faults.add_fault(
            at,
            "json.not-canonical",
            "this is not canonical JSON; sort the keys, drop white space, escapes and the final line end",
        )
    return record(value, keys, at, faults)


def decode_file(data: bytes, keys: Sequence[str], faults: Faults) -> dict[str, object] | None:
    """The object of a ``.json`` file."""
    return decode_object(without_bom(data, faults), keys, "", faults)


def decode_lines(data: bytes, keys: Sequence[str], faults: Faults) -> Iterator[tuple[int, dict[str, object]]]:
    """Number and object of each line of a ``.jsonl`` file that can be read at all."""
    data = without_bom(data, faults)
    lines = data.split(b"\n")
    if lines.pop():
        faults.add_fault(len(lines) + 1, "line.no-end", "the last line does not end with a line end; add it")
        lines = data.split(b"\n")
    n_crlf = sum(line.endswith(b"\r") for line in lines)
    if n_crlf:
        faults.add_fault(1, "line.crlf", "{n} line(s) end with CR LF; write LF alone", n=n_crlf)
    for number, line in enumerate(lines, 1):
        value = decode_object(line.removesuffix(b"\r"), keys, str(number), faults)
        if value is not None:
            yield number, value


def without_bom(data: bytes, faults: Faults) -> bytes:
    """`data` without its byte-order mark, which is noted."""
    if data.startswith(BOM):
        faults.add_fault(
            1, "file.bom", "the file begins with a byte-order mark; save it as UTF-8 without one"
        )
    return data.removeprefix(BOM)


def _decode(source: str, at: str, faults: Faults) -> Json:
    """Any JSON value; what JSON allows and the protocol does not is noted."""

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        times = Counter(name for name, _ in items)
        for name in [name for name in times if times[name] > 1]:
            faults.add_fault(at, "json.duplicate-key", "the key {key} stands twice; keep one", key=repr(name))
        return dict(items)

    def fraction(number: str) -> int:
        faults.add_fault(
            at,
            "json.float",
            "{number} is not an integer; write an integer, or a fraction as a text",
            number=number,
        )
        return 0

    def whole(number: str) -> int:
        if len(number) > LONGEST_INTEGER:
            faults.add_fault(
                at, "json.integer", "{number}… is too large; integers stay below 2^53", number=number[:20]
            )
            return 0
        return int(number)

    value: Json = json.loads(
        source, object_pairs_hook=pairs, parse_float=fraction, parse_constant=fraction, parse_int=whole
    )
    return value
