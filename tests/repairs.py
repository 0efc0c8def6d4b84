"""Applications for repair, complete as an agency would send them, and taken as far as a test needs."""

from __future__ import annotations

from agency_credit.domain.role import Actor
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.scoring.periods import Requirement
from agency_credit.services.case_files import CaseUpload, clean_case_files
from agency_credit.services.office import Office
from agency_credit.services.repair_eligibility import load_eligibility
from agency_credit.services.repairs import (
    RepairApplication,
    RepairProposal,
    apply_for_repair,
    decide_repair,
    propose_repair,
)
from tests.world import World

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
KIND = "代理非正常专利申请"
"""Of the class general: three months, duties done, a pledge."""


async def complete(office: Office, uscc: str, record: str, **changes: object) -> RepairApplication:
    """Everything that the conditions of a record ask for."""
    found = await load_eligibility(office, uscc, record)
    proofs = await clean_case_files(office, [CaseUpload(name="缴款凭证.pdf", media_type="", content=PDF)])
    to_prove = [
        check.term.key
        for check in found.declared
        if check.term.condition.requires not in (None, Requirement.PLEDGE)
    ]
    values = {
        "declared": frozenset(check.term.key for check in found.declared),
        "pledge": "本机构承诺依法依规执业。",
        "statement": "罚款已经缴清，涉案申请已经撤回。",
        "files": dict.fromkeys(to_prove, proofs),
    }
    return RepairApplication(**values | changes)  # type: ignore[arg-type]


async def applied(world: World, clerk: Actor, uscc: str, record: str) -> int:
    """A complete application."""
    return await apply_for_repair(
        world.office, clerk, uscc, record, await complete(world.office, uscc, record)
    )


async def proposed(
    world: World, number: int, verdict: RepairStep = RepairStep.GRANTED, **more: object
) -> None:
    """A proposal by the drafter."""
    values: dict[str, object] = {"verdict": verdict, "reason": "材料齐全，已经核实"}
    if verdict is RepairStep.REFUSED:
        values |= {"reason_code": "evidence"}
    await propose_repair(
        world.office,
        world.drafter,
        number,
        RepairProposal(**values | more),  # type: ignore[arg-type]
    )


async def granted(world: World, number: int) -> None:
    """Proposed by one person, granted by another."""
    await proposed(world, number)
    await decide_repair(world.office, world.approver, number, RepairStep.GRANTED)
