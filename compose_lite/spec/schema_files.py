"""Finds and reads the JSON Schemas that ship with the package."""
# Speed: every command comes through here, and pathlib alone costs milliseconds.
# ruff: noqa: PTH100, PTH113, PTH118, PTH120

from __future__ import annotations

import json
import os.path
from typing import Any

SCHEMA = "compose-lite.schema.json"


def schema_path(name: str = SCHEMA) -> str:
    """Return where a shipped schema is: inside the package in a wheel, beside it in a source checkout.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (package, os.path.dirname(package)):
        path = os.path.join(folder, "schemas", name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"the schema {name} is missing from this installation of compose-lite")


def read_schema(name: str = SCHEMA) -> dict[str, Any]:
    """Return a shipped schema as data.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    with open(schema_path(name), encoding="utf-8") as file:
        schema: dict[str, Any] = json.load(file)
    return schema
