"""Half a million records with one bad: refused, and the one is named."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from agency_credit.domain.errors import FaultsError
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import encode_population, parse_rule_pack

PACK = Path(__file__).resolve().parents[1] / "rules" / "packs" / "second.toml"
N_RECORDS, N_SUBJECTS, BAD = 500_000, 50_000, 314_159


def test_the_one_bad_record_is_named_and_nothing_is_encoded():
    pack = parse_rule_pack(PACK.read_bytes(), PACK.name)
    subjects = [f"S{n}" for n in range(N_SUBJECTS)]
    days = [date(2025, 1, 1) + timedelta(n) for n in range(365)]
    records = (
        CreditRecord(
            record_id=str(n),
            subject=subjects[n % N_SUBJECTS],
            kind="投诉",
            decided_on=days[n % 365],
            assessed_millipoints=7 if n == BAD else -7,
        )
        for n in range(N_RECORDS)
    )
    with pytest.raises(FaultsError) as refused:
        encode_population(subjects, records, pack)
    (fault,) = refused.value.faults
    assert (fault.at, fault.code) == (str(BAD), "ledger.assessment")
