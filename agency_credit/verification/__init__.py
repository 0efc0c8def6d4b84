"""Draws and ratings a second time, on the standard library alone; no twin is imported."""

from __future__ import annotations

from agency_credit.verification.verify_draw import Fault, verify_files
from agency_credit.verification.verify_rating import verify_rating_files

__all__ = ["Fault", "verify_files", "verify_rating_files"]
