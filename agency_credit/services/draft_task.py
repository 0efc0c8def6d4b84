"""What is to be said of a draft's task, its items, its other bodies and whom it is about (R10, R11, R20)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from agency_credit.domain.errors import Fault
from agency_credit.publication.masking import find_personal_number
from agency_credit.sampling import allocate, parse_plan
from agency_credit.services.annual_plan import PlanRow, find_plan_row
from agency_credit.services.draft_review import try_plan
from agency_credit.services.draw_draft import DrawDraft
from agency_credit.services.draw_task import MOST_OF_BODY, skill_of
from agency_credit.services.frame import LINE_NAMES, TIERS, Stratification
from agency_credit.services.items import Item, load_items
from agency_credit.services.office import Office
from agency_credit.services.plan_progress import count_draws_by_item, load_progress


async def load_task_faults(office: Office, draft: DrawDraft) -> list[Fault]:
    """What is wrong with the task, the items, the other bodies, the criteria of a draft."""
    items = await load_items(office.today())
    return [
        *_item_faults(draft, items),
        *_partner_faults(draft, items),
        *_scope_faults(draft),
        *await _plan_faults(office, draft, items),
    ]


async def load_limit_faults(
    office: Office, draw: str, draft: DrawDraft, frame: Stratification
) -> tuple[list[Fault], list[Fault]]:
    """Where a draw goes beyond the fraction or frequency of a general item: what stops it, and warnings.

    A limit that was found or entered stops the draw; one that is not verified only warns.
    """
    items = {(item.body, item.title): item for item in await load_items(office.today())}
    counts = await count_draws_by_item(office.today().year, office.now(), besides=draw)
    cited = [
        (items[key], counts[key])
        for key in [
            *(("", title) for title in draft.plan.items),
            *((partner.name, title) for partner in draft.partners for title in partner.items),
        ]
        if key in items
    ]
    taken = _count_taken(draw, draft, frame)
    stops: list[Fault] = []
    warnings: list[Fault] = []
    for item, n_draws in cited:
        for fault in (*_fraction_faults(item, taken), *_frequency_faults(item, n_draws)):
            (stops if item.is_limit_known else warnings).append(fault)
    return stops, warnings


def _count_taken(draw: str, draft: DrawDraft, frame: Stratification) -> dict[str, tuple[int, int]]:
    """Units drawn by lot, and units that take part, by the name of the practice line."""
    content, _ = try_plan(draw, draft)
    if content is None:
        return {}
    plan = parse_plan(content)
    sizes = {item.stratum: item.n_eligible for item in frame.strata}
    rules = [rule for rule in plan.strata if rule.stratum in sizes]
    totals: dict[str, tuple[int, int]] = {}
    for stratum, n in allocate(sizes, rules, plan.rounding).items():
        line = stratum.partition("-")[0]
        drawn, eligible = totals.get(line, (0, 0))
        totals[line] = (drawn + n, eligible + sizes[stratum])
    return totals


def _fraction_faults(item: Item, taken: dict[str, tuple[int, int]]) -> Iterator[Fault]:
    if item.item_weight != "general" or not item.fraction:
        return
    drawn, eligible = taken.get(LINE_NAMES[item.practice_line], (0, 0))
    most = -(-Fraction(item.fraction) * eligible // 1)  # rounded up: of a small frame one can be drawn
    if drawn > most:
        yield _fault(
            "plan.strata",
            "draft.item-fraction",
            "{item} is a general item: of {n} agencies at most {most} may be drawn, not {drawn}",
            item=f"{item.code} {item.title}",
            n=eligible,
            most=int(most),
            drawn=drawn,
        )


def _frequency_faults(item: Item, n_draws: int) -> Iterator[Fault]:
    if item.frequency is not None and n_draws >= item.frequency:
        yield _fault(
            "plan.items",
            "draft.item-frequency",
            "{item} was cited by {n} draws this year, and the list allows {most}",
            item=f"{item.code} {item.title}",
            n=n_draws,
            most=item.frequency,
        )


def _item_faults(draft: DrawDraft, items: Sequence[Item]) -> Iterator[Fault]:
    """What is on no published list is not inspected (清单之外无检查, R11); others inspect their own items."""
    if not any(text.strip() for text in draft.plan.items):
        yield _fault("plan.items", "draft.items", "choose at least one item of the published item list")
        return
    published = {item.title for item in items if not item.body}
    cited = {("", title) for title in draft.plan.items}
    cited |= {(partner.name, title) for partner in draft.partners for title in partner.items}
    covered = {item.practice_line for item in items if (item.body, item.title) in cited}
    for line in draft.scope.practice_lines:
        if line not in covered:
            yield _fault(
                "plan.items",
                "draft.line-without-item",
                "the frame holds {line} agencies, and no item is for them: choose one, or leave them out of"
                " the frame",
                line=LINE_NAMES[line],
            )
    for title in draft.plan.items:
        if title not in published:
            yield _fault(
                "plan.items",
                "draft.item-unpublished",
                "{item} is not on the published item list; choose from the list, or have it added there"
                " first",
                item=title,
            )


def _partner_faults(draft: DrawDraft, items: Sequence[Item]) -> Iterator[Fault]:
    names = [partner.name for partner in draft.partners]
    bodies = [draft.plan.authority.strip(), *names]
    if names and len(set(bodies)) != len(bodies):
        yield _fault("partners", "draft.body-twice", "each body of a joint draw is named once")
    for name in bodies if names else ():
        if (
            not 1 <= len(name) <= MOST_OF_BODY
            or any(sign in name for sign in "；：,/")
            or name != name.strip()
        ):
            yield _fault(
                "partners",
                "draft.body-name",
                "{body}: the name of a body has 1 to {n} characters and no ； ： , or /",
                body=name,
                n=MOST_OF_BODY,
            )
        elif not any(skill_of(name) in seat.get("skills", ()) for seat in draft.plan.seats):
            yield _fault(
                "seats",
                "draft.body-seat",
                "give {body} a seat: tick {skill} for one",
                body=name,
                skill=skill_of(name),
            )
    for partner in draft.partners:
        published = {item.title for item in items if item.body == partner.name}
        if not partner.items or set(partner.items) - published:
            yield _fault(
                "partners",
                "draft.body-items",
                "choose items that stand on the published list under the name of {body}",
                body=partner.name,
            )


def _scope_faults(draft: DrawDraft) -> Iterator[Fault]:
    scope = draft.scope
    criteria = (scope.areas, scope.tiers, scope.list_status, scope.record_kinds)
    if scope.directed and not any(criteria):
        yield _fault(
            "scope.directed",
            "draft.directed",
            "a directed draw says whom it is about; choose at least one criterion",
        )
    if not scope.directed and any(criteria):
        yield _fault(
            "scope.directed",
            "draft.undirected",
            "an undirected draw frames everybody; say that it is directed, or take the criteria out",
        )
    if set(scope.tiers) - set(TIERS):
        yield _fault("scope.tiers", "draft.tiers", "write tiers as {tiers}", tiers=", ".join(TIERS))
    if scope.records_since is not None and not scope.record_kinds:
        yield _fault(
            "scope.record_kinds", "draft.record-kinds", "name the kinds of records that count since that day"
        )


async def _plan_faults(office: Office, draft: DrawDraft, items: Sequence[Item]) -> list[Fault]:
    """A draw carries out a row of the plan in force, or says why it does not."""
    if draft.replaces is not None and draft.task is None and draft.unplanned is None:
        return [_no_task()]
    if (draft.task is None) == (draft.unplanned is None):
        return [_no_task()]
    if draft.unplanned is not None:
        if not draft.unplanned.reason.strip() or find_personal_number(draft.unplanned.reason):
            return [
                _fault(
                    "task",
                    "draft.unplanned",
                    "say in words why the annual plan has no such task, without identity or telephone"
                    " numbers; it will be public",
                )
            ]
        return []
    assert draft.task is not None, "one of the two is there"
    found = await find_plan_row(draft.task.year, draft.task.row)
    if found is None:
        return [
            _fault(
                "task",
                "draft.task-unknown",
                "the plan of {year} in force has no row {n}",
                year=draft.task.year,
                n=draft.task.row,
            )
        ]
    row = found[1]
    progress = (await load_progress(draft.task.year, [row], office.now()))[0]
    return [*_row_faults(draft, row, items), *_done_faults(progress.n_done, row)]


def _row_faults(draft: DrawDraft, row: PlanRow, items: Sequence[Item]) -> Iterator[Fault]:
    titles = {item.title for item in items if item.code in row.items}
    wanted = [*draft.plan.items, *(title for partner in draft.partners for title in partner.items)]
    for title in wanted:
        if title not in titles:
            yield _fault(
                "plan.items",
                "draft.task-items",
                "{item} is not among the items of row {n} of the plan; amend the plan first",
                item=title,
                n=row.row,
            )
    if row.directed != draft.scope.directed:
        yield _fault(
            "scope.directed",
            "draft.task-directed",
            "row {n} of the plan says otherwise of directed or not",
            n=row.row,
        )


def _done_faults(n_done: int, row: PlanRow) -> Iterator[Fault]:
    if n_done >= row.frequency:
        yield _fault(
            "task",
            "draft.task-done",
            "row {n} of the plan was drawn {done} times already, as often as it says; amend the plan first",
            n=row.row,
            done=n_done,
        )


def _no_task() -> Fault:
    return _fault(
        "task",
        "draft.task",
        "name the row of the annual plan that this draw carries out, or say why there is none",
    )


def _fault(at: str, code: str, template: str, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params)
