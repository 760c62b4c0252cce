"""The folders of the user's machine that nnkit writes to."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return the folder for what can be made or fetched again: `NNKIT_CACHE_DIR`, or the platform's own."""
    return Path(os.environ.get("NNKIT_CACHE_DIR") or platformdirs.user_cache_dir("nnkit", appauthor=False))
