"""Reading rule files: from the wheel, and from a folder of the office."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.scoring import Instrument, RulePack, check_collection, find_overlaps, parse_rule_file


def load_rule_files(extra_folder: Path | None = None) -> tuple[Instrument, ...]:
    """All files that ship with the package, and those of `extra_folder` and the folders below it.

    A file of the extra folder takes the place of the shipped one with the same id: so an office that
    has the annex before it enters its values in a copy.

    Raises
    ------
    FaultsError
        Every fault of every file; files that overlap.
    InputError
        The extra folder is not there.
    """
    shipped, faults = _parse_all(read_shipped_rule_files())
    extra, extra_faults = _parse_all([] if extra_folder is None else _read_folder(extra_folder))
    replaced = {pack.id for pack in extra}
    packs = (*(pack for pack in shipped if pack.id not in replaced), *extra)
    faults += [*extra_faults, *find_overlaps(packs)]
    if faults:
        raise FaultsError("rules", tuple(faults))
    return packs


def load_folder(folder: Path) -> tuple[Instrument, ...]:
    """The rule files of a folder and of those below it, by themselves.

    Raises
    ------
    FaultsError
        Every fault of every file; files that overlap.
    InputError
        The folder is not there.
    """
    files, faults = _parse_all(_read_folder(folder))
    faults += find_overlaps(files)
    if faults:
        raise FaultsError("rules", tuple(faults))
    return tuple(files)


def load_rule_packs(extra_folder: Path | None = None) -> tuple[RulePack, ...]:
    """Those files of `load_rule_files` that rate."""
    return tuple(file for file in load_rule_files(extra_folder) if isinstance(file, RulePack))


def lint_rule_files(files: Sequence[tuple[str, bytes]]) -> tuple[Fault, ...]:
    """Every fault of the files, each given by name and content, and of all files taken together.

    They are held against the shipped ones, which they may replace by their id. Days between two files of
    a line on which none is in force are warnings.
    """
    given, faults = _parse_all(files)
    shipped, _ = _parse_all(read_shipped_rule_files())
    replaced = {file.id for file in given}
    others = [file for file in shipped if file.id not in replaced]
    return (*faults, *check_collection([*others, *given]))


def read_shipped_rule_files() -> list[tuple[str, bytes]]:
    """Name and content of every rule file in the package."""
    return _toml_files(resources.files("agency_credit.scoring") / "rules")


def _read_folder(path: Path) -> list[tuple[str, bytes]]:
    if not path.is_dir():
        raise InputError(
            "rules.folder", "there is no folder {path}; name the folder of rule files", path=str(path)
        )
    return _toml_files(path)


def _toml_files(folder: Traversable) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += [(f"{entry.name}/{name}", data) for name, data in _toml_files(entry)]
        elif entry.name.endswith(".toml"):
            found.append((entry.name, entry.read_bytes()))
    return found


def _parse_all(files: Sequence[tuple[str, bytes]]) -> tuple[list[Instrument], list[Fault]]:
    packs: list[Instrument] = []
    faults: list[Fault] = []
    for name, data in files:
        try:
            packs.append(parse_rule_file(data, name))
        except FaultsError as error:
            faults += error.faults
    return packs, faults
