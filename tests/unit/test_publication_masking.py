"""Masking of personal numbers and names in texts that people typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.publication.masking import (
    find_personal_number,
    is_identity_number,
    mask_name,
    mask_personal_numbers,
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("联系人电话13800138000，未接。", "联系人电话138****8000，未接。"),
        ("证件11010519491231002X", "证件110105********002X"),
        ("138-0013-8000 与 138 0013 8001", "138****8000 与 138****8001"),
        ("代码91110000600037341L", "代码91110000600037341L"),
        ("没有号码", "没有号码"),
        ("", ""),
    ],
)
def test_numbers_of_persons_are_masked_but_for_their_ends(text: str, masked: str) -> None:
    assert mask_personal_numbers(text) == masked


@settings(deadline=None)
@given(text=st.text(st.sampled_from("0123456789Xx -１８a甲"), max_size=60))
def test_a_masked_text_holds_no_personal_number(text: str) -> None:
    assert find_personal_number(mask_personal_numbers(text)) is None


def test_an_identity_number_that_passes_as_a_credit_code_by_chance_is_still_one() -> None:
    assert is_identity_number("310101198501010268")


@pytest.mark.parametrize("number", ["", "11010519491231002", "11010518491231002X", "19000101"])
def test_a_number_that_is_too_short_or_too_old_is_no_identity_number(number: str) -> None:
    assert not is_identity_number(number)


@pytest.mark.parametrize(("name", "masked"), [("王小二", "王**"), ("李四", "李*"), ("王", "王"), ("", "")])
def test_a_name_keeps_its_first_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked
