"""Which passwords are guessed first, and what they are made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency_credit.services.passwords import count_classes, is_guessable, load_common

NAMES = ["liujing", "淄博市市场监督管理局（知识产权局）"]


@pytest.mark.parametrize(
    "password",
    [
        "password", "Password", "PASSWORD123", "P@ssw0rd", "woaini1314", "woaini1314520", "1qaz2wsx3edc",
        "qwertyuiop", "Qwertyuiop!!", "a123456789", "wang123456", "zhongguo2026", "iloveyou1314",
        "admin@2026", "!!admin123!!", "1234567890", "20261127123", "13812345678", "aaaaaaaaaaaa",
        "abababababab", "!!!!????!!!!", "19900101",
    ],
)  # fmt: skip
def test_common_uniform_and_numeric_ones_are_guessed(password: str) -> None:
    assert is_guessable(password, NAMES)


@pytest.mark.parametrize("password", ["liujing2026", "LiuJing!!", "2026liujing", "xliujingx"])
def test_little_more_than_the_user_name_is_guessed(password: str) -> None:
    assert is_guessable(password, NAMES)
    assert not is_guessable("liujing trinkt gern kalten Kaffee", NAMES)


def test_little_more_than_the_name_of_the_office_is_guessed() -> None:
    assert is_guessable(f"{NAMES[1]}2026", NAMES)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "一把足够长的钥匙2026", "demo-zhangmin-2026", "tisch 7 kaffee wolke"],
)
def test_several_words_are_not(password: str) -> None:
    assert not is_guessable(password, NAMES)


def test_the_list_is_of_a_size_and_in_lower_case() -> None:
    assert 1_000 < len(load_common()) < 4_000
    assert all(word == word.casefold().strip() for word in load_common())


@given(st.sampled_from(sorted(load_common())), st.text("0123456789!@#.", max_size=6))
def test_digits_and_signs_around_a_common_word_help_nothing(word: str, around: str) -> None:
    assert is_guessable(word + around, [])
    assert is_guessable((word + around).upper(), [])


@pytest.mark.parametrize(
    ("password", "n"), [("abc", 1), ("abC", 2), ("abC1", 3), ("abC1!", 4), ("密码", 1), ("a密", 2), ("", 0)]
)
def test_classes_are_counted(password: str, n: int) -> None:
    assert count_classes(password) == n
