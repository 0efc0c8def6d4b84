"""A draft played with made-up values, to see beforehand how many are drawn and which seats stay empty.

No number that counts is ever in play: the nonces of this office are not opened, and the seeds are those of
`sampling.rehearse`, which no real seed can equal (draw-protocol.md, section 9).
"""

from __future__ import annotations

import asyncio

from agency_credit.domain.errors import RefusedError
from agency_credit.sampling import Rehearsal, rehearse
from agency_credit.services.desk_draft import DraftDesk

TIMES = 100
"""How often a rehearsal plays the draw."""


async def rehearse_draft(desk: DraftDesk) -> Rehearsal:
    """Play the draw of a draft `TIMES` times, beside the running service.

    Raises
    ------
    RefusedError
        Frame, strata or teams are not sound enough to be played.
    """
    files = desk.review.files
    if files is None:
        raise RefusedError(
            "rehearsal.not-ready", "mend the list of agencies, the numbers and the teams first, then rehearse"
        )
    return await asyncio.to_thread(rehearse, files, TIMES)
