"""The one Jinja environment, for the public pages and for the console in `admin`.

Templates see ``_("English template", name=value)``, ``url("/draws/{draw}", draw=…)``,
``label("step", "drawn")``, ``field_label("plan.title")``, ``tell(faults)``, ``language()``,
``switch_url()``, the filters ``day``, ``instant``, ``points``, ``millipoints`` and ``share``, and
``request.state.actor`` and ``.csrf_token``; of what both rooms show ``course_charts(distribution)``,
``timeline_chart(outlook, today)``, ``tell_time(outlook)``, ``tell_repairs(outlook)``,
``tell_what_if(outlook, made)``, ``tell_line(line, pack)`` and ``record_choices(outlook)``. Macros are
imported ``with context``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig
from markupsafe import Markup

from agency_credit.domain.errors import AgencyCreditError, Fault
from agency_credit.domain.points import format_points
from agency_credit.services.supervision import format_share
from agency_credit.web.distribution import course_charts
from agency_credit.web.i18n import (
    Language,
    format_date,
    format_instant,
    translate,
    translate_error,
)
from agency_credit.web.labels import LABELS
from agency_credit.web.outermost import LANGUAGE_PREFIX
from agency_credit.web.outlook import (
    outlook_chart,
    record_choices,
    tell_line,
    tell_repairs,
    tell_time,
    tell_what_if,
)
from agency_credit.web.tables import format_row

TEMPLATES = Path(__file__).parent / "templates"


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """Templates of the public pages first, then those of the console."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(make_environment()))


def make_environment() -> Environment:
    """Jinja, escaping everything, refusing undefined names."""
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, *_console_templates()]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _=_gettext,
        url=_url,
        label=_label,
        field_label=_field_label,
        tell=_tell,
        language=_language,
        switch_url=_switch_url,
        has_fictional_pack=_has_fictional_pack,
        fork=_fork,
        course_charts=course_charts,
        timeline_chart=_in_language(outlook_chart),
        tell_line=_in_language(tell_line),
        tell_time=_in_language(tell_time),
        tell_repairs=_in_language(tell_repairs),
        tell_what_if=_in_language(tell_what_if),
        record_choices=_in_language(record_choices),
    )
    environment.filters.update(
        day=_day,
        instant=_instant,
        points=_points,
        millipoints=_millipoints,
        share=format_share,
        csv_row=_csv_row,
        shell=_shell,
    )
    return environment


def language_of(request: Request[Any, Any, Any]) -> Language:
    """The language that the path of this request asks for."""
    language: Language = request.scope["state"].get("language", "zh")
    return language


def render(name: str, /, *, status_code: int = 200, **context: object) -> Template:
    """A page of this site: the template `name` with `context`."""
    return Template(name, context={"is_fictional": False, **context}, status_code=status_code)


def localise(language: Language, path: str, **segments: str) -> str:
    """`path` with its ``{places}`` filled by quoted `segments`, below ``/en`` for English."""
    filled = path.format(**{name: quote(str(value), safe="") for name, value in segments.items()})
    return (LANGUAGE_PREFIX if language == "en" else "") + filled


def _console_templates() -> list[Path]:
    spec = find_spec("admin")
    return [Path(folder) / "templates" for folder in (spec and spec.submodule_search_locations) or ()]


def _of(context: Context) -> Request[Any, Any, Any]:
    request: Request[Any, Any, Any] = context["request"]
    return request


@pass_context
def _has_fictional_pack(context: Context) -> bool:
    # An office that rates by made-up points says so on every page, those of the console and errors included.
    office = getattr(context["request"].app.state, "office", None)
    return office is not None and office.shelf.has_fictional


@pass_context
def _fork(context: Context) -> str:
    """Why the office is read-only, for the top of every page; "" where it is not."""
    office = getattr(context["request"].app.state, "office", None)
    found = office.log_state.fork if office is not None else None
    return translate_error(language_of(_of(context)), found) if found else ""


@pass_context
def _gettext(context: Context, template: str, /, **params: object) -> str:
    return translate(language_of(_of(context)), template, **params)


@pass_context
def _label(context: Context, kind: str, value: str, /) -> str:
    return translate(language_of(_of(context)), LABELS[kind].get(value, "{value}"), value=value)


@pass_context
def _field_label(context: Context, name: str, /) -> str:
    """What a field is called; ``event-0``, in the first of several rows, has its number; "" for none."""
    stem, _, row = name.rpartition("-")
    template = LABELS["field"].get(stem if row.isdecimal() else name)
    if template is None:
        return ""
    language = language_of(_of(context))
    label = translate(language, template)
    return translate(language, "{field}, row {n}", field=label, n=int(row) + 1) if row.isdecimal() else label


class _Told(dict[str, str]):
    """Messages by field; a field without fault has an empty one."""

    def __missing__(self, field: str) -> str:
        return ""


@pass_context
def _tell(context: Context, faults: Iterable[tuple[str, AgencyCreditError | Fault]], /) -> Mapping[str, str]:
    """What is wrong with each field of a form, several faults of one field in one message."""
    language = language_of(_of(context))
    told = _Told()
    for field, error in faults:
        message = translate_error(language, error)
        told[field] = (
            f"{told[field]}{'；' if language == 'zh' else '; '}{message}" if told[field] else message
        )
    return told


@pass_context
def _language(context: Context) -> Language:
    return language_of(_of(context))


def _in_language(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with the language of the page for its last argument."""

    @pass_context
    def call(context: Context, *arguments: object) -> Any:
        return function(*arguments, language_of(_of(context)))

    return call


@pass_context
def _url(context: Context, path: str, query: Mapping[str, object] | None = None, **segments: str) -> str:
    given = {key: value for key, value in (query or {}).items() if value not in (None, "")}
    return localise(language_of(_of(context)), path, **segments) + (f"?{urlencode(given)}" if given else "")


@pass_context
def _switch_url(context: Context) -> str:
    """This very page in the other language."""
    request = _of(context)
    other: Language = "zh" if language_of(request) == "en" else "en"
    path = "/" + quote(request.scope["path"]).lstrip("/")  # "//host" would leave the site
    query = request.scope["query_string"].decode("latin-1")
    return (LANGUAGE_PREFIX if other == "en" else "") + path + (f"?{query}" if query else "")


@pass_context
def _day(context: Context, value: date | None) -> str:
    return format_date(language_of(_of(context)), value)


@pass_context
def _instant(context: Context, value: datetime | None) -> str:
    return format_instant(language_of(_of(context)), value)


def _points(value: str) -> str:
    """A decimal string of points with a true minus sign."""
    return value.replace("-", "−")


def _millipoints(value: int) -> str:
    """Thousandths of a point as a decimal with a true minus sign."""
    return _points(format_points(value))


def _csv_row(cells: Iterable[object]) -> Markup:
    """A line of a CSV file, which no browser reads as a page."""
    return Markup(format_row(cells))  # noqa: S704


def _shell(value: str) -> str:
    """`value` for a place between apostrophes in a command: an identifier may hold one itself."""
    return value.replace("'", "'\\''")
