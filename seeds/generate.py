"""Make office-like files with a fixed seed: `python -m seeds.generate --scale city --out DIR [--seed N]`.

The numbers here make sample data and nothing else: no draw ever sees them.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import click

from seeds.nation import write_national_files
from seeds.office_files import OfficeFile, write_office_files
from seeds.places import CITY, NATION
from seeds.population import Maker, Scale

SEED = 20261008
RULES = Path(__file__).parent / "rules"
"""Folder of the fictional rule packs that go with the sample data."""
SCALES = {
    "city": Scale(
        n_patent=30,
        n_branches=4,
        n_trademark=70,
        n_both=6,
        n_practitioners=90,
        n_inspectors=20,
        n_recusals=12,
    ),
    "nation": Scale(
        n_patent=5_400,
        n_branches=1_500,
        n_trademark=35_700,
        n_both=100,
        n_practitioners=34_000,
        n_inspectors=0,
        n_recusals=0,
        n_records=500_000,
    ),
}


def generate(out: Path, scale: str = "city", seed: int = SEED) -> tuple[OfficeFile, ...]:
    """Write the files of an office into the folder `out`, with `truth.json` beside them.

    The same scale and seed give the same bytes.

    Returns
    -------
    tuple of OfficeFile
        In the order in which they are imported, with what an import must say of each.
    """
    files = make_files(scale, SCALES[scale], seed)
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        (out / file.name).write_bytes(file.content)
    (out / "truth.json").write_text(_format_truth(files), "utf-8")
    return files


def make_files(kind: str, scale: Scale, seed: int) -> tuple[OfficeFile, ...]:
    """The files of an office of this kind, ``"city"`` or ``"nation"``, of any scale."""
    if kind == "nation":
        return write_national_files(Maker(Random(seed), NATION).population(scale))
    maker = Maker(Random(seed), CITY)
    return write_office_files(maker.population(scale), maker)


def _format_truth(files: tuple[OfficeFile, ...]) -> str:
    truth = {file.name: {"good": file.n_good, "faults": file.faults} for file in files}
    return json.dumps(truth, ensure_ascii=False, indent=1) + "\n"


@click.command()
@click.option("--scale", type=click.Choice(list(SCALES)), default="city", show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--seed", type=int, default=SEED, show_default=True)
def command(scale: str, out: Path, seed: int) -> None:
    """Write the files of an office of this scale into the folder OUT."""
    for file in generate(out, scale, seed):
        click.echo(f"{out / file.name}: {file.n_good} good rows, {len(file.faults)} faults")


if __name__ == "__main__":
    command()
