"""The canonical model as `config` prints it: JSON or YAML, `$` escaped as `$$`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compose_lite.spec.load import LoadResult
    from compose_lite.spec.tree import Map


def config_model(result: LoadResult) -> dict[str, Any]:
    """Return the model that `config` prints as JSON; attributes that JSON output leaves out are gone."""
    model: Map = result.model
    if not result.interpolated:
        return model
    return {
        key: go_numbers(value) if key.startswith("x-") else value for key, value in model.items() if key != "models"
    }


def go_numbers(value: Any) -> Any:
    """Return extension data with whole floats as integers, as Go writes them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {key: go_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [go_numbers(item) for item in value]
    return value


def to_json(result: LoadResult) -> str:
    """Return what `config --format json` prints."""
    text = json.dumps(config_model(result), indent=2, sort_keys=True, ensure_ascii=False)
    return (text.replace("$", "$$") if result.interpolated else text) + "\n"
