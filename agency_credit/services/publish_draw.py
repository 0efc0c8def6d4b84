"""Publish a draw: every file, verified first, in the store and as a folder on disk."""

from __future__ import annotations

from typing import Any

from agency_credit.database.tables import Inspector
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import ConflictError
from agency_credit.domain.role import PUBLISHER, Actor
from agency_credit.domain.roster import ServedInspector
from agency_credit.inspection import draw_states
from agency_credit.sampling import format_names, format_reveal, parse_plan
from agency_credit.services.bundle import new_bundle
from agency_credit.services.draw_draft import load_draw_row
from agency_credit.services.draw_steps import load_reveal
from agency_credit.services.draw_store import (
    append_file,
    append_step,
    load_files,
    load_history,
    load_pseudonyms,
    open_salts,
    refuse_changed_files,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.result_review import append_result_publication
from agency_credit.services.result_store import load_latest_result
from agency_credit.services.served import Visit, check_original, check_results, load_served
from agency_credit.services.verify import refuse_false_bundle


async def publish_draw(office: Office, actor: Actor, draw: str) -> None:
    """Make a draw public: at once after drawing, or after the inspections, as its plan says.

    1. After inspections: every inspection with a team has a reviewed result, no supplement is under way,
       and a supplement waits for its original.
    2. The reveal is opened; after inspections the names of those who served are told (section 8).
    3. The verifier replays the files; what it rejects is not published (docs/adr/0001).
    4. The files, the step and the log entries are written in one transaction; results go out with it.
    5. The folder on disk appears whole or not at all; it can be made again from the store.

    Raises
    ------
    RefusedError
        Not drawn, published already, or a result is missing.
    VerificationError
        The files do not prove the result.
    UnavailableError
        The disk is full; nothing was published.
    """
    async with (
        new_bundle(office.settings.bundles / draw) as bundle,
        operation(office, actor, "draw.publish", draw, roles=PUBLISHER) as op,
    ):
        row = await load_draw_row(draw)
        draw_states.check_publish(await load_history(row))
        contents = await load_files(row["id"])
        await refuse_changed_files(draw, contents)
        plan = parse_plan(contents["plan.json"])
        await check_original(row, plan.supplements)
        served = await load_served(row, plan.supplements)
        is_late = plan.publication == "after-inspection"
        if is_late:
            await check_results(row, served, plan.supplements, op.at)  # 1
        added = {"reveal.json": format_reveal(await load_reveal(office, row, plan))}  # 2
        if is_late:
            added["names.jsonl"] = await _format_names(office, row["id"], served)
        refuse_false_bundle(contents | added)  # 3
        await _append_publication(op, row, "published", contents, added)  # 4
        if is_late and plan.supplements is None:  # a supplement's results are those of its original
            for inspection, _ in served:
                latest = await load_latest_result(inspection["id"])
                if latest is not None and latest["state"] == "reviewed":
                    await append_result_publication(op, inspection)
        bundle.write(contents | added)  # 5


async def publish_names(office: Office, actor: Actor, draw: str) -> None:
    """Tell who served, after the last result of a draw that was published at once.

    Raises
    ------
    RefusedError
        Not published yet, told already, or a result is missing.
    """
    async with (
        new_bundle(office.settings.bundles / draw) as bundle,
        operation(office, actor, "draw.names", draw, roles=PUBLISHER) as op,
    ):
        row = await load_draw_row(draw)
        draw_states.check_names(await load_history(row))
        contents = await load_files(row["id"])
        plan = parse_plan(contents["plan.json"])
        served = await load_served(row, plan.supplements)
        await check_results(row, served, plan.supplements, op.at)
        if "names.jsonl" in contents:
            raise ConflictError(
                "draw.named-already",
                "this step of the draw {draw} was made already; it is made once and only once",
                draw=draw,
                link=f"/draws/{draw}",
            )
        await refuse_changed_files(draw, contents)
        added = {"names.jsonl": await _format_names(office, row["id"], served)}
        refuse_false_bundle(contents | added)
        await _append_publication(op, row, "named", contents, added)
        bundle.write(contents | added)


async def _append_publication(
    op: Operation, row: dict[str, Any], step: str, contents: dict[str, bytes], added: dict[str, bytes]
) -> None:
    for name, content in added.items():
        await append_file(row["id"], name, content)
    files = {name: digest(content) for name, content in sorted((contents | added).items())}
    index = await op.append_entry("draw.published", row["draw"], {"draw": row["draw"], "files": files})
    await append_step(row["id"], step, op.actor, op.at, log_index=index)


async def _format_names(office: Office, draw: int, visits: list[Visit]) -> bytes:
    salts = await open_salts(office, draw)
    served = set()
    for inspection, members in visits:
        if await load_latest_result(inspection["id"]):
            served |= members
    people = {
        row["id"]: row for row in await Inspector.select(Inspector.id, Inspector.name, Inspector.certificate)
    }
    return format_names(
        [
            ServedInspector(
                certificate=people[inspector]["certificate"],
                inspector=pseudonym,
                name=people[inspector]["name"],
                salt=salts[pseudonym],
            )
            for pseudonym, inspector in (await load_pseudonyms(draw)).items()
            if inspector in served
        ]
    )
