"""What outsiders read, to the letter: answers of packs and ledgers, sentences, and messages about dates."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agency_credit.domain.citation import Provenance, Status, Wording
from agency_credit.domain.errors import FaultsError, InputError
from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import (
    Caveat,
    RulePack,
    check_collection,
    expiries,
    explain_ledger,
    find_gaps,
    find_overlaps,
    in_force_on,
    ledger_answer,
    outlook_answer,
    parse_rule_file,
    parse_rule_pack,
    rule_pack_answer,
    rule_pack_in_force,
    score_ledger,
    smallest_repairs,
)
from agency_credit.scoring.amendment import amend_file
from agency_credit.scoring.clause import RepairRule

PACKS = Path(__file__).resolve().parents[1] / "rules" / "packs"
ANSWERS = Path(__file__).resolve().parents[1] / "rules" / "answers"
PRACTITIONER = RatingSubject.PATENT_PRACTITIONER
ON = date(2025, 10, 1)


def pack_of(name: str) -> RulePack:
    return parse_rule_pack((PACKS / f"{name}.toml").read_bytes(), f"{name}.toml")


FIRST, SECOND, CAPS = pack_of("first"), pack_of("second"), pack_of("caps")
KINDS = [kind for clause in SECOND.clauses for kind in clause.record_kinds]
STAY = Period(first_on=date(2025, 9, 20), last_on=date(2025, 10, 2))


def record(record_id: str, kind: str = "警告", decided_on: date = date(2025, 9, 1), **more) -> CreditRecord:
    return CreditRecord(record_id=record_id, subject="X", kind=kind, decided_on=decided_on, **more)


NEVER = RepairRule(
    is_allowed=False, after_months=None, provenance=Provenance(status=Status.UNVERIFIED, source="test")
)

RECORDS = [
    record("01"),
    record("02", "投诉", evidence="e" * 64),
    record("03", "投诉", assessed_millipoints=-1500),
    record("04", "无此类别"),
    record("05", decided_on=date(2025, 11, 1)),
    record("06", decided_on=date(2025, 1, 1)),
    record("07", withdrawn_on=date(2025, 9, 30)),
    record("08", repaired_on=date(2025, 10, 1)),
    record("09", suspended=(STAY,)),
    record("10", "补录", entered_on=date(2025, 9, 15)),
]


def expected(name: str):
    return json.loads((ANSWERS / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("pack", [SECOND, CAPS], ids=["second", "caps"])
def test_a_pack_answers_with_everything_it_says(pack):
    assert rule_pack_answer(pack) == expected(f"pack-{pack.id}")


def test_a_ledger_answers_with_everything_it_says():
    assert ledger_answer("X", score_ledger(RECORDS, SECOND, ON), SECOND) == expected("ledger")


def test_an_outlook_answers_with_everything_it_says():
    ledger = score_ledger(RECORDS, SECOND, ON)
    coming = expiries(RECORDS, (FIRST, SECOND), ON)
    plans = smallest_repairs(RECORDS, SECOND, ON)
    assert outlook_answer("X", ledger, SECOND, coming, plans) == expected("outlook")
    heavy = replace(
        SECOND, clauses=tuple(replace(c, repair=NEVER) if c.code == "R" else c for c in SECOND.clauses)
    )
    answer = outlook_answer("X", ledger, heavy, (), smallest_repairs(RECORDS, heavy, ON))
    assert [plan["records"] for plan in answer["repairs"]] == [None]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_ledger_is_told_in_sentences(language):
    sentences = explain_ledger(score_ledger(RECORDS, SECOND, ON), SECOND, language)
    assert [str(sentence) for sentence in sentences] == expected(f"sentences-{language}")


def test_what_is_not_verified_is_told_last():
    caveat = Caveat(about="x", from_on=ON, wording=Wording(zh="未核实", en="not seen"), source="S1")
    pack = replace(SECOND, caveats=(caveat, replace(caveat, from_on=date(2025, 10, 2))))
    for language, said in (("zh", "未核实"), ("en", "not seen")):
        sentences = explain_ledger(score_ledger([], pack, ON), pack, language)
        assert [str(sentence) for sentence in sentences[2:]] == [f"Not verified: {said} (S1)"]


@pytest.mark.parametrize(
    ("packs", "on", "message"),
    [
        (
            (FIRST, SECOND),
            date(2023, 12, 31),
            (
                "no rule pack for patent-practitioner on 2023-12-31: the instrument before 《虚构之一》, "
                "in force from 2024-01-01, is missing; import it"
            ),
        ),
        (
            (FIRST, SECOND),
            date(2026, 7, 1),
            (
                "no rule pack for patent-practitioner on 2026-07-01: the successor of 《虚构之二》, "
                "repealed on 2026-07-01, is missing; import it"
            ),
        ),
        (
            (replace(FIRST, document="虚字〔2024〕1号"),),
            date(2025, 7, 1),
            (
                "no rule pack for patent-practitioner on 2025-07-01: the successor of 虚字〔2024〕1号"
                "《虚构之一》, repealed on 2025-07-01, is missing; import it"
            ),
        ),
        (
            (),
            date(2025, 7, 1),
            (
                "no rule pack for patent-practitioner at all, so none on 2025-07-01: "
                "import the instrument that rates it"
            ),
        ),
    ],
    ids=["before all", "after all", "after the only one", "none at all"],
)
def test_a_day_without_a_pack_names_what_is_missing(packs, on, message):
    with pytest.raises(InputError) as refused:
        rule_pack_in_force(packs, PRACTITIONER, on, allow_fictional=True)
    assert str(refused.value) == message


def test_a_fictional_pack_that_nobody_asked_for_is_not_named():
    with pytest.raises(InputError) as refused:
        rule_pack_in_force((FIRST,), PRACTITIONER, date(2024, 6, 1))
    assert str(refused.value).startswith("no rule pack for patent-practitioner at all")


def test_two_packs_that_share_a_day_are_named():
    longer = replace(FIRST, repealed_on=date(2025, 7, 2))
    (fault,) = find_overlaps((longer, SECOND))
    assert (fault.code, str(fault)) == (
        "rules.overlap",
        (
            "made-up-second: made-up-first and made-up-second are both in force on some day; end one of "
            "them with repealed_on"
        ),
    )
    with pytest.raises(FaultsError, match="rules: 1 fault"):
        in_force_on((longer, SECOND), ON, allow_fictional=True)


def test_two_files_of_one_id_are_named():
    (fault,) = find_overlaps((FIRST, FIRST))
    assert (fault.code, str(fault)) == (
        "rules.duplicate-id",
        "made-up-first: two rule files have this id; give one of them another",
    )


def test_days_between_two_packs_are_named():
    shorter = replace(FIRST, repealed_on=date(2025, 6, 30))
    (fault,) = find_gaps((SECOND, shorter))
    assert (fault.code, fault.severity, str(fault)) == (
        "rules.gap",
        "warning",
        "made-up-second: no instrument is in force from 2025-06-30 until made-up-second begins on 2025-07-01",
    )
    assert find_gaps((FIRST, SECOND)) == ()
    assert find_gaps((replace(shorter, repealed_on=None), SECOND)) == ()


def test_a_ledger_outside_its_pack_says_so():
    with pytest.raises(
        InputError, match=r"^the rule pack made-up-second is not in force on 2025-06-30; take the"
    ):
        score_ledger([], SECOND, date(2025, 6, 30))


def test_a_ledger_of_two_subjects_or_one_record_twice_says_so():
    with pytest.raises(
        InputError, match=r"^a ledger is of one subject; hand in the records of one at a time$"
    ):
        score_ledger([record("1"), replace(record("2"), subject="Y")], SECOND, ON)
    with pytest.raises(InputError, match=r"^two records have the id 1; hand in each once$"):
        score_ledger([record("1"), record("1")], SECOND, ON)
    with pytest.raises(
        InputError, match=r"^the points set for the record 1 are outside the range of R; correct"
    ):
        score_ledger([record("1", "投诉", assessed_millipoints=1)], SECOND, ON)


def test_a_file_of_another_type_is_no_pack():
    with pytest.raises(
        FaultsError, match=r"duties.toml: type: expected one of: rating, duties, periods, profile"
    ):
        parse_rule_pack((PACKS / "duties.toml").read_bytes(), "duties.toml")
    assert parse_rule_file((PACKS / "duties.toml").read_bytes(), "duties.toml").id


ENTERED = {"source": "附件", "entered_by": "局", "entered_on": "2025-08-01"}


@pytest.mark.parametrize(
    ("amendment", "message"),
    [
        ({"points": "-1"}, "pack: an amendment names one of: clause, supervision, value, publication"),
        (
            {"clause": "X", "points": "-1"},
            "pack: clauses.X: there is nothing called X in this file; mend the name",
        ),
        (
            {"clause": "W", "colour": "red"},
            "pack: clauses.W.colour: no such key is known here; mend its name or take it out",
        ),
    ],
)
def test_an_amendment_that_does_not_fit_says_where_and_what_to_do(amendment, message):
    with pytest.raises(FaultsError) as refused:
        amend_file(SECOND.content, [{**amendment, **ENTERED}], "pack")
    assert [str(fault) for fault in refused.value.faults] == [message]


def test_an_amendment_replaces_who_entered_the_value_before():
    once = amend_file(SECOND.content, [{"clause": "W", "points": "-1", **ENTERED}], "pack")
    again = {**ENTERED, "entered_by": "新局", "entered_on": "2025-09-01"}
    twice = amend_file(once.content, [{"clause": "W", "points": "-2", **again}], "pack")
    assert isinstance(twice, RulePack)
    clause = twice.clause("W")
    assert (clause.millipoints, clause.provenance.entered_by) == (-2000, "新局")
    assert clause.provenance.entered_on == date(2025, 9, 1)


def test_references_to_what_is_not_there_are_named_with_what_to_do():
    duties = parse_rule_file((PACKS / "duties.toml").read_bytes(), "duties.toml")
    profile = parse_rule_file((PACKS / "profile.toml").read_bytes(), "profile.toml")
    faults = [str(fault) for fault in check_collection([duties, profile])]
    name = duties.clauses[0].severity.name
    of_class = f"no period table has the class {name}; add the table or mend the name"
    of_tier = "no rule pack of this practice line has the tier A; mend the name"
    assert faults == [
        f"made-up-duties: clauses.D-1.severity.class: {of_class}",
        f"made-up-profile: supervision.trademark.A: {of_tier}",
    ]


def test_caveats_are_answered_in_full():
    caveat = Caveat(about="x", from_on=ON, wording=Wording(zh="未核实", en="not seen"), source="S1")
    assert rule_pack_answer(replace(SECOND, caveats=(caveat,)))["caveats"] == [
        {"about": "x", "from": "2025-10-01", "title": "未核实", "title_en": "not seen", "source": "S1"}
    ]
