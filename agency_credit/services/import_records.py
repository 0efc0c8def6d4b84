"""Lists of credit records (信用信息): rows to records, and what they say of the two public lists. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.services.import_cells import clean_text, is_nothing
from agency_credit.services.import_facts import (
    NO_FACT_RULES,
    NOTHING_STATED,
    FactRules,
    StatedFacts,
    check_collected,
    parse_facts,
)
from agency_credit.services.import_header import Table
from agency_credit.services.import_row import ReadList, ReadRow, RowReader, read_rows

LIST_KINDS = {
    "列入经营异常名录": ("abnormal", True),
    "移出经营异常名录": ("abnormal", False),
    "列入严重违法失信名单": ("serious", True),
    "移出严重违法失信名单": ("serious", False),
}
"""Records that put an agency on a public list or take it off, also where no rule pack has points for it."""


_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One row of a list; its digest over subject, kind, document and day is what makes it the same record.

    Parameters
    ----------
    uscc
        Of the agency; for a record of a practitioner the one at which the person practised.
    certificate
        Of the practitioner; empty for a record of the agency itself.
    evidence
        SHA-256 of the document behind it, in hexadecimal; empty where none is given.
    facts
        What the row states beyond that.
    category
        What the row states, else what records of this kind are by themselves.
    """

    uscc: str
    certificate: str = ""
    kind: str
    document_number: str
    decided_on: date
    authority: str
    summary: str
    evidence: str = ""
    facts: StatedFacts = NOTHING_STATED
    category: str = ""
    digest: str

    @property
    def subject(self) -> str:
        """Whom the record is of: certificate number, or unified social credit code."""
        return self.certificate or self.uscc


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContext:
    """What the rows are held against.

    Parameters
    ----------
    agencies
        Codes of the agencies in the register.
    kinds
        The words for a record that are known.
    practitioners
        Certificate numbers in the register, with the code of the agency of each (empty: none is known).
    rules
        What kinds and period tables say of the facts of a record.
    """

    agencies: frozenset[str]
    kinds: frozenset[str]
    today: date
    practitioners: Mapping[str, str] = field(default_factory=dict)
    rules: FactRules = NO_FACT_RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecord:
    """What the store holds of a record besides its identity."""

    authority: str
    summary: str
    evidence: str = ""
    facts: StatedFacts = NOTHING_STATED

    def agrees_with(self, row: RecordRow) -> bool:
        """Whether the row says nothing else; a blank cell says nothing."""
        pairs = (
            (row.authority, self.authority),
            (row.summary, self.summary),
            (row.evidence, self.evidence),
        )
        return all(said in ("", known) for said, known in pairs)


def record_digest(uscc: str, certificate: str, kind: str, document_number: str, decided_on: date) -> str:
    """What makes a record the same; one of a practitioner stays the same when the person changes agency."""
    who = {"certificate": certificate} if certificate else {"uscc": uscc}
    identity = {"decided_on": decided_on.isoformat(), "document": document_number, "kind": kind, **who}
    return digest(format_canonical(identity))


def read_records(tables: Sequence[Table], context: RecordContext) -> ReadList[RecordRow]:
    """Rows of a list of credit records, checked against the register and the known kinds."""
    return read_rows(
        tables,
        lambda reader: _parse_record(reader, context),
        key=lambda row: row.digest,
        key_field="document_number",
    )


def plan_records(
    rows: Sequence[ReadRow[RecordRow]],
    known: Mapping[str, KnownRecord],
    forgotten: Collection[str] = frozenset(),
) -> list[RecordRow]:
    """Records that are new; what is there is never overwritten, what was `forgotten` does not come back."""
    new: list[RecordRow] = []
    for row in rows:
        before = known.get(row.value.digest)
        if row.value.digest in forgotten:
            row.reader.settle("forgotten")
        elif before is None:
            row.settle(None, row.value, _cells)
            new.append(row.value)
        elif not row.value.facts.agrees_with(before.facts):
            row.reader.fault(
                "document_number",
                "import.record-facts",
                "{heading}: {found} is known without the category, procedure, sanctions, class or days that "
                "stand here, or with others; a record is never overwritten, state them on the page of the "
                "record, where a second person decides, and empty these cells",
                found=row.value.document_number or "—",
            )
        elif before.agrees_with(row.value):
            row.reader.settle("same")
        else:
            row.reader.fault(
                "document_number",
                "import.record-differs",
                "{heading}: {found} is known with another authority, summary or evidence; a record is "
                "never overwritten, restore these cells to what was imported first",
                found=row.value.document_number or "—",
            )
    return new


def _cells(row: RecordRow) -> dict[str, str]:
    """What the row says, by column."""
    return {
        "uscc": row.uscc,
        "certificate": row.certificate,
        "kind": row.kind,
        "document_number": row.document_number,
        "decided_on": row.decided_on.isoformat(),
        "authority": row.authority,
        "summary": row.summary,
        "evidence": row.evidence,
        **row.facts.cells(),
        "category": row.category,
    }


def find_list_status(records: Iterable[tuple[str, date]]) -> tuple[str, date | None]:
    """Which public list an agency is on after all its records (kind, day), and since when.

    Entries and removals are replayed by day, a removal after an entry of the same day; the serious list
    outweighs the abnormal one.
    """
    since: dict[str, date] = {}
    listings = [
        (day, not LIST_KINDS[kind][1], LIST_KINDS[kind][0]) for kind, day in records if kind in LIST_KINDS
    ]
    for day, is_removal, name in sorted(listings):
        if is_removal:
            since.pop(name, None)
        else:
            since.setdefault(name, day)
    worst = next((name for name in ("serious", "abnormal") if name in since), "none")
    return worst, since.get(worst)


def _parse_record(reader: RowReader, context: RecordContext) -> RecordRow | None:
    uscc, certificate = _parse_subject(reader, context)
    kind = reader.text("kind").replace(" ", "")
    if kind and kind not in context.kinds and kind not in LIST_KINDS:
        reader.fault(
            "kind",
            "import.kind-unknown",
            "{heading}: no rule knows {found}; expected one of {expected}",
            found=kind,
            expected="、".join(sorted(context.kinds | set(LIST_KINDS))),
        )
    document = reader.text("document_number").replace(" ", "")
    decided_on = reader.day("decided_on", until=context.today)
    authority, summary = reader.text("authority"), reader.text("summary")
    evidence = _parse_evidence(reader)
    facts = parse_facts(reader, context.rules, context.today, decided_on)
    check_collected(reader, facts, context.rules, is_person=bool(certificate))
    if reader.has_error or decided_on is None:
        return None
    return RecordRow(
        uscc=uscc,
        certificate=certificate,
        kind=kind,
        document_number=document,
        decided_on=decided_on,
        authority=authority,
        summary=summary,
        evidence=evidence,
        facts=facts,
        category=context.rules.category_of(kind, facts),
        digest=record_digest(uscc, certificate, kind, document, decided_on),
    )


def _parse_subject(reader: RowReader, context: RecordContext) -> tuple[str, str]:
    """The agency, and the practitioner where the record is of one; then the agency may be left out."""
    certificate = reader.code("certificate")
    uscc = reader.uscc() if not certificate or not is_nothing(clean_text(reader.raw("uscc"))) else ""
    if uscc and uscc not in context.agencies:
        note_unknown_agency(reader, uscc)
    if certificate and certificate not in context.practitioners:
        reader.fault(
            "certificate",
            "import.practitioner-unknown",
            "{heading}: no practitioner in the register has the certificate {found}; correct it, or import "
            "the practitioner first",
            found=certificate,
        )
    elif certificate and not uscc and not reader.has_error:
        uscc = context.practitioners[certificate]
        if not uscc:
            reader.fault(
                "certificate",
                "import.practitioner-without-agency",
                "{heading}: the register knows no agency of {found}; name it in the row",
                found=certificate,
            )
    return uscc, certificate


def _parse_evidence(reader: RowReader) -> str:
    text = reader.text("evidence").replace(" ", "").lower()
    if text and not _DIGEST.fullmatch(text):
        reader.fault(
            "evidence",
            "import.evidence",
            "{heading}: expected the SHA-256 of the document, 64 hexadecimal digits, found {found}",
            found=text[:100],
        )
        return ""
    return text


def note_unknown_agency(reader: RowReader, uscc: str) -> None:
    """Note that the register has no agency with this code."""
    reader.fault(
        "uscc",
        "import.agency-unknown",
        "{heading}: no agency in the register has the code {found}; correct it, or import the agency first",
        found=uscc,
    )
