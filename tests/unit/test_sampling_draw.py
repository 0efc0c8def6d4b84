"""Worked cases of the seed, the tickets, the lottery, the teams and what is said about them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest

from agency_credit.domain.errors import InputError
from agency_credit.domain.plan import Rounding, StratumRule, TakeAll, TakeCount, TakeFraction
from agency_credit.sampling import (
    DrawOutcome,
    allocate,
    commitment,
    compute_draw,
    compute_result,
    derive_seed,
    digits_wanted,
    explain_unfilled,
    foreseeable,
    parse_files,
    parse_plan,
    parse_reveal,
    pseudonym,
    rehearse,
    review_files,
    review_outcome,
    root,
    ticket,
    tickets,
    unit_pseudonym,
)
from agency_credit.sampling.tickets import ticket_order
from tests.draw_files import DICE, ZEROS, canonical, draw_files, inspector, plan, unit

SEED = "ab" * 32
SSQ = DICE | {"form": "ssq"}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def draw(files: dict[str, bytes]) -> DrawOutcome:
    return compute_draw(parse_files(files), parse_reveal(files["reveal.json"]))


def warnings(files: dict[str, bytes]) -> set[str]:
    parsed, reveal = parse_files(files), parse_reveal(files["reveal.json"])
    found = review_outcome(parsed, reveal, compute_draw(parsed, reveal))
    assert all(str(fault) and fault.severity == "warning" for fault in found)
    return {fault.code for fault in found}


def test_commitment_pseudonym_and_seed_are_plain_digests_of_lines() -> None:
    assert commitment("D", "甲", ZEROS) == sha(f"double-random/1 commitment\nD\n甲\n{ZEROS}\n")
    assert pseudonym("D", ZEROS, "C") == sha(f"double-random/1 inspector\nD\n{ZEROS}\nC\n")
    assert unit_pseudonym("D", ZEROS, "C") == sha(f"double-random/1 unit\nD\n{ZEROS}\nC\n")
    assert derive_seed(b"A", ["1", "2"]) == sha(f"double-random/1 seed\n{sha('A')}\n1\n2\n")


def test_certificates_are_compared_in_nfc() -> None:
    assert pseudonym("D", ZEROS, "e\u0301") == pseudonym("D", ZEROS, "\u00e9")


@pytest.mark.parametrize("nonce", ["", "0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n"])
def test_nonce_and_salt_out_of_form_are_refused(nonce: str) -> None:
    for make in (lambda: commitment("D", "甲", nonce), lambda: pseudonym("D", nonce, "C")):
        with pytest.raises(InputError, match="64 lower-case"):
            make()


def test_root_of_three_lines_is_the_tree_of_rfc_6962() -> None:
    a, b, c = (hashlib.sha256(b"\0" + line).digest() for line in (b"a", b"b", b"c"))
    ab = hashlib.sha256(b"\1" + a + b).digest()
    assert root(b"a\nb\nc\n").root == hashlib.sha256(b"\1" + ab + c).hexdigest()
    assert root(b"a\nb\nc\n").size == 3


def test_tickets_are_whole_digests_as_big_endian_words() -> None:
    drawn = tickets(SEED, "target", ["甲", "U" * 64])
    assert drawn.shape == (2, 4)
    assert drawn.dtype == np.uint64
    assert ["".join(f"{word:016x}" for word in row) for row in drawn.tolist()] == [
        ticket(SEED, "target", "甲"), ticket(SEED, "target", "U" * 64),
    ]  # fmt: skip
    assert ticket(SEED, "target", "甲") == sha(f"{SEED},target,甲")
    assert tickets(SEED, "target", []).shape == (0, 4)


def test_tickets_are_compared_by_all_their_words() -> None:
    rows = np.array([[1, 0, 0, 2], [0, 9, 9, 9], [1, 0, 0, 1], [2**64 - 1, 0, 0, 0]], dtype=np.uint64)
    assert ticket_order(rows).tolist() == [1, 2, 0, 3]


def test_equal_tickets_are_an_error() -> None:
    with pytest.raises(InputError, match="equal"):
        ticket_order(np.array([[1, 2, 3, 4], [0, 0, 0, 0], [1, 2, 3, 4]], dtype=np.uint64))


def test_equal_pair_tickets_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agency_credit.sampling.assignment.digests", lambda *names: [b"same"] * len(names[2]))
    with pytest.raises(InputError, match="equal"):
        draw(draw_files())


@pytest.mark.parametrize(
    ("size", "take", "rounding", "expected"),
    [
        (5, TakeAll(), "up", 5),
        (5, TakeCount(count=7), "up", 5),
        (5, TakeCount(count=3), "up", 3),
        (100, TakeFraction(fraction="0.07", minimum=0), "up", 7),
        (101, TakeFraction(fraction="0.07", minimum=0), "up", 8),
        (101, TakeFraction(fraction="0.07", minimum=0), "down", 7),
        (9, TakeFraction(fraction="1/2", minimum=0), "nearest", 5),
        (9, TakeFraction(fraction="4/9", minimum=0), "nearest", 4),
        (9, TakeFraction(fraction="0", minimum=2), "nearest", 2),
        (9, TakeFraction(fraction="0.1", minimum=200), "down", 9),
        (0, TakeFraction(fraction="1", minimum=5), "up", 0),
    ],
)
def test_numbers_are_rounded_in_integers(size: int, take: Any, rounding: str, expected: int) -> None:
    rule = StratumRule(stratum="A", take=take)
    assert allocate({"A": size}, [rule], Rounding(rounding)) == {"A": expected}


def test_an_empty_frame_makes_an_empty_draw() -> None:
    result = json.loads(compute_result(draw_files(plan(strata=[]), [], [])))
    assert (result["strata"], result["teams"], result["unfilled"]) == ([], [], [])


def test_a_stratum_without_eligible_units_gives_nothing() -> None:
    ground = {"basis": "b", "reason": "r"}
    files = draw_files(units=[unit("U1", excluded=ground), unit("U2", mandatory=ground)])
    result = json.loads(compute_result(files))
    assert result["strata"] == [
        {"cutoff": None, "drawn": [], "eligible": 0, "reserves": [], "stratum": "A", "take": 0}
    ]
    assert (result["mandatory"], [team["unit"] for team in result["teams"]]) == (["U2"], ["U2"])


def test_units_certain_by_size_come_first_in_ticket_order() -> None:
    units = [unit(f"U{i}", size=100 if i < 2 else 1) for i in range(8)]
    pareto = plan(selection="pareto", strata=[{"stratum": "A", "take": {"count": 3}}], reserves=2)
    outcome = draw(draw_files(pareto, units))
    stratum = outcome.selection.strata[0]
    expected = sorted(["U0", "U1"], key=lambda name: ticket(outcome.seed, "target", name))
    assert list(stratum.drawn[:2]) == expected
    assert (len(stratum.drawn), len(stratum.reserves), stratum.cutoff) == (3, 2, None)


def test_an_inspector_is_moved_so_that_another_seat_can_be_filled() -> None:
    """I1 alone may visit U2; wherever he is seated first, both targets get their inspector."""
    units = [unit("U1", area="1"), unit("U2", area="2")]
    roster = [inspector("I1", limit=1), inspector("I2", limit=1, areas=["1"])]
    one = plan(supplements="D0", seats=[{"role": "组长", "skills": []}])
    for value in map(str, range(8)):
        teams = draw(draw_files(one, units, roster, values=[value])).teams
        assert {team.unit: team.inspectors for team in teams.teams} == {"U1": ("I2",), "U2": ("I1",)}


def test_seats_of_one_team_are_swapped_for_the_one_with_the_skill() -> None:
    """Only I1 can lead: he leads even where the first seat is called after his ticket won another."""
    roster = [inspector("I1", skills=["lead"]), inspector("I2")]
    seats = [{"role": "检查员", "skills": []}, {"role": "组长", "skills": ["lead"]}]
    for value in map(str, range(8)):
        teams = draw(draw_files(plan(seats=seats), inspectors=roster, values=[value])).teams
        assert {team.inspectors for team in teams.teams} == {("I2", "I1")}


def test_areas_match_by_prefix_and_an_empty_list_is_everywhere() -> None:
    units = [unit("U1", area="370302"), unit("U2", area="")]
    roster = [inspector("I1", areas=["3703"]), inspector("I2"), inspector("I3", areas=["370303"])]
    teams = draw(draw_files(units=units, inspectors=roster)).teams
    seated = {team.unit: {name for name in team.inspectors if name} for team in teams.teams}
    assert seated == {"U1": {"I1", "I2"}, "U2": {"I2"}}


def test_reason_of_an_unfilled_seat_names_who_is_full() -> None:
    files = draw_files(inspectors=[inspector("I1", limit=1), inspector("I2")])
    parsed, outcome = parse_files(files), draw(files)
    reasons = explain_unfilled(outcome.selection, parsed.plan, parsed.roster, parsed.recusals, outcome.teams)
    assert [(reason.full, reason.seated) for reason in reasons] == [(("I1",), ("I2",))]
    assert warnings(files) >= {"review.unfilled", "review.few-candidates"}


def test_reason_of_a_seat_for_nobody_says_so() -> None:
    pairs = [("U0", f"I{i}") for i in range(4)]
    files = draw_files(units=[unit("U0")], recusals=pairs)
    parsed, outcome = parse_files(files), draw(files)
    reasons = explain_unfilled(outcome.selection, parsed.plan, parsed.roster, parsed.recusals, outcome.teams)
    assert [(reason.seat, reason.full, reason.seated) for reason in reasons] == [(0, (), ()), (1, (), ())]
    assert "review.nobody" in warnings(files)


@pytest.mark.parametrize(("digits", "is_few"), [("1" * 19, True), ("1" * 20, False)])
def test_fewer_than_64_public_bits_are_flagged(digits: str, is_few: bool) -> None:
    assert ("review.few-bits" in warnings(draw_files(values=[digits]))) is is_few


@pytest.mark.parametrize(
    ("sources", "wanted"),
    [
        ([DICE], 20),
        ([SSQ, DICE], 13),
        ([DICE | {"form": "dice"}], 25),
        ([SSQ, DICE | {"form": "dlt"}], None),
        ([DICE | {"form": "drand"}], 0),
        ([DICE | {"form": "text"}], None),
    ],
)
def test_plan_is_told_how_many_digits_make_64_bits(sources: list[Any], wanted: int | None) -> None:
    assert digits_wanted(parse_plan(canonical(plan(entropy=sources)))) == wanted


def test_plan_review_names_weak_sources_foreseeable_strata_and_thin_seats() -> None:
    weak = plan(entropy=[DICE | {"form": "text"}], strata=[{"stratum": "A", "take": {"all": True}}])
    found = review_files(parse_files(draw_files(weak, inspectors=[inspector("I1")], values=["x"])))
    assert [fault.code for fault in found] == [
        "review.text-source", "review.few-bits", "review.foreseeable",
        "review.few-candidates", "review.few-candidates",
    ]  # fmt: skip
    ample = review_files(parse_files(draw_files()))
    assert [fault.code for fault in ample] == ["review.digits-wanted"]


def test_certain_units_of_a_pareto_draw_are_foreseeable() -> None:
    units = [unit(f"U{i}", size=100 if i < 1 else 1) for i in range(8)]
    files = parse_files(draw_files(plan(selection="pareto"), units))
    found = foreseeable(files.frame, files.plan)
    assert [(stratum.eligible, stratum.certain) for stratum in found] == [(8, ("U0",))]


def test_rehearsals_count_every_run_and_every_inspector() -> None:
    files = parse_files(draw_files(inspectors=[inspector(f"I{i}", limit=1) for i in range(3)]))
    played = rehearse(files, 20)
    assert (played.drawn, played.unfilled) == ({2: 20}, {1: 20})
    assert played.loads == {1: 60}


def test_rehearsals_are_played_with_seeds_of_their_own() -> None:
    pairs = [("U0", f"I{i}") for i in range(4)]  # a run leaves seats unfilled where U0 is drawn
    played = rehearse(parse_files(draw_files(recusals=pairs)), 40)
    assert played.unfilled.keys() == {0, 2}
    assert sum(played.unfilled.values()) == 40
