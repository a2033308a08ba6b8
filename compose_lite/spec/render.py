"""The canonical model as `config` prints it: JSON or YAML, `$` escaped as `$$`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from compose_lite.errors import SpecError
from compose_lite.spec.kinds import Shaped
from compose_lite.spec.yaml_text import to_yaml_text

if TYPE_CHECKING:
    from compose_lite.spec.load import LoadResult


def to_json(result: LoadResult) -> str:
    """Return what `config --format json` prints.

    Raises:
        SpecError: an extension holds a number that JSON does not have.
    """
    try:
        text = json.dumps(json_model(result), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise SpecError(
            "an extension holds .inf or .nan, which JSON can't express", code="not-json"
        ) from error
    return _escaped(text, result) + "\n"


def to_yaml(result: LoadResult) -> str:
    """Return what `config` prints; keys have docker compose's order, resources are sorted by name."""
    return _escaped(to_yaml_text(yaml_model(result)), result)


def lock_file(result: LoadResult, *, as_json: bool) -> str:
    """Return an override file that says the services' images and nothing else."""
    images = {name: service.get("image") for name, service in sorted(result.model["services"].items())}
    pins = {name: {"image": image} if image else {} for name, image in images.items()}
    if not as_json:
        return to_yaml_text({"services": pins})
    # docker compose prints these empty attributes as well: null is how the format says "not mine to change".
    nothing = {"command": None, "entrypoint": None}
    services = {name: {**nothing, **pin} for name, pin in pins.items()}
    return json.dumps({"name": "", "services": services}, indent=2, ensure_ascii=False) + "\n"


def _escaped(text: str, result: LoadResult) -> str:
    """Write `$` as `$$`, unless variables are still in place."""
    return text.replace("$", "$$") if result.interpolated else text


def json_model(result: LoadResult) -> dict[str, Any]:
    """Return the model as plain data for JSON: extensions at top level only, no `models`."""
    model = result.model
    if not isinstance(model, Shaped):
        return model
    printed = {key: _json_value(value) for key, value in model.items() if key != "models"}
    printed.update((key, go_numbers(value)) for key, value in model.extensions.items())
    return printed


def _json_value(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value, Shaped) and value.struct.json_names:
            return {key.capitalize(): _json_value(item) for key, item in value.items()}
        return {key: _json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    return value


def go_numbers(value: Any) -> Any:
    """Return extension data with whole floats as integers, as Go writes them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(Decimal(repr(value)))
    if isinstance(value, dict):
        return {key: go_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [go_numbers(item) for item in value]
    return value


def yaml_model(result: LoadResult) -> dict[str, Any]:
    """Return the model as plain data for YAML, in order, with extensions where they were written."""
    ordered: dict[str, Any] = _yaml_value(result.model)
    return ordered


def _yaml_value(value: Any) -> Any:
    if isinstance(value, Shaped):
        attributes, order = value.struct.attributes, value.struct.order
        printed = {
            key: _yaml_value(value[key])
            for key in sorted(value, key=order.__getitem__)
            if not (attributes[key].json_only and _nothing_in(value[key]))
        }
        printed.update((key, _yaml_value(value.extensions[key])) for key in sorted(value.extensions))
        return printed
    if isinstance(value, dict):
        return {key: _yaml_value(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_yaml_value(item) for item in value]
    return value


def _nothing_in(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(map(_nothing_in, value.values())))
