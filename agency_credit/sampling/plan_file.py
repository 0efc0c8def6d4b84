"""`plan.json`: bytes to `DrawPlan` and back (draw-protocol.md, section 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from math import gcd

from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.plan import (
    PROTOCOL,
    CommitmentSource,
    DrawPlan,
    EntropyForm,
    EntropySource,
    PublicationTime,
    PublicSource,
    Rounding,
    Seat,
    SelectionMethod,
    StratumRule,
    Take,
    TakeAll,
    TakeCount,
    TakeFraction,
)
from agency_credit.sampling import fields
from agency_credit.sampling.fields import Faults
from agency_credit.sampling.strict_json import decode_file

KEYS = (
    "authority", "basis", "draw", "entropy", "entrustment", "items", "protocol", "publication", "reserves",
    "rounding", "seats", "selection", "strata", "supplements", "title",
)  # fmt: skip
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-5][0-9])"
)
NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20}|/[1-9][0-9]{0,19})?")
DECIMAL = re.compile(r"0|1|0\.[0-9]{1,9}")
RATIO = re.compile(r"(0|[1-9][0-9]{0,9})/([1-9][0-9]{0,9})")
MAX_DENOMINATOR = 2**31


def parse_plan(data: bytes) -> DrawPlan:
    """Read `plan.json`.

    Raises
    ------
    FaultsError
        Every departure from section 2, with the key.
    """
    faults = Faults("plan.json")
    value = decode_file(data, KEYS, faults)
    if value is None:
        faults.raise_if_any()
        raise AssertionError("a plan that cannot be read has a fault")
    plan = _read_plan(value, faults)
    _check_plan(plan, faults)
    faults.raise_if_any()
    return plan


def format_plan(plan: DrawPlan) -> bytes:
    """The bytes of `plan.json`; what is announced is their digest."""
    value: dict[str, Json] = {
        "authority": plan.authority,
        "basis": plan.basis,
        "draw": plan.draw,
        "entropy": [_source_object(source) for source in plan.entropy],
        "entrustment": plan.entrustment,
        "items": plan.items,
        "protocol": PROTOCOL,
        "publication": plan.publication.value,
        "reserves": plan.reserves,
        "rounding": plan.rounding.value,
        "seats": [{"role": seat.role, "skills": seat.skills} for seat in plan.seats],
        "selection": plan.selection.value,
        "strata": [{"stratum": rule.stratum, "take": _take_object(rule.take)} for rule in plan.strata],
        "supplements": plan.supplements,
        "title": plan.title,
    }
    return format_canonical(value)


def _read_plan(value: Mapping[str, object], faults: Faults) -> DrawPlan:
    if value["protocol"] != PROTOCOL:
        faults.add_fault(
            "protocol",
            "plan.protocol",
            "write the protocol as {protocol}; no other is known here",
            protocol=PROTOCOL,
        )
    supplements = value["supplements"]
    return DrawPlan(
        draw=fields.identifier(value["draw"], "draw", faults),
        title=fields.text(value["title"], "title", faults),
        authority=fields.text(value["authority"], "authority", faults),
        basis=fields.sequence(value["basis"], "basis", faults, fields.text),
        items=fields.sequence(value["items"], "items", faults, fields.text),
        entrustment=fields.optional_text(value["entrustment"], "entrustment", faults),
        publication=fields.choice(value["publication"], PublicationTime, "publication", faults),
        strata=fields.sequence(value["strata"], "strata", faults, _read_rule),
        rounding=fields.choice(value["rounding"], Rounding, "rounding", faults),
        selection=fields.choice(value["selection"], SelectionMethod, "selection", faults),
        reserves=fields.integer(value["reserves"], 0, "reserves", faults),
        supplements=None if supplements is None else fields.identifier(supplements, "supplements", faults),
        seats=fields.sequence(value["seats"], "seats", faults, _read_seat),
        entropy=fields.sequence(value["entropy"], "entropy", faults, _read_source),
    )


def _check_plan(plan: DrawPlan, faults: Faults) -> None:
    """Rules between the keys of a plan."""
    if not fields.is_sorted([rule.stratum for rule in plan.strata]):
        faults.add_fault("strata", "plan.strata-unsorted", "sort the strata by code point, each once")
    if len(plan.seats) < (1 if plan.supplements is not None else 2):
        faults.add_fault(
            "seats", "plan.one-seat", "a team has at least two seats; only a supplementary draw may have one"
        )
    if plan.supplements == plan.draw:
        faults.add_fault(
            "supplements",
            "plan.supplements-itself",
            "a draw cannot supplement itself; name the draw whose seats are missing",
        )
    if not plan.public_sources:
        faults.add_fault("entropy", "plan.no-public-source", "at least one source must be public; add one")
    is_secret = plan.publication is not PublicationTime.AT_ONCE
    if is_secret and len(plan.public_sources) == len(plan.entropy):
        faults.add_fault(
            "entropy",
            "plan.no-commitment",
            "a draw published after the inspections needs a commitment; add one, or publish at once",
        )


def _read_rule(value: object, at: str, faults: Faults) -> StratumRule:
    rule = fields.record(value, ("stratum", "take"), at, faults)
    if rule is None:
        return StratumRule(stratum="", take=TakeAll())
    return StratumRule(
        stratum=fields.identifier(rule["stratum"], f"{at}.stratum", faults),
        take=_read_take(rule["take"], f"{at}.take", faults),
    )


def _read_take(value: object, at: str, faults: Faults) -> Take:
    keys = set(value) if isinstance(value, dict) else set()
    take = value if isinstance(value, dict) else {}
    if keys == {"all"} and take["all"] is True:
        return TakeAll()
    if keys == {"count"}:
        return TakeCount(count=fields.integer(take["count"], 0, f"{at}.count", faults))
    if keys == {"fraction", "minimum"}:
        return TakeFraction(
            fraction=_read_fraction(take["fraction"], f"{at}.fraction", faults),
            minimum=fields.integer(take["minimum"], 0, f"{at}.minimum", faults),
        )
    faults.add_fault(
        at, "plan.take", 'write take as {{"all":true}}, {{"count":n}} or {{"fraction":f,"minimum":m}}'
    )
    return TakeAll()


def _read_fraction(value: object, at: str, faults: Faults) -> str:
    written = value if isinstance(value, str) else ""
    if NUMBER.fullmatch(written) and Fraction(written) > 1:
        faults.add_fault(
            at, "plan.fraction-above-one", "the fraction {value} is above 1; 1 takes all", value=written
        )
        return "0"
    ratio = RATIO.fullmatch(written)
    is_ratio = (
        ratio is not None and gcd(int(ratio[1]), int(ratio[2])) == 1 and int(ratio[2]) < MAX_DENOMINATOR
    )
    if not is_ratio and not DECIMAL.fullmatch(written):
        faults.add_fault(
            at,
            "plan.fraction",
            'write a fraction as "0", "1", "0." with 1 to 9 digits, or "p/q" in lowest terms, q below 2^31',
        )
        return "0"
    return written


def _read_seat(value: object, at: str, faults: Faults) -> Seat:
    seat = fields.record(value, ("role", "skills"), at, faults)
    if seat is None:
        return Seat(role="", skills=())
    return Seat(
        role=fields.identifier(seat["role"], f"{at}.role", faults),
        skills=fields.sorted_sequence(seat["skills"], f"{at}.skills", faults, fields.identifier),
    )


def _read_source(value: object, at: str, faults: Faults) -> EntropySource:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "commitment":
        source = fields.record(value, ("commitment", "kind", "party"), at, faults) or {}
        return CommitmentSource(
            party=fields.text(source.get("party", ""), f"{at}.party", faults),
            commitment=fields.hexadecimal(source.get("commitment", "0" * 64), f"{at}.commitment", faults),
        )
    if kind != "public":
        faults.add_fault(
            f"{at}.kind", "plan.source-kind", 'write the kind of a source as "commitment" or "public"'
        )
        source = {}
    else:
        source = fields.record(value, ("at", "event", "form", "kind"), at, faults) or {}
    return PublicSource(
        event=fields.text(source.get("event", ""), f"{at}.event", faults),
        form=fields.choice(source.get("form", "text"), EntropyForm, f"{at}.form", faults),
        at=_read_instant(source.get("at", "2000-01-01T00:00:00Z"), f"{at}.at", faults),
    )


def _read_instant(value: object, at: str, faults: Faults) -> str:
    if isinstance(value, str) and RFC_3339.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    faults.add_fault(
        at, "plan.instant", "write the time with its offset (RFC 3339), as in 2026-12-01T21:15:00+08:00"
    )
    return "2000-01-01T00:00:00Z"


def _take_object(take: Take) -> Json:
    if isinstance(take, TakeAll):
        return {"all": True}
    if isinstance(take, TakeCount):
        return {"count": take.count}
    return {"fraction": take.fraction, "minimum": take.minimum}


def _source_object(source: EntropySource) -> Json:
    if isinstance(source, CommitmentSource):
        return {"commitment": source.commitment, "kind": "commitment", "party": source.party}
    return {"at": source.at, "event": source.event, "form": source.form.value, "kind": "public"}
