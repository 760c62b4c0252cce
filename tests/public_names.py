"""The public names, as the reference lists them."""

import importlib.util
from pathlib import Path

_PATH = Path(__file__).parent.parent / "docs" / "hooks" / "public_names.py"
_spec = importlib.util.spec_from_file_location("listed_names", _PATH)
_listing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_listing)

documented = _listing.documented
NAMES = [(path, name) for path in _listing.NAMESPACES for name in _listing.public_names(path)]
IDS = [f"{path}.{name}" for path, name in NAMES]
