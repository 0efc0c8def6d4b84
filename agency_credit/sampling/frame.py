"""The frozen frame as columns: what the lottery reads (draw-protocol.md, section 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agency_credit.domain.frame import FrameUnit, Ground


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """N units, sorted by `unit`; iterating gives them as `FrameUnit`.

    Parameters
    ----------
    content
        The canonical lines themselves: what the root in the announcement commits to.
    units, areas, strata
        Columns of length N.
    sizes
        Column of shape (N,); each 1 or more and below 2^53.
    excluded, mandatory
        The grounds, by unit, of the few that have one; no unit has both.
    """

    content: bytes
    units: tuple[str, ...]
    areas: tuple[str, ...]
    strata: tuple[str, ...]
    sizes: NDArray[np.int64]
    excluded: Mapping[str, Ground]
    mandatory: Mapping[str, Ground]

    def __len__(self) -> int:
        return len(self.units)

    def __iter__(self) -> Iterator[FrameUnit]:
        rows = zip(self.units, self.areas, self.strata, self.sizes.tolist(), strict=True)
        for unit, area, stratum, size in rows:
            yield FrameUnit(
                area=area,
                excluded=self.excluded.get(unit),
                mandatory=self.mandatory.get(unit),
                size=size,
                stratum=stratum,
                unit=unit,
            )

    def eligible(self) -> dict[str, list[int]]:
        """Rows of the units in the lottery (neither excluded nor mandatory) of each stratum of the frame."""
        rows: dict[str, list[int]] = {stratum: [] for stratum in sorted(set(self.strata))}
        outside = self.excluded.keys() | self.mandatory.keys()
        for row, (unit, stratum) in enumerate(zip(self.units, self.strata, strict=True)):
            if unit not in outside:
                rows[stratum].append(row)
        return rows


def make_frame(content: bytes, units: Sequence[FrameUnit]) -> Frame:
    """Columns of `units`, whose canonical lines are `content`."""
    return Frame(
        content=content,
        units=tuple(u.unit for u in units),
        areas=tuple(u.area for u in units),
        strata=tuple(u.stratum for u in units),
        sizes=np.array([u.size for u in units], dtype=np.int64),
        excluded={u.unit: u.excluded for u in units if u.excluded is not None},
        mandatory={u.unit: u.mandatory for u in units if u.mandatory is not None},
    )
