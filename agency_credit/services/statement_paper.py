"""The statement of credit as PDF, from its JSON alone: the same bytes for the same statement and place.

Its words are here and not in the catalogues, as those of the other papers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Literal

from agency_credit.domain.day import day_in_china
from agency_credit.services.agency_statement import IssuedStatement
from agency_credit.services.paper_press import draw_code, print_pages
from agency_credit.services.papers import Paper

Language = Literal["zh", "en"]
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "title": "信用情况证明",
        "opening": "截至{day}，本系统对下列代理机构的信用记载如下。",
        "name": "机构名称",
        "uscc": "统一社会信用代码",
        "extent": "证明范围",
        "public": "仅含向社会公示的内容",
        "full": "含未公示的内容，由机构自行出示",
        "patent": "专利代理",
        "trademark": "商标代理",
        "tier": "信用等级",
        "score": "得分",
        "rated_on": "评级日期",
        "pack": "计分规则",
        "not_rated": "尚未评级",
        "clause": "条款",
        "points": "分值",
        "period": "计分期间",
        "document": "文书、决定日期",
        "records": "信用信息",
        "kind": "种类",
        "authority": "决定机关",
        "decided": "决定日期",
        "paper": "文书号",
        "none": "无",
        "hidden": "（未公示）",
        "unverified": "（条款未核实）",
        "fictional": "本证明所依据的计分规则是虚构的，仅供演示，不具有任何效力。",
        "caveats": "所依据的计分规则有{n}处尚未核实原文。",
        "scan": "扫码核验：是否由本系统开具、是否仍为最新",
        "digest": "内容摘要（SHA-256，与同时下载的 statement.json 比对）",
        "digest_log": "评级在公开日志中的条目：",
        "closing": "本证明由机构自行打印，不加盖印章，以扫码核验的结果为准；之后如有变化，以当前公示为准。",
        "number": "证明编号 {code}",
        "until": "至",
        "on_list": "列入情况",
        "abnormal": "经营异常名录",
        "serious": "严重违法失信名单",
    },
    "en": {
        "title": "Statement of credit",
        "opening": "On {day} this system holds the following about the credit of this agency.",
        "name": "Agency",
        "uscc": "Unified social credit code",
        "extent": "Extent",
        "public": "what is public alone",
        "full": "also what is not public, shown by the agency itself",
        "patent": "Patent agency",
        "trademark": "Trademark agency",
        "tier": "Credit tier",
        "score": "Score",
        "rated_on": "Rated on",
        "pack": "Rule pack",
        "not_rated": "not rated yet",
        "clause": "Clause",
        "points": "Points",
        "period": "Counts",
        "document": "Document, decided on",
        "records": "Credit records",
        "kind": "Kind",
        "authority": "Authority",
        "decided": "Decided on",
        "paper": "Document",
        "none": "none",
        "hidden": " (not public)",
        "unverified": " (clause not verified)",
        "fictional": "The rules behind this statement are made up to show the program; it has no effect.",
        "caveats": "{n} parts of the rules behind it are not verified against their source.",
        "scan": "Scan to check: was it issued by this system, and is it still current?",
        "digest": "Digest of its content (SHA-256; compare with statement.json, downloaded with it)",
        "digest_log": "Entries of the public log for these ratings: ",
        "closing": "Printed by the agency itself, without a seal; what the check says counts, and what is"
        " public now where something has changed since.",
        "number": "Statement {code}",
        "until": "to",
        "on_list": "On a list",
        "abnormal": "abnormal list",
        "serious": "serious list",
    },
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


async def print_statement(statement: IssuedStatement, language: Language, base: str) -> Paper:
    """The PDF of a statement that can still be made.

    Parameters
    ----------
    base
        Where this service is reached; the code leads there.
    """
    assert statement.content is not None, "the caller asked whether it can be made"
    words = _WORDS[language]
    page = _page(json.loads(statement.content), statement, language, base)
    content = await asyncio.to_thread(
        print_pages, "statement", words["title"], page["office"], [page], statement.issued_at
    )
    day = day_in_china(statement.issued_at)
    return Paper(name=f"{words['title']}-{page['uscc']}-{day:%Y%m%d}.pdf", content=content)


def check_path(code: str) -> str:
    """Where everybody checks a statement."""
    return f"/statements/{code}"


def _page(
    said: Mapping[str, Any], statement: IssuedStatement, language: Language, base: str
) -> dict[str, Any]:
    words = _WORDS[language]
    prefix = "/en" if language == "en" else ""
    code = draw_code(words["scan"], base + prefix + check_path(statement.code))
    day = _written(day_in_china(statement.issued_at), language)
    indexes = [str(r["log_index"]) for r in said["ratings"] if r.get("log_index") is not None]
    caveats = sum(rating.get("n_unverified", 0) for rating in said["ratings"])
    told = {(line["kind"], line["decided_on"]) for r in said["ratings"] for line in r.get("lines", ())}
    notes = []
    if any(rating.get("is_fictional") for rating in said["ratings"]):
        notes.append(words["fictional"])
    if caveats:
        notes.append(words["caveats"].format(n=caveats))
    return {
        "words": dict(words),
        "number": words["number"].format(code=statement.code),
        "office": said["office"],
        "date": day,
        "uscc": said["agency"]["uscc"],
        "name": said["agency"]["name"],
        "list": words.get(said["agency"]["list_status"], ""),
        "opening": words["opening"].format(day=day),
        "extent": words[statement.extent.value],
        "ratings": [_rating(rating, language) for rating in said["ratings"]],
        "records": [
            [
                record["kind"] + ("" if record["is_public"] else words["hidden"]),
                _written(date.fromisoformat(record["decided_on"]), language),
                record["authority"] or "—",
                record["document"] or "—",
            ]
            for record in said["records"]
            if (record["kind"], record["decided_on"]) not in told
        ],
        "has_records": bool(said["records"]),
        "notes": notes,
        "digest": statement.digest,
        "log": "、".join(indexes) if language == "zh" else ", ".join(indexes),
        "codes": [asdict(code)],
    }


def _rating(rating: Mapping[str, Any], language: Language) -> dict[str, Any]:
    words = _WORDS[language]
    line = words[rating["practice_line"]]
    if rating["tier"] is None:
        return {"line": line, "facts": [[words["tier"], words["not_rated"]]], "lines": []}
    title = rating["pack_title"] if language == "zh" else rating["pack_title_en"]
    facts = [
        [words["tier"], rating["tier"]],
        *([[words["score"], rating["score"]]] if rating["score"] is not None else []),
        [words["rated_on"], _written(date.fromisoformat(rating["rated_on"]), language)],
        [words["pack"], f"{title or rating['pack']} · {rating['pack_digest'][:16]}…"],
    ]
    return {"line": line, "facts": facts, "lines": [_line(one, language) for one in rating["lines"]]}


def _line(line: Mapping[str, Any], language: Language) -> list[str]:
    words = _WORDS[language]
    title = line["title"] if language == "zh" else line["title_en"]
    clause = " ".join(filter(None, (line["clause"], title or line["kind"])))
    period = [
        _written(date.fromisoformat(day), language)
        for day in (line["counts_from"], line["counts_until"])
        if day
    ]
    return [
        clause + ("" if line["is_verified"] else words["unverified"]),
        line["points"].replace("-", "−"),
        f" {words['until']} ".join(period) or "—",
        "，".join(
            filter(None, (line["document"], _written(date.fromisoformat(line["decided_on"]), language)))
        ),
    ]


def _written(day: date, language: Language) -> str:
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
