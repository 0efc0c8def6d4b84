"""The history of a rule file: what it reads on one day, as known on another (docs/spec/rule-pack.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agency_credit.scoring.amendment import amend_file
from agency_credit.scoring.instrument import Instrument
from agency_credit.scoring.rule_file import parse_rule_file
from agency_credit.scoring.toml_table import JSON_SUFFIX


class StepKind(StrEnum):
    """What a step of a history holds."""

    FILE = "file"
    """The whole file, in canonical form."""

    VALUES = "values"
    """A canonical JSON list of amendments (`agency_credit.scoring.amendment`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStep:
    """A step in the history of the rule file `instrument`.

    Parameters
    ----------
    number
        Counts from 1 within the history; number 1 is a whole file.
    applies_from
        First day on which it reads so.
    known_on
        The day on which it was decided; never before that of the step before.
    """

    instrument: str
    number: int
    kind: StepKind
    content: str
    applies_from: date
    known_on: date


def steps_on(history: Sequence[RuleStep], on: date, known: date | None = None) -> tuple[RuleStep, ...]:
    """The steps that make up the file on the day `on`, as known at the end of the day `known`.

    First a whole file, then the changes of values to it, in order. What was decided after `known` does
    not show: later steps never change the answer for an earlier day of knowledge.

    Parameters
    ----------
    history
        All steps of one file, by number.
    known
        None: all that is known.

    Returns
    -------
    tuple of RuleStep
        Empty where nothing of the file was known. Before the first day of every whole file it is the
        first of them, which says itself from when it is in force.
    """
    steps = [step for step in history if known is None or step.known_on <= known]
    files = [step for step in steps if step.kind is StepKind.FILE]
    if not files:
        return ()
    held = [file for file in files if file.applies_from <= on]
    base = held[-1] if held else files[0]
    values = (
        step
        for step in steps
        if step.kind is StepKind.VALUES and step.number > base.number and step.applies_from <= on
    )
    return (base, *values)


def read_steps(steps: Sequence[RuleStep]) -> Instrument:
    """The file that `steps` (of `steps_on`, not empty) make up.

    Raises
    ------
    FaultsError
        A step that does not fit the file; none that was checked when it was decided.
    """
    base, *values = steps
    content = base.content.encode()
    if not values:
        return parse_rule_file(content, base.instrument + JSON_SUFFIX)
    amendments = [amendment for step in values for amendment in json.loads(step.content)]
    return amend_file(content, amendments, base.instrument)
