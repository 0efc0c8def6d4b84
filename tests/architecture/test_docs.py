"""What the documents say is so: commands, paths, addresses, signatures, answers, sizes."""

from __future__ import annotations

import ast
import inspect
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import click
import pytest
from litestar.routes import HTTPRoute

from agency_credit import sampling, scoring, verification
from agency_credit.app import create_app
from agency_credit.cli import import_, root, run
from agency_credit.domain.errors import Fault
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.tier import RatingSubject
from agency_credit.services.import_file import ImportReport
from agency_credit.services.rule_packs import load_rule_packs
from agency_credit.settings import Settings

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
INTERFACES = (ROOT / "docs" / "spec" / "interfaces.md").read_text("utf-8")
DOCUMENTS = sorted(
    [
        README,
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / folder / "README.md" for folder in ("tests", "seeds", "benchmarks")),
    ]
)
AT_RUN_TIME = {
    "keys/checkpoint",
    "keys/log.json",
    "keys/secret.json",
    "keys/",
    "bundles/",
    "agency-credit.log/",
}
"""Below the data folder, not in the repository; and the first part of the name of a log."""
GENERATED = "piccolo_migrations"
CASE = ROOT / "tests" / "vectors" / "double-random-1" / "case-001"

all_documents = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


@cache
def commands() -> dict[str, click.Command]:
    """Every command that does something, by its words: ``draw compute``."""
    assert isinstance(root, click.Group)
    found: dict[str, click.Command] = {}
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if isinstance(command, click.Group):
            found |= {f"{name} {sub}": inner for sub, inner in command.commands.items()}
        elif command is not None:
            found[name] = command
    return found


def options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


def section(text: str, title: str) -> str:
    """What stands under a heading, to the next of its level."""
    return text.partition(f"\n## {title}")[2].partition("\n## ")[0]


def codes(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of all Markdown tables of `text`."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


# --- commands -----------------------------------------------------------------------------------------


@all_documents
def test_every_command_that_is_named_exists(document: Path) -> None:
    known = commands()
    firsts = {name.split()[0] for name in known}
    for line in re.findall(r"\bagency-credit ([a-z][^`\n]*)", document.read_text("utf-8")):
        words = line.split()
        if not re.fullmatch("[a-z]+", words[0]):
            continue
        assert words[0] in firsts, line
        name = words[0] if words[0] in known else " ".join(words[:2])
        assert name in known, line
        assert set(re.findall(r"(?<!\S)--[a-z-]+", line.partition("#")[0])) <= options(known[name]), line


def test_the_interfaces_list_every_command_with_all_its_options() -> None:
    listed: dict[str, set[str]] = {}
    for cells in rows(section(INTERFACES, "Command line"))[1:]:
        for usage in codes(cells[0]):
            name = " ".join(re.match(r"[a-z]+( [a-z-]+)?", usage)[0].split())  # type: ignore[index]
            listed[name] = set(re.findall(r"--[a-z-]+", usage))
    assert listed == {name: options(command) for name, command in commands().items()}


def test_the_readme_and_the_makefile_name_the_same_commands() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", README.read_text("utf-8"), re.MULTILINE))
    assert named == {"demo", "test"}
    for document in DOCUMENTS:
        assert set(re.findall(r"`make ([a-z]+)", document.read_text("utf-8"))) | named <= targets


# --- paths --------------------------------------------------------------------------------------------


def named_paths(text: str) -> Iterator[str]:
    """Links, and what is set as code and looks like a path of ours: ``a/b.py``, ``folder/``."""
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            yield target
    for code in codes(text):
        if re.fullmatch(r"[\w.-]+/([\w.-]+/)*([\w-]+\.(py|md|toml|html|css|json|po|png))?", code):
            yield code


@all_documents
def test_every_path_that_is_named_exists(document: Path) -> None:
    homes = (document.parent, ROOT, ROOT / "agency_credit", ROOT / "tests")
    named = set(named_paths(document.read_text("utf-8"))) - AT_RUN_TIME
    assert [path for path in sorted(named) if not any((home / path).exists() for home in homes)] == []


def test_the_tree_of_the_architecture_is_that_of_the_repository() -> None:
    block = section(ARCHITECTURE, "The tree").split("```")[1]
    folders: list[str] = []
    for line in block.strip().splitlines():
        drawn, name, text = re.match(r"([│├└─ ]*)(\S+)(.*)", line).groups()  # type: ignore[union-attr]
        del folders[len(drawn) // 4 :]
        folder = ROOT.joinpath(*folders)
        assert (folder / name).exists(), line
        folders.append(name)
        home = folder / name if (folder / name).is_dir() else folder
        missing = [file for file in re.findall(r"\b[a-z_]+\.py\b", text) if not (home / file).exists()]
        assert not missing, f"{name}: {missing}"


def test_the_tree_names_every_package() -> None:
    tree = section(ARCHITECTURE, "The tree")
    packages = {path.parent.name for path in (ROOT / "agency_credit").rglob("*.py")}
    assert {name for name in packages if f"{name}/" not in tree} == set()


@pytest.mark.parametrize("folder", ["agency_credit", "admin", "seeds", "tests", "benchmarks"])
def test_documents_that_the_source_refers_to_exist(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".toml")]
    named = {
        (path.name, found)
        for path in files
        for found in re.findall(r"\bdocs/(?:[\w-]+/)*[\w.-]*\w", path.read_text("utf-8"))
    }
    wrong = [
        (file, target)
        for file, target in named - {(Path(__file__).name, target) for _, target in named}
        if not (ROOT / target).exists() and not list((ROOT / target).parent.glob(f"{Path(target).name}-*"))
    ]
    assert wrong == []


@pytest.mark.parametrize("record", sorted((ROOT / "docs" / "adr").glob("[0-9]*.md")), ids=lambda p: p.stem)
def test_decision_records_are_short_and_indexed(record: Path) -> None:
    lines = record.read_text("utf-8").splitlines()
    assert lines[0].startswith(f"# {record.name[:4]} ")
    assert len(lines) <= 40
    assert f"[{record.name[:4]}]({record.name})" in (record.parent / "README.md").read_text("utf-8")


@all_documents
def test_no_document_names_a_machine_or_a_registry(document: Path) -> None:
    forbidden = r"/work/|/root/|/home/|/tmp/|\.\./shared|\b(pypi|registry|proxy)\.[a-z]"
    assert re.findall(forbidden, document.read_text("utf-8")) == []


# --- addresses ----------------------------------------------------------------------------------------


@cache
def routes() -> set[tuple[str, str]]:
    """Method and address of every route, without OPTIONS."""
    app = create_app(Settings(data=Path("unused")))
    served = [route for route in app.routes if isinstance(route, HTTPRoute)]
    return {
        (method, re.sub(r":\w+}", "}", route.path_format))
        for route in served
        for method in route.methods - {"OPTIONS", "HEAD"}
    }


def test_the_interfaces_list_every_address_and_no_other() -> None:
    listed = {
        (method, path) for method, path in re.findall(r"`([A-Z]+) (/[^`]*)`", section(INTERFACES, "HTTP"))
    }
    beside = {
        ("GET", code) for code in codes(section(INTERFACES, "HTTP")) if re.search(r"\.(json|csv|py)$", code)
    }
    not_ours = ("/activate/", "/admin", "/desk", "/static", "/api/v1/openapi.json/")
    assert listed | {pair for pair in beside if pair[1].startswith("/")} == {
        pair for pair in routes() if not pair[1].startswith(not_ours)
    }


@all_documents
def test_every_page_of_the_office_that_is_named_exists(document: Path) -> None:
    known = {path for _, path in routes()} | {"/admin/reference"}
    named = {code for code in codes(document.read_text("utf-8")) if code.startswith("/admin")}
    assert named <= known


# --- Python and answers -------------------------------------------------------------------------------


def test_the_functions_of_the_interfaces_have_these_signatures() -> None:
    block = section(INTERFACES, "Python").split("```python")[1].split("```")[0]
    tree = ast.parse(block)
    imported = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    stated = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(stated) == imported
    for name, node in stated.items():
        home = next(module for module in (sampling, scoring, verification) if hasattr(module, name))
        real = ast.parse(inspect.getsource(getattr(home, name))).body[0]
        assert isinstance(real, ast.FunctionDef)
        assert ast.unparse(node.args) == ast.unparse(real.args), name
        assert ast.unparse(node.returns) == ast.unparse(real.returns), name  # type: ignore[arg-type]


def stated_keys(answer: str) -> list[set[str]]:
    """The keys that the interfaces list for an answer, and those of the rows below it."""
    found: list[set[str]] = []
    for cells in rows(section(INTERFACES, "Machine-readable answers"))[1:]:
        if cells[0].startswith("`"):
            if found:
                return found
            if f"`{answer}`" not in cells[0]:
                continue
        elif not found:
            continue
        found.append(set(codes(cells[1])))
    return found


def test_a_rule_pack_answers_with_these_keys() -> None:
    whole, band, clause = stated_keys("rules show")
    for pack in load_rule_packs():
        answer = scoring.rule_pack_answer(pack)
        assert set(answer) == whole
        assert {frozenset(item) for item in answer["bands"]} == {frozenset(band)}  # type: ignore[union-attr,arg-type]
        assert {frozenset(item) for item in answer["clauses"]} == {frozenset(clause)}  # type: ignore[union-attr,arg-type]


def test_a_score_answers_with_these_keys() -> None:
    day = date(2026, 3, 1)
    pack = scoring.rule_pack_in_force(load_rule_packs(), RatingSubject.PATENT_AGENCY, day)
    record = CreditRecord(
        record_id="1", subject="A", kind="未知", decided_on=day, document="", authority="", summary=""
    )
    answer = scoring.ledger_answer("A", scoring.score_ledger([record], pack, day), pack)
    whole, line = stated_keys("score")
    assert set(answer) == whole
    assert set(answer["lines"][0]) == line  # type: ignore[index,arg-type]


def test_an_outlook_answers_with_these_keys() -> None:
    day = date(2026, 3, 1)
    pack = scoring.rule_pack_in_force(load_rule_packs(), RatingSubject.PATENT_AGENCY, day)
    record = CreditRecord(record_id="1", subject="A", kind="人均代理量明显高于正常水平", decided_on=day)
    answer = scoring.outlook_answer(
        "A",
        scoring.score_ledger([record], pack, day),
        pack,
        scoring.expiries([record], [pack], day),
        scoring.smallest_repairs([record], pack, day),
    )
    whole, moment, move, plan, repair = stated_keys("score --outlook")
    assert set(answer) == whole
    first, reached = answer["expiries"][0], answer["repairs"][0]  # type: ignore[index]
    assert set(first) == moment  # type: ignore[arg-type]
    assert set(first["moves"][0]) == move  # type: ignore[index,call-overload,arg-type]
    assert set(reached) == plan  # type: ignore[arg-type]
    assert set(reached["records"][0]) == repair  # type: ignore[index,call-overload,arg-type]


def test_an_import_answers_with_these_keys() -> None:
    report = ImportReport(new=0, changed=0, same=0, repeated=0, faults=(), outcomes=(), is_committed=False)
    whole, fault = stated_keys("import")
    assert whole == {*report.counts(), "faults"}
    assert set(import_._fault_row(Fault(at="2", code="import.x", template="x"))) == fault


def test_a_rehearsal_answers_with_these_keys(capsys: pytest.CaptureFixture[str]) -> None:
    names = {"plan": "json", "targets": "jsonl", "inspectors": "jsonl", "recusals": "jsonl"}
    files = [f"--{name}={CASE / name}.{suffix}" for name, suffix in names.items()]
    assert run(["draw", "rehearse", *files, "--times", "1", "--format", "json"]) == 0
    assert [set(json.loads(capsys.readouterr().out))] == stated_keys("draw rehearse")


def test_a_verification_answers_with_these_keys(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    false = shutil.copytree(CASE, tmp_path / "false")
    (false / "result.json").write_bytes(b"{}")
    assert run(["verify", str(false), "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [set(answer), set(answer["faults"][0])] == stated_keys("verify")


# --- sizes --------------------------------------------------------------------------------------------


def test_no_file_and_no_function_is_longer_than_the_architecture_allows() -> None:
    file_limit, function_limit = map(int, re.findall(r"never over (\d+)", section(ARCHITECTURE, "Sizes")))
    for folder in ("agency_credit", "admin", "seeds", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text("utf-8")
            if GENERATED in path.parts:
                continue
            assert source.count("\n") <= file_limit, path
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
                    assert node.end_lineno - node.lineno < function_limit, f"{path}: {node.name}"


def test_the_verifier_is_as_short_as_the_readme_says() -> None:
    assert "单个文件，不超过三百行" in README.read_text("utf-8")
    verifier = ROOT / "agency_credit" / "verification" / "verify_draw.py"
    assert verifier.read_text("utf-8").count("\n") <= 300
    assert verifier.with_name("verify_rating.py").read_text("utf-8").count("\n") <= 350
