"""Personal numbers however they are written; what is none: credit codes, digests, documents, amounts."""

from __future__ import annotations

import html
import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import RefusedError
from agency_credit.publication.masking import (
    IN_ENTRIES,
    check_publishable,
    find_personal_number,
    find_personal_numbers,
    is_identity_number,
    mask_personal_numbers,
    may_hold_personal_number,
)
from agency_credit.web.gate import find_in_bytes

IDENTITY, MOBILE, OLD = "11010519491231002X", "13800138000", "110105491231002"
WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"证件{IDENTITY}", "identity"),
        (f"证件{IDENTITY.lower()}号", "identity"),
        (f"ID{IDENTITY}abc", "identity"),
        ("110105 19491231 002X", "identity"),
        ("110105-1949-1231-002X", "identity"),
        ("110105.19491231.002X", "identity"),
        ("1101 0519 4912 3100 2X", "identity"),
        ("1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X", "identity"),
        ("110105\u200b19491231\u200d002X", "identity"),
        ("1\u200b1\u200b0\u200b105194912310 02X", "identity"),
        (IDENTITY.translate(WIDE), "identity"),
        ("１１０１０５　１９４９１２３１　００２Ｘ", "identity"),
        (f"原身份证号{OLD}", "identity"),
        (MOBILE, "mobile"),
        ("138-0013-8000", "mobile"),
        ("138.0013.8000", "mobile"),
        ("138 0013 8000", "mobile"),
        ("138－0013－8000", "mobile"),
        ("1 3 8 0 0 1 3 8 0 0 0", "mobile"),
        ("138\u200b0013\u20608000", "mobile"),
        ("+86 13800138000", "mobile"),
        ("+8613800138000", "mobile"),
        ("＋86138 0013 8000", "mobile"),
        ("电话008613800138000转2", "mobile"),
        ("138\u202a0013\u20628000", "mobile"),
        ("13\ufe0f800138000", "mobile"),
        ("2026-11-24 13800138000", "mobile"),
        ("abc13800138000def", "mobile"),
        ("0533-2345678", "landline"),
        ("（0533）2345678", "landline"),
        ("(010) 62345678", "landline"),
        ("010 6234 5678", None),
        ("0533 2345678", "landline"),
        ("电话０５３３－２３４５６７８", "landline"),
    ],
)
def test_a_number_is_found_however_it_is_written(text: str, kind: str | None) -> None:
    assert find_personal_number(text) == kind
    assert (mask_personal_numbers(text) == text) is (kind is None)
    assert find_personal_number(mask_personal_numbers(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "91110000600037341L", "913703001234567890", "淄知罚〔2026〕1380号", "鲁知委字〔2026〕13800138号",
        OLD, "金额110105491231002元", "2026-11-24T13:80:01.380", "2026-11-24 2026-11-25", "0926-20261124",
        "3703-2026-0533-2345678", "27200638232795031253", "03 07 12 18 25 31 + 09", "0.0533 2345678.5",
        "a" * 20 + "13800138000" + "f" * 33, "13800138000abcde", "138001380001",
        "110105194912310021", "990105194912310028", "0012-2345678", "0533-1234567",
        "M66 120H80.5V13800 138000", "8613800138000", "+008613800138", "+8613800138000123",
    ],
)  # fmt: skip
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert find_personal_number(text) is None
    assert mask_personal_numbers(text) == text


def test_several_numbers_of_a_text_are_told_in_their_order() -> None:
    text = f"甲{MOBILE}，乙{IDENTITY}，丙0533-2345678"
    found = find_personal_numbers(text)
    assert [(n.kind, text[n.start : n.end]) for n in found] == [
        ("mobile", MOBILE),
        ("identity", IDENTITY),
        ("landline", "0533-2345678"),
    ]
    assert mask_personal_numbers(text) == "甲138****8000，乙110105********002X，丙053******78"


def test_numbers_of_the_office_are_let_through_and_entries_ask_for_less() -> None:
    check_publishable("监督电话0533-2345678", allowed={"05332345678"})
    check_publishable("监督电话0533-2345678", IN_ENTRIES)
    with pytest.raises(RefusedError) as caught:
        check_publishable("监督电话0533-2345678")
    assert caught.value.code == "entry.landline-number"


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    """Valid ones, of any province, birthday and order."""
    province = draw(st.sampled_from(["11", "37", "44", "50", "65", "82"]))
    born = date(1900, 1, 1) + timedelta(days=draw(st.integers(0, 46_000)))
    first = f"{province}{draw(st.integers(0, 9999)):04d}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    check = "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, first, strict=True)) % 11]
    return first + check


@st.composite
def credit_codes(draw: st.DrawFn) -> str:
    """Valid unified social credit codes, many of them of digits alone."""
    body = draw(
        st.text(st.sampled_from(draw(st.sampled_from(["0123456789", ALPHABET]))), min_size=8, max_size=8)
    )
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    values = ["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(sign) for sign in body]
    rest = 11 - sum(w * v for w, v in zip(weights, values, strict=True)) % 11
    organisation = body + {10: "X", 11: "0"}.get(rest, str(rest))
    code = (
        draw(st.sampled_from(["91", "51", "31"]))
        + draw(st.sampled_from(["110000", "370303", "440100"]))
        + organisation
    )
    total = sum(ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(code))
    return code + ALPHABET[(31 - total % 31) % 31]


around = st.text(
    st.characters(blacklist_categories=["Cs", "Nd"], blacklist_characters="\u2028\u2029"), max_size=20
)


@settings(deadline=None)
@given(number=identity_numbers(), before=around, after=around, wide=st.booleans())
def test_a_valid_identity_number_is_caught_in_any_text_and_any_answer(
    number: str, before: str, after: str, wide: bool
) -> None:
    if not is_identity_number(number):  # by chance it is a credit code as well
        return
    shown = number.translate(WIDE) if wide else number
    after = after.lstrip("xX×Ｘｘ") if not number.endswith("X") else after
    text = f"{before}{shown}{after}"
    assert find_personal_number(text) == "identity"
    pages = [
        f"<p>{html.escape(text)}</p>",
        json.dumps({"a": text}),
        json.dumps({"a": text}, ensure_ascii=False),
    ]
    pages += [
        f"<p>{html.escape(before)}{''.join(f'&#{ord(sign)};' for sign in shown)}</p>",
        f'甲,"{text}",乙',
    ]
    for page in pages:
        assert ("identity", number) in find_in_bytes(page.encode("utf-8", "ignore")), page
    assert number not in mask_personal_numbers(text)


@pytest.mark.parametrize(
    "page",
    [
        f"身份证号：{OLD}",
        f"<td>证件号</td><td>{OLD}</td>",
        "138&nbsp;0013&#45;8000",
        "138&#8203;00138000",
        '<a href="/agencies?q=138%200013%208000">',
        '<a href="/agencies?q=%31%33800138000">',
        '{"q":"\\u00313800138000"}',
    ],
)
def test_an_answer_hides_a_number_behind_no_way_of_writing_it(page: str) -> None:
    assert find_in_bytes(page.encode())


@pytest.mark.parametrize(
    "typed",
    [r"\u00313800138000", "&#49;3800138000", "138&nbsp;0013&nbsp;8000", "%31%33800138000",
     r"\\u00313800138000", r"\&#117;00313800138000", r"\ud800\u00313800138000"],
)  # fmt: skip
def test_what_would_hold_a_page_back_is_refused_at_entry_and_masked_on_its_way(typed: str) -> None:
    assert find_personal_number(f"承诺{typed}。") == "mobile"
    masked = mask_personal_numbers(f"承诺{typed}。")
    masked.encode()
    for page in (f"<p>{html.escape(masked)}</p>", json.dumps({"a": masked}, ensure_ascii=False), masked):
        assert find_in_bytes(page.encode()) == []


@settings(deadline=None)
@given(
    text=st.lists(
        st.sampled_from(
            [
                *"0138&#;%\\ux '\"",
                "&#49;",
                "%31",
                "&amp;",
                "&#117;",
                "\\u0031",
                "800138000",
                "3800138000",
                MOBILE,
            ]
        ),
        max_size=8,
    ).map("".join)
)
def test_no_text_that_was_taken_holds_a_page_back(text: str) -> None:
    taken = text if find_personal_number(text) is None else mask_personal_numbers(text)
    other = "\\u003c &nbsp; 100%25"  # signs that make the gate read the rest in all ways
    for page in (
        f"<p>{html.escape(taken)}</p> {other}",
        json.dumps({"a": taken, "b": other}, ensure_ascii=False),
        json.dumps({"a": taken}),
    ):
        assert find_in_bytes(page.encode()) == [], page


@settings(deadline=None, max_examples=500)
@given(
    text=st.lists(
        st.sampled_from(
            [*"0123456789Xx -._/()１８（）－·\u200b\u3000\u00a0\u2011甲a,", MOBILE, IDENTITY, "0533",
             "2345678", "身份证", OLD, "138", "0013", "110105", "1949", "1231"]
        ),
        max_size=14,
    ).map("".join)
)  # fmt: skip
def test_the_quick_look_misses_nothing(text: str) -> None:
    if any(len(number.digits) != 15 for number in find_personal_numbers(text)):
        assert may_hold_personal_number(text.encode())


@settings(deadline=None, max_examples=300)
@given(
    codes=st.lists(credit_codes(), min_size=1, max_size=8),
    between=st.sampled_from([",", "\n", "</td><td>", '","']),
)
def test_a_credit_code_is_never_caught(codes: list[str], between: str) -> None:
    assert find_in_bytes(between.join(codes).encode()) == []


@settings(deadline=None)
@given(data=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20))
def test_digests_are_never_caught(data: list[bytes]) -> None:
    assert find_in_bytes("\n".join(part.hex() for part in data).encode()) == []


def test_the_place_of_a_unit_in_a_late_draw_of_the_year_is_no_telephone_number():
    for number in range(1, 200):
        assert find_personal_number(f'{{"subject":"3703-2026-{number:03d}/91370302MA00000001"}}') is None
