"""Nothing false leaves the house: the second implementation replays what is about to be stored."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.domain.errors import VerificationError
from agency_credit.verification import verify_files, verify_rating_files


def refuse_false_bundle(contents: Mapping[str, bytes]) -> None:
    """Replay the files of a draw with the verifier.

    Raises
    ------
    VerificationError
        The verifier rejects them; its first fault is in the message.
    """
    faults = verify_files(contents)
    if faults:
        raise VerificationError(
            "bundle.false",
            "the verifier rejects the files of this draw ({check}: {message}); nothing was stored",
            check=faults[0].check,
            message=faults[0].message,
        )


def refuse_false_rating(subject: str, contents: Mapping[str, bytes]) -> None:
    """Recompute the files of a rating with the verifier.

    Raises
    ------
    VerificationError
        The verifier rejects them; its first fault is in the message.
    """
    faults = verify_rating_files(contents)
    if faults:
        raise VerificationError(
            "rating.false",
            "the verifier rejects the rating of {subject} ({check}: {message}); nothing was stored",
            subject=subject,
            check=faults[0].check,
            message=faults[0].message,
        )
