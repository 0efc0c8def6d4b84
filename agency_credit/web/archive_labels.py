"""What the words of the sealed archive are called."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.web.i18n import msgid

ARCHIVE_LABELS: Mapping[str, Mapping[str, str]] = {
    "sealed_reason": {
        "repaired": msgid("Credit repair was granted"),
        "erased": msgid("Erased"),
    },
    "sealed_place": {
        "credit_record": msgid("Credit record"),
        "record_event": msgid("What befell the record"),
        "record_salt": msgid("Commitment and salt"),
        "record_publication": msgid("Publication of the record"),
        "rating": msgid("Rating that rested on it"),
        "log_body": msgid("Body of an entry of the log"),
        "change_request": msgid("Proposed change"),
        "change_decision": msgid("Decision on a proposed change"),
        "case_text": msgid("What was said in a case"),
        "reply_text": msgid("What a reply said"),
        "case_file": msgid("File of a case"),
        "case_file_content": msgid("Bytes of a file of a case"),
        "import_run": msgid("Faults of an import"),
        "import_upload": msgid("List that waited to be taken in"),
        "notice": msgid("Notice"),
        "idempotent_answer": msgid("Answer kept for a program"),
    },
    "sealed_column": {
        "kind": msgid("Kind of record"),
        "document_number": msgid("Document number"),
        "decided_on": msgid("Decided on"),
        "authority": msgid("Authority"),
        "summary": msgid("Summary"),
        "evidence": msgid("SHA-256 of the evidence"),
        "reason": msgid("Reason"),
        "text": msgid("Text"),
        "name": msgid("Name"),
        "at": msgid("When"),
        "known_at": msgid("Known since"),
        "score": msgid("Score"),
        "tier": msgid("Tier"),
        "rated_on": msgid("Rated on"),
        "practice_line": msgid("Practice line"),
        "commitment": msgid("Commitment"),
        "salt": msgid("Salt"),
        "log_index": msgid("Entry of the log"),
        "lines_json": msgid("Lines of the ledger"),
        "moved_json": msgid("What moved the score"),
        "body_json": msgid("Body"),
    },
}

ARCHIVE_ACTIONS: Mapping[str, str] = {
    "archive.open": msgid("Open a sealed record"),
}
"""Among the actions of the audit lines."""
