"""Charts: where things are drawn, and that the macros need no inline style and escape what they show."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import combinations
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.citation import Provenance, Status
from agency_credit.domain.tier import Tier
from agency_credit.web.chart import (
    BOTTOM,
    LEAST_GAP,
    LEFT,
    RIGHT,
    TOP,
    ChartMoment,
    Column,
    score_chart,
    stacked_chart,
    tone_of,
)
from agency_credit.web.templating import make_environment

SOURCE = Provenance(status=Status.UNVERIFIED, source="test")
BOUNDS = (
    ("A+", 100001, None),
    ("A", 90000, 100001),
    ("B", 80000, 90000),
    ("C", 60000, 80000),
    ("D", None, 60000),
)
BANDS = tuple(
    Tier(name=name, from_millipoints=low, below_millipoints=high, provenance=SOURCE)
    for name, low, high in BOUNDS
)
START = date(2025, 1, 1)


def moment(n_days, score, tier="A", **more):
    return ChartMoment(on=START + timedelta(n_days), score=score, tier=tier, bands=BANDS, **more)


def show(call: str, language="zh", **values: object) -> str:
    request = SimpleNamespace(scope={"state": {"language": language}, "path": "/", "query_string": b""})
    template = '{% import "chart.html" as chart with context %}{{ ' + call + " }}"
    return make_environment().from_string(template).render(request=request, **values)


def svg_of(html: str) -> ET.Element:
    return ET.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])


def test_the_line_goes_in_steps_and_breaks_off_where_there_is_no_rating():
    gap = ChartMoment(on=START + timedelta(50), score=None, tier=None)
    chart = score_chart(
        [moment(0, 100000), moment(25, 80000), gap, moment(75, 90000)], START + timedelta(100)
    )
    quarter = (RIGHT - LEFT) / 4
    x = [round(LEFT + quarter * n, 1) for n in range(5)]
    high, middle, low = (dot.y for dot in (chart.dots[0], chart.dots[2], chart.dots[1]))
    assert high < middle < low
    assert chart.path == f"M{x[0]} {high} H{x[1]} V{low} H{x[2]} M{x[3]} {middle} H{x[4]}"
    assert [(box.x, box.width) for box in chart.gaps] == [(x[2], quarter)]
    assert (chart.forecast, chart.today) == ("", None)


def test_what_comes_after_today_is_drawn_by_itself():
    moments = [moment(0, 100000), moment(50, 80000), moment(75, 100000)]
    chart = score_chart(moments, START + timedelta(100), today=START + timedelta(60))
    assert chart.path.endswith(f"V{chart.dots[1].y} H{chart.today}")
    assert chart.forecast == (
        f"M{chart.today} {chart.dots[1].y} H{chart.dots[2].x} V{chart.dots[2].y} H{float(RIGHT)}"
    )
    on_a_moment = score_chart(moments, START + timedelta(100), today=START + timedelta(50))
    assert on_a_moment.path.endswith(f"V{chart.dots[1].y} H{chart.dots[1].x}")
    assert on_a_moment.forecast.startswith(f"M{chart.dots[1].x} {chart.dots[1].y} H")


def test_bands_lie_on_each_other_without_gap_and_the_scale_names_their_bounds():
    chart = score_chart([moment(0, 85000, "B")], START + timedelta(10))
    assert [box.name for box in chart.bands] == ["A+", "A", "B", "C", "D"]
    for upper, lower in zip(chart.bands, chart.bands[1:], strict=False):
        assert upper.y + upper.height == pytest.approx(lower.y, abs=0.11)
    assert chart.bands[0].y == TOP
    assert chart.bands[-1].y + chart.bands[-1].height == pytest.approx(BOTTOM, abs=0.11)
    assert {"60", "80", "90", "100"} <= {tick.text for tick in chart.scores}
    assert {tick.text for tick in chart.tiers} == {"A+", "A", "B", "C", "D"}
    assert {box.tone for box in chart.bands} == {"a-plus", "a", "b", "c", "d"}


def test_another_pack_begins_other_bands():
    two = (BANDS[0], Tier(name="low", from_millipoints=None, below_millipoints=100001, provenance=SOURCE))
    moments = [moment(0, 90000), ChartMoment(on=START + timedelta(50), score=90000, tier="low", bands=two)]
    chart = score_chart(moments, START + timedelta(100))
    assert [(box.name, box.x) for box in chart.bands][-2:] == [("A+", 365.0), ("low", 365.0)]
    assert (tone_of("low", 1), tone_of("lowest", 9), tone_of("C", 0)) == ("a", "d", "c")


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4000), st.none() | st.integers(-300_000, 130_000)), min_size=1, max_size=30
    ),
    st.integers(0, 500),
    st.none() | st.integers(-10, 5000),
)
def test_everything_is_drawn_inside_and_words_do_not_touch(points, more, today):
    days = sorted(dict(points).items())
    chart = score_chart(
        [moment(n, score, "A") for n, score in days],
        START + timedelta(days[-1][0] + more),
        today=None if today is None else START + timedelta(today),
    )
    numbers = [float(n) for path in (chart.path, chart.forecast) for n in re.findall(r"[-\d.]+", path)]
    assert all(TOP <= n <= RIGHT for n in numbers)
    for box in (*chart.bands, *chart.gaps):
        assert LEFT <= box.x <= box.x + box.width <= RIGHT + 0.11
        assert TOP <= box.y <= box.y + box.height <= BOTTOM + 0.11
        assert box.width >= 0
        assert box.height >= 0
    for ticks in (chart.scores, chart.tiers):
        for one, other in combinations([tick for tick in ticks if not tick.is_minor], 2):
            assert abs(one.at - other.at) >= LEAST_GAP - 0.11
    assert 2 <= len(chart.days) <= 7 or not any(tick.is_minor for tick in chart.days)


def test_bars_are_as_high_as_their_numbers():
    columns = [Column(label="2026-01", counts={"A": 30, "D": 10}), Column(label="2026-02", counts={"A": 20})]
    chart = stacked_chart(columns, ["A+", "A", "D"])
    assert [(box.name, box.n) for box in chart.boxes] == [("D", 10), ("A", 30), ("A", 20)]
    d, a, second = chart.boxes
    assert a.height == pytest.approx(3 * d.height, abs=0.2)
    assert a.y + a.height == pytest.approx(d.y, abs=0.2)
    assert second.height == pytest.approx(2 * d.height, abs=0.2)
    assert [tick.text for tick in chart.numbers] == ["0", "10", "20", "30", "40"]


def test_no_column_and_nothing_but_noughts_can_be_drawn():
    assert stacked_chart([], ["A"]).boxes == ()
    assert stacked_chart([Column(label="2026-01", counts={})], ["A"]).boxes == ()


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "2025年1月1日：100 分，信用等级 A"), ("en", "1 January 2025: 100 points")]
)
def test_the_macro_draws_an_image_with_a_name_and_the_table_holds_the_same(language, said):
    sentences = ("<script>alert(1)</script>", "2025-01-11 警告：-8")
    moments = [moment(0, 100000), moment(10, 92000, sentences=sentences)]
    chart = score_chart(moments, START + timedelta(100), today=START + timedelta(50))
    html = show('chart.score_chart(it, "one", "得分")', language, it=chart)
    svg = svg_of(html)
    space = "{http://www.w3.org/2000/svg}"
    assert svg.get("role") == "img"
    ids = {element.get("id"): element.text for element in svg}
    assert next(ids[name] for name in svg.get("aria-labelledby", "").split()) == "得分"
    titles = [dot.findtext(f"{space}title") for dot in svg.iter(f"{space}circle")]
    assert titles[0].startswith(said)
    assert "<script>alert(1)</script>" in titles[1]  # as text: the parser has undone what was escaped
    assert "<script" not in html
    assert "style=" not in html
    assert html.count("<tr>") == 3
    assert "2025-01-11 警告：-8" in html[html.index("<table") :]


def test_the_macro_of_bars_draws_a_legend_and_the_table():
    chart = stacked_chart([Column(label="2026-01", counts={"A": 30, "D": 10})], ["A", "D"])
    html = show('chart.stacked_chart(it, "bars", "等级分布", "月份")', it=chart)
    assert [rect.get("class") for rect in svg_of(html).iter("{http://www.w3.org/2000/svg}rect")] == [
        "bar-d",
        "bar-a",
    ]
    assert html.count("<li>") == 2
    assert '<td data-label="D" class="number">10</td>' in html
    assert "style=" not in html
