"""What stops a plan from being made."""

from __future__ import annotations


class UnplannableError(Exception):
    """Something cannot be planned; the message completes "the tape is used because of ..."."""
