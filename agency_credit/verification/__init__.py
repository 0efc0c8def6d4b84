"""The second implementation of the draw protocol, on the standard library alone; no twin is imported."""

from __future__ import annotations

from agency_credit.verification.verify_draw import Fault, verify_files

__all__ = ["Fault", "verify_files"]
