"""Whatever people may read has its Chinese."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from agency_credit.web.i18n import LOCALE, load_catalogue
from agency_credit.web.labels import LABELS
from tests.messages import all_templates, all_words

ROOT = Path(__file__).parents[2]
_ACTION = re.compile(r'(?:operation|append_audit)\(\s*office, \w+, "([a-z.-]+)"')


@pytest.fixture(scope="module")
def words():
    """All that the sources say."""
    return all_words()


def _places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_every_template_has_its_chinese():
    catalogue = load_catalogue()
    missing = {
        file: sorted(template for template in templates if not catalogue.get(template))
        for file, templates in all_templates().items()
    }
    missing = {file: templates for file, templates in missing.items() if templates}
    assert not missing, "\n".join(
        f"{file}: {template}" for file, templates in missing.items() for template in templates
    )


def test_the_chinese_has_the_places_of_its_template():
    wrong = [
        template for template, chinese in load_catalogue().items() if _places(template) != _places(chinese)
    ]
    assert not wrong


@pytest.mark.parametrize("path", sorted(LOCALE.glob("*.po")), ids=lambda path: path.name)
def test_a_catalogue_holds_nothing_empty_or_fuzzy(path):
    with path.open("rb") as file:
        messages = [message for message in read_po(file, locale="zh", abort_invalid=True) if message.id]
    assert messages
    assert [message.id for message in messages if not message.string or message.fuzzy] == []


@pytest.mark.parametrize("path", sorted(LOCALE.glob("*.po")), ids=lambda path: path.name)
def test_a_catalogue_holds_nothing_that_no_source_says(path, words):
    with path.open("rb") as file:
        unused = [
            message.id for message in read_po(file, locale="zh") if message.id and message.id not in words
        ]
    assert unused == []


def test_rooms_do_not_translate_the_same_template_differently():
    seen: dict[str, tuple[str, str]] = {}
    for path in sorted(LOCALE.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh"):
                if message.id:
                    first = seen.setdefault(message.id, (path.name, message.string))
                    assert first[1] == message.string, f"{message.id!r} in {first[0]} and {path.name}"


def test_every_action_of_the_audit_lines_has_a_word():
    sources = [
        path.read_text() for folder in ("agency_credit", "admin") for path in (ROOT / folder).rglob("*.py")
    ]
    actions = {name for text in sources for name in _ACTION.findall(text)}
    assert len(actions) > 15
    assert actions - set(LABELS["action"]) == set()
