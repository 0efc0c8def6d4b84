"""Languages: templates, dates, errors."""

from __future__ import annotations

from datetime import UTC, date, datetime

from agency_credit.domain.errors import NotFoundError
from agency_credit.web.i18n import format_date, format_instant, translate, translate_error


def test_chinese_comes_from_the_catalogue_and_english_is_the_template():
    assert translate("zh", "Draws") == "随机抽查"
    assert translate("en", "Draws") == "Draws"


def test_a_template_without_chinese_falls_back_to_english():
    assert translate("zh", "no such template {n}", n=3) == "no such template 3"


def test_places_are_filled_in_both_languages():
    error = NotFoundError("agency.unknown", "there is no agency {uscc}; search by name", uscc="9137")
    assert translate_error("en", error) == "there is no agency 9137; search by name"
    assert "9137" in translate_error("zh", error)
    assert translate_error("zh", error) != translate_error("en", error)


def test_a_value_with_braces_is_no_template():
    assert translate("en", "Code of this message: {code}", code="{0.__class__}").endswith("{0.__class__}")


def test_dates_are_written_as_the_reader_writes_them():
    assert format_date("zh", date(2026, 11, 24)) == "2026年11月24日"
    assert format_date("en", date(2026, 11, 24)) == "24 November 2026"
    assert format_date("zh", None) == "—"


def test_instants_are_told_in_the_time_of_china():
    at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert format_instant("zh", at) == "2026年12月1日 07:30"
    assert format_instant("en", at) == "1 December 2026, 07:30 (Beijing time)"
