"""The published files of a draw as a folder on disk; it can always be made again from the store."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agency_credit.database import lock_log, transaction
from agency_credit.database.tables import Draw, DrawFile, DrawStep
from agency_credit.domain.errors import UnavailableError
from agency_credit.services.disk import sync_folder

_UNFINISHED = ".new"


@dataclass(frozen=True, slots=True)
class NewBundle:
    """A folder on its way; it is not there before it is whole."""

    folder: Path

    @property
    def unfinished(self) -> Path:
        """Where its files are written first: beside it, hidden."""
        return self.folder.with_name(f".{self.folder.name}{_UNFINISHED}")

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write all files, through to the disk; the folder appears whole or not at all.

        Raises
        ------
        UnavailableError
            The disk is full or cannot be written.
        """
        try:
            shutil.rmtree(self.unfinished, ignore_errors=True)  # left by a process that was killed
            self.unfinished.mkdir(parents=True)
            for name, content in contents.items():
                with (self.unfinished / name).open("xb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            shutil.rmtree(self.folder, ignore_errors=True)
            self.unfinished.rename(self.folder)
            sync_folder(self.folder.parent)
        except OSError as error:
            raise UnavailableError(
                "bundle.disk",
                "the files of {draw} could not be written ({reason}); make room and publish again",
                draw=self.folder.name,
                reason=error.strerror or str(error),
            ) from error


@asynccontextmanager
async def new_bundle(folder: Path) -> AsyncIterator[NewBundle]:
    """A bundle written by the transaction inside the block: what undoes the one undoes the other."""
    bundle = NewBundle(folder)
    try:
        yield bundle
    except BaseException:
        shutil.rmtree(bundle.unfinished, ignore_errors=True)
        if folder.exists():
            await mend_bundles(folder.parent)
        raise


async def mend_bundles(bundles: Path) -> None:
    """Make the folders what the store says: none of an unpublished draw, a whole one of every other.

    Whoever publishes holds the same lock, so nothing on its way is disturbed; what is mended was left by
    a process that was killed, or by a new disk.
    """
    async with transaction():
        await lock_log()
        for left in bundles.glob(f".*{_UNFINISHED}"):
            shutil.rmtree(left, ignore_errors=True)
        published = {
            row["draw"] for row in await DrawStep.select(DrawStep.draw).where(DrawStep.step == "published")
        }
        for row in await Draw.select(Draw.id, Draw.draw):
            folder = bundles / row["draw"]
            if row["id"] in published:
                await _mend_bundle(folder, row["id"])
            elif folder.exists():
                shutil.rmtree(folder)


async def _mend_bundle(folder: Path, draw: int) -> None:
    rows = await DrawFile.select(DrawFile.name, DrawFile.content).where(DrawFile.draw == draw)
    contents = {row["name"]: bytes(row["content"]) for row in rows}
    found = {path.name: path.stat().st_size for path in folder.iterdir()} if folder.exists() else {}
    if found != {name: len(content) for name, content in contents.items()}:
        NewBundle(folder).write(contents)
