"""Every English template that people may see, found by reading the source: for the catalogue tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[1]


def python_templates(path: Path) -> Iterator[str]:
    """Templates in one Python file.

    ``msgid("…")``; the second argument of an error, of ``super().__init__`` of an error and of
    whatever makes a fault; the second of ``translate``; any ``template="…"``.
    """
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = _called_name(node.func)
        yield from (_texts([k.value for k in node.keywords if k.arg == "template"]))
        if name == "msgid":
            yield from _texts(node.args[:1])
        elif name == "translate" or (name == "__init__" and len(node.args) > 1):
            yield from _texts(node.args[1:2])
        elif name.endswith("Error") or "fault" in name.lower():
            yield from _texts_after_code(node.args)


def jinja_templates(path: Path) -> Iterator[str]:
    """Templates in the calls of ``_`` of one Jinja file."""
    tree = Environment(autoescape=True).parse(path.read_text("utf-8"))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "_" and call.args:
            first = call.args[0]
            if isinstance(first, nodes.Const):
                yield str(first.value)


def all_templates() -> dict[str, set[str]]:
    """File to templates, for the whole product."""
    found: dict[str, set[str]] = {}
    for package in ("agency_credit", "admin", "seeds"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix == ".py" and "piccolo_migrations" not in path.parts:
                found[str(path.relative_to(ROOT))] = set(python_templates(path))
            elif path.suffix in (".html", ".csv") and "templates" in path.parts:
                found[str(path.relative_to(ROOT))] = set(jinja_templates(path))
    return found


def all_words() -> set[str]:
    """Every string that stands in the source of the product, whatever it is for."""
    words: set[str] = set()
    for package in ("agency_credit", "admin", "seeds"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix == ".py":
                tree = ast.walk(ast.parse(path.read_text("utf-8")))
                words |= {
                    node.value
                    for node in tree
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                }
            elif path.suffix in (".html", ".csv") and "templates" in path.parts:
                found = Environment(autoescape=True).parse(path.read_text("utf-8")).find_all(nodes.Const)
                words |= {str(node.value) for node in found}
    return words


def _called_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _texts(values: list[ast.expr]) -> Iterator[str]:
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, ast.IfExp):
            yield from _texts([value.body, value.orelse])


def _texts_after_code(arguments: list[ast.expr]) -> Iterator[str]:
    """The template follows the dotted code, wherever that stands."""
    for code, template in pairwise(arguments):
        if isinstance(code, ast.Constant) and isinstance(code.value, str) and "." in code.value:
            yield from (text for text in _texts([template]) if " " in text)
