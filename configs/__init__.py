"""Built-in configs."""

from pathlib import Path

# The file beside a config that its first line names, for editors.
SCHEMA_NAME = "nnkit.schema.json"


def built_in_configs() -> dict[str, Path]:
    """Return the configs that come with nnkit, by name."""
    return {path.stem: path for path in sorted(Path(__path__[0]).glob("*.yaml"))}


def schema_path() -> Path:
    """Return the file of their JSON Schema."""
    return Path(__path__[0], SCHEMA_NAME)
