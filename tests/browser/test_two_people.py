"""Two people take the messy lists of an office to a published, verified result, by clicking alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import SECURITY, Visitor
from tests.browser.people import Look, add_person, go_to, go_to_desk, import_list, log_in, save
from tests.site import Site

VERIFIER = Path(__file__).parents[2] / "agency_credit" / "verification" / "verify_draw.py"


def test_two_people_take_workbooks_to_a_published_and_verified_result(
    site: Site, visitor: Visitor, look_at: Look, tmp_path: Path
) -> None:
    administrator, drafter, approver = visitor(), visitor(), visitor()
    open_accounts(administrator, look_at)
    log_in(drafter, "zhangwei")
    log_in(approver, "lina")
    fill_registers(drafter, approver, look_at)
    n_inspectors = open_inspectors_accounts(administrator)
    draft(drafter, look_at)
    approve(approver, look_at)
    site.move_to(days=3)
    log_in_again(drafter, "zhangwei")
    enter_values_and_draw(drafter, look_at)
    site.move_to(days=3, hours=1)
    inspect(visitor, n_inspectors, look_at)
    confirm_all(visitor, n_inspectors, look_at)
    log_in_again(approver, "lina")
    review_all(approver, look_at)
    publish(approver, look_at)
    verify(visitor(), tmp_path, look_at)


def open_accounts(page: Page, look: Look) -> None:
    page.goto("/admin")
    look(page, "login")
    log_in(page, SECURITY)
    add_person(page, "zhangwei", "张伟", "起草人")
    add_person(page, "lina", "李娜", "批准人", "公布人")
    look(page, "people")


def fill_registers(drafter: Page, approver: Page, look: Look) -> None:
    look(drafter, "desk-empty")
    import_list(drafter, "代理机构", "专利代理机构名录.xlsx", look, line="专利代理")
    look(drafter, "import-done")
    import_list(drafter, "代理机构", "商标代理机构备案名单.csv", look, line="商标代理")
    import_list(drafter, "信用信息", "信用信息归集.csv", look)
    import_list(drafter, "执法检查人员", "执法检查人员名录库.xlsx", look)
    import_list(drafter, "回避关系", "回避关系.xlsx", look)
    go_to(drafter, "信用评级")
    drafter.get_by_role("button", name="立即为全部机构评级").click()
    expect(drafter.get_by_text("项评级，其中新增或变化")).to_be_visible()
    look(drafter, "rating")
    go_to(approver, "回避关系")
    look(approver, "recusals")
    approver.get_by_role("button", name="批准全部 9 项").click()
    expect(approver.get_by_text("已批准 9 项回避关系。")).to_be_visible()


def open_inspectors_accounts(page: Page) -> int:
    go_to(page, "人员账号")
    names = page.get_by_label("执法检查人员", exact=False).last.locator("option").all_inner_texts()[1:]
    for number, name in enumerate(names, start=1):  # each account takes its inspector off the list
        add_person(page, f"jiancha{number}", name.split(" · ")[0], "执法检查人员", inspector=1)
    return len(names)


def draft(page: Page, look: Look) -> None:
    go_to_desk(page)
    page.get_by_role("button", name="起草新的抽查方案").click()
    look(page, "draft")
    page.get_by_role("link", name="抽查事项与依据").click()
    save(page)
    expect(page.get_by_role("alert").get_by_text("委托")).to_be_visible()
    look(page, "draft-what")
    page.get_by_label("委托文件").fill("鲁知委字〔2026〕12号")
    page.locator("#field-task").select_option("ad-hoc")
    page.get_by_label("计划外抽查的理由").fill("首次试行，年度计划尚未公布")
    save(page)
    look(page, "draft-frame")
    save(page)
    page.get_by_role("textbox", name=re.compile("：数量$")).first.fill("2")
    look(page, "draft-strata")
    save(page)
    look(page, "draft-teams")
    save(page)
    look(page, "draft-entropy")
    for number, (event, form) in enumerate(
        [
            ("福彩双色球第2026137期，中国福利彩票网公布", "ssq"),
            ("局大厅公开掷十面骰24次，局网站公布", "digits"),
        ]
    ):
        source = page.get_by_role("group", name=f"事件 {number + 1}")
        source.get_by_label("事件名称及结果公布渠道").fill(event)
        source.get_by_label("结果的书写形式").select_option(form)
        source.get_by_label("日期").fill("2026-11-26")
        source.get_by_label("时间（北京时间）").fill("21:15")
    save(page)
    expect(page.get_by_role("heading", name="核对", exact=True)).to_be_visible()
    look(page, "draft-check")
    page.get_by_role("checkbox", name="我已核对以上内容").check()
    page.get_by_role("button", name="公告本次抽查").click()
    expect(page.get_by_role("region", name="本次抽查的进展").get_by_text("由另一人批准")).to_be_visible()
    look(page, "draw-announced")


def approve(page: Page, look: Look) -> None:
    go_to_desk(page)
    look(page, "desk-approver")
    page.get_by_role("link", name="核对并批准抽查").click()
    look(page, "draw-approve")
    page.get_by_role("button", name="批准本次抽查").click()
    expect(page.get_by_text("已批准").first).to_be_visible()


def log_in_again(page: Page, username: str) -> None:
    """Three days later the session has ended; the page leads to the login."""
    log_in(page, username)


def enter_values_and_draw(page: Page, look: Look) -> None:
    page.get_by_role("link", name="录入随机值并抽取").click()
    look(page, "draw-values")
    lottery = page.get_by_role("group", name="福彩双色球")
    for number, ball in enumerate(("31", "07", "03", "12", "18", "25"), start=1):  # as they were drawn
        lottery.get_by_label(f"第 {number} 个号码，1 至 33").fill(ball)
    lottery.get_by_label("第 1 个号码，1 至 16").fill("17")
    lottery.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert").get_by_text("请填写 1 至 16 的号码")).to_be_visible()
    look(page, "draw-values-wrong")
    lottery.get_by_label("第 1 个号码，1 至 16").fill("9")
    lottery.get_by_role("button", name="保存").click()
    page.get_by_label("按产生的先后顺序填写数字").fill("27200 63823 27950 31253 1864")
    page.get_by_role("group", name="掷十面骰").get_by_role("button", name="保存").click()
    expect(page.get_by_text("抽取只进行一次").first).to_be_visible()
    expect(page.get_by_text("03 07 12 18 25 31 + 09")).to_be_visible()
    look(page, "draw-run")
    page.get_by_role("checkbox", name="我已将以上每一个数值与公布的结果核对无误").check()
    page.get_by_role("button", name="立即抽取").click()
    expect(page.get_by_role("heading", name="检查组与检查进展")).to_be_visible()
    look(page, "draw-drawn")


def inspect(visitor: Visitor, n_inspectors: int, look: Look) -> None:
    """Each inspector enters the results of his teams that nobody entered before him."""
    for number in range(1, n_inspectors + 1):
        page = visitor()
        log_in(page, f"jiancha{number}")
        while (task := page.get_by_role("link", name="检查并录入结果")).count():
            task.first.click()
            look(page, "inspection-enter")
            fill_record(page)
            page.get_by_role("button", name="提交记录").click()
            expect(page.get_by_text("待检查人员确认").first).to_be_visible()
            look(page, "inspection-entered")
            go_to_desk(page)
        page.context.close()


def fill_record(page: Page) -> None:
    page.get_by_label("检查日期").fill("2026-11-27")
    page.get_by_label("出示证件并告知权利的时间").fill("2026-11-27T08:00")
    page.get_by_label("检查地点").fill("机构登记的住所")
    page.get_by_role("checkbox", name="实地检查").check()
    for line in page.locator(".check-line").all():
        line.get_by_text("符合", exact=True).click()
    page.get_by_role("checkbox", name="未发现问题").check()


def confirm_all(visitor: Visitor, n_inspectors: int, look: Look) -> None:
    """Each member confirms what one of his team handed in."""
    for number in range(1, n_inspectors + 1):
        page = visitor()
        log_in(page, f"jiancha{number}")
        while (task := page.get_by_role("link", name="阅读并确认检查结果")).count():
            task.first.click()
            page.get_by_role("button", name="本人确认此记录").click()
            expect(page.get_by_role("button", name="本人确认此记录")).to_have_count(0)
            look(page, "inspection-confirmed")
            go_to_desk(page)
        page.context.close()


def review_all(page: Page, look: Look) -> None:
    look(page, "desk-reviews")
    while (task := page.get_by_role("link", name="复核检查结果")).count():
        task.first.click()
        look(page, "inspection-review")
        page.get_by_role("button", name="确认结果").click()
        expect(page.get_by_text("已复核").first).to_be_visible()
        go_to_desk(page)


def publish(page: Page, look: Look) -> None:
    page.get_by_role("link", name="公布抽查").click()
    look(page, "draw-publish")
    page.get_by_role("button", name="立即公布").click()
    expect(page.get_by_text("已全部办结")).to_be_visible()
    look(page, "draw-published")


def verify(page: Page, folder: Path, look: Look) -> None:
    """Somebody of the public fetches the files and checks them with the script that stands alone."""
    page.goto("/draws")
    page.get_by_role("main").get_by_role("link", name=re.compile("双随机|3703")).first.click()
    look(page, "public-draw")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="下载全部文件（zip）").click()
    bundle = folder / "bundle.zip"
    downloading.value.save_as(bundle)
    verdict = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(bundle)], capture_output=True, text=True, check=False
    )
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
