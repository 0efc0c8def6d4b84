"""Reading rule packs: from the wheel, and from a folder of the office."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.scoring import RulePack, find_gaps, find_overlaps, parse_rule_pack


def load_rule_packs(extra_folder: Path | None = None) -> tuple[RulePack, ...]:
    """All packs that ship with the package, and those of `extra_folder` and the folders below it.

    A pack of the extra folder takes the place of the shipped one with the same id: so an office that
    has the annex before it enters its values in a copy.

    Raises
    ------
    FaultsError
        Every fault of every file; packs that overlap.
    InputError
        The extra folder is not there.
    """
    shipped, faults = _parse_all(read_shipped_rule_packs())
    extra, extra_faults = _parse_all([] if extra_folder is None else _read_folder(extra_folder))
    replaced = {pack.id for pack in extra}
    packs = (*(pack for pack in shipped if pack.id not in replaced), *extra)
    faults += [*extra_faults, *find_overlaps(packs)]
    if faults:
        raise FaultsError("rules", tuple(faults))
    return packs


def lint_rule_packs(files: Sequence[tuple[str, bytes]]) -> tuple[Fault, ...]:
    """Every fault of the files, each given by name and content, and of the packs taken together.

    Days between two packs on which none is in force are warnings.
    """
    packs, faults = _parse_all(files)
    return (*faults, *find_overlaps(packs), *find_gaps(packs))


def read_shipped_rule_packs() -> list[tuple[str, bytes]]:
    """Name and content of every rule file in the package."""
    return _toml_files(resources.files("agency_credit.scoring") / "rules")


def _read_folder(path: Path) -> list[tuple[str, bytes]]:
    if not path.is_dir():
        raise InputError(
            "rules.folder", "there is no folder {path}; name the folder of rule packs", path=str(path)
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


def _parse_all(files: Sequence[tuple[str, bytes]]) -> tuple[list[RulePack], list[Fault]]:
    packs: list[RulePack] = []
    faults: list[Fault] = []
    for name, data in files:
        try:
            packs.append(parse_rule_pack(data, name))
        except FaultsError as error:
            faults += error.faults
    return packs, faults
