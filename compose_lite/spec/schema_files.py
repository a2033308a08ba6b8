"""Finds and reads the JSON Schemas that ship with the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA = "compose-lite.schema.json"


def schema_path(name: str = SCHEMA) -> Path:
    """Return where a shipped schema is: inside the package in a wheel, beside it in a source checkout.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package, package.parent):
        path = folder / "schemas" / name
        if path.is_file():
            return path
    raise FileNotFoundError(f"the schema {name} is missing from this installation of compose-lite")


def read_schema(name: str = SCHEMA) -> dict[str, Any]:
    """Return a shipped schema as data.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    schema: dict[str, Any] = json.loads(schema_path(name).read_text(encoding="utf-8"))
    return schema
