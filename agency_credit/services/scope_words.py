"""Whom a draw is about, in words: what its public plan says of a directed or an undirected frame."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.services.frame import LINE_NAMES, FrameScope

_LISTS = {"abnormal": "列入经营异常名录", "serious": "列入严重违法失信名单"}
_BEGIN = "抽查方式："


def is_scope(text: str) -> bool:
    """Whether a line of a plan's `basis` says whom the draw is about, and names no law."""
    return text.startswith(_BEGIN)


def describe_scope(scope: FrameScope, districts: Mapping[str, str]) -> str:
    """A line for the plan's `basis`, such as ``抽查方式：定向；对象：专利代理机构；信用等级：C、D``.

    Published words, hence not translated.
    """
    lines = "、".join(f"{LINE_NAMES[line]}代理机构" for line in scope.practice_lines)
    parts = [f"{_BEGIN}{'定向' if scope.directed else '不定向'}", f"对象：{lines}"]
    if scope.areas:
        parts.append(f"区域：{'、'.join(districts.get(area, area) for area in scope.areas)}")
    if scope.tiers:
        parts.append(f"信用等级：{'、'.join(scope.tiers)}")
    if scope.list_status:
        parts.append(f"名录：{'、'.join(_LISTS[status] for status in scope.list_status)}")
    if scope.record_kinds:
        since = f"{scope.records_since.isoformat()}以来" if scope.records_since else ""
        parts.append(f"{since}有信用记录：{'、'.join(scope.record_kinds)}")
    return "；".join(parts)
