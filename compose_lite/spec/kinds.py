"""Kinds of values: each turns a canonical value into the one that `config` prints, or says why it can't.

A kind is a function from (value, path, report) to the shaped value. `Struct` drops what is empty where
docker compose does, so that "not set" and "set to nothing" end up the same wherever they mean the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.interpolate import to_bool, to_float, to_int
from compose_lite.spec.tree import Map, Path, Seq
from compose_lite.spec.units import format_duration, go_text, parse_bytes, parse_duration, to_float32

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.spec.tree import Mark

    Report = Callable[[Path, str], None]
    Kind = Callable[[Any, Path, Report], Any]


class BadValue(ValueError):
    """A value does not fit its kind; the text says what would."""


def text(value: Any, _path: Path, _report: Report) -> Any:
    """Text; whole numbers are written out."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None:
        return ""
    raise BadValue("text")


def printed(value: Any, _path: Path, _report: Report) -> Any:
    """Text made of any scalar."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise BadValue("text")
    return go_text(value)


def printed_or_null(value: Any, path: Path, report: Report) -> Any:
    """Text made of any scalar, or null."""
    return None if value is None else printed(value, path, report)


def integer(value: Any, _path: Path, _report: Report) -> Any:
    """A whole number."""
    if type(value) is int:
        return value
    if isinstance(value, float):
        return int(value)
    if isinstance(value, str):
        return to_int(value)
    if value is None:
        return 0
    raise BadValue("a whole number")


def unsigned(value: Any, path: Path, report: Report) -> Any:
    """A whole number from zero on."""
    number = -1 if isinstance(value, str) else integer(value, path, report)
    if number < 0:
        raise BadValue("a whole number from zero on")
    return number


def number32(value: Any, _path: Path, _report: Report) -> Any:
    """A number kept as a 32-bit float."""
    if isinstance(value, str):
        value = to_float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadValue("a number")
    shaped = to_float32(float(value))
    return int(shaped) if shaped.is_integer() else shaped


def boolean(value: Any, _path: Path, _report: Report) -> Any:
    """True or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return to_bool(value)
    if value is None:
        return False
    raise BadValue("true or false")


def duration(value: Any, _path: Path, _report: Report) -> Any:
    """A duration, printed as Go does."""
    return format_duration(parse_duration(go_text(value)))


def size(value: Any, _path: Path, _report: Report) -> Any:
    """A byte size, printed as text of digits."""
    if isinstance(value, bool) or value is None:
        raise BadValue("a size such as `512m`")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return "0"  # docker compose reads a bare fraction as no limit at all
    return str(parse_bytes(value))


_LEAVES: frozenset[Kind] = frozenset(
    (text, printed, printed_or_null, integer, unsigned, number32, boolean, duration, size)
)
"""Kinds of single values: they never look at their path, so none need be made for them."""
_ZEROS: dict[Kind, str] = {size: "0", duration: "0s"}
"""Texts that mean not set, beside the empty one."""


def list_of(kind: Kind) -> Kind:
    """A list; one scalar stands for a list of one."""
    leaf = kind in _LEAVES

    def shape(value: Any, path: Path, report: Report) -> Any:
        if value is None:
            return Seq()
        if not isinstance(value, list):
            if isinstance(value, dict):
                raise BadValue("a list")
            return Seq([kind(value, path, report)])
        items = []
        for index, item in enumerate(value):
            try:
                items.append(kind(item, () if leaf else (*path, index), report))
            except ValueError as error:
                report((*path, index), str(error))
                items.append(item)
        return Seq(items, value.marks if isinstance(value, Seq) else None)

    return shape


def map_of(kind: Kind) -> Kind:
    """A mapping with free names."""
    leaf = kind in _LEAVES

    def shape(value: Any, path: Path, report: Report) -> Any:
        if value is None:
            return Map()
        if not isinstance(value, dict):
            raise BadValue("a mapping")
        result = Map((), value.marks if isinstance(value, Map) else None)
        for key, item in value.items():
            try:
                result[key] = kind(item, () if leaf else (*path, key), report)
            except ValueError as error:
                report((*path, key), str(error))
        return result

    return shape


def nullable(kind: Kind) -> Kind:
    """The kind, or null."""

    def shape(value: Any, path: Path, report: Report) -> Any:
        return None if value is None else kind(value, path, report)

    return shape


def pairs(*, null: bool) -> Kind:
    """A mapping, or a list of `NAME=VALUE`, to text; a bare name means null or empty text."""
    item_kind = printed_or_null if null else printed

    def shape(value: Any, path: Path, report: Report) -> Any:
        if isinstance(value, dict):
            return shape_map(value, path, report)
        if value is None:
            return Map()
        if not isinstance(value, list):
            raise BadValue("a mapping or a list of NAME=VALUE")
        result = Map()
        for index, item in enumerate(value):
            name, separator, content = printed(item, path, report).partition("=")
            mark = value.mark(index) if isinstance(value, Seq) else None
            result.put(name, content if separator or not null else None, mark)
        return result

    shape_map = map_of(item_kind)
    return shape


class Shaped(Map):
    """A mapping with fixed attributes, as its `struct` shaped it; extensions are kept aside."""

    __slots__ = ("extensions", "struct")

    def __init__(self, struct: Struct, marks: dict[str, Mark]) -> None:
        self.marks = marks  # a new dict needs no initialising, and this happens for every port and volume
        self.struct = struct
        self.extensions: dict[str, Any] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One attribute of a struct.

    Attributes:
        kind: shapes its value.
        keep_empty: an empty value (but not null) is kept; otherwise empty means not set.
        always: it is there even if nobody set it, with `default()`.
        default: makes the value of an `always` attribute that nobody set.
        json_only: YAML output leaves an `always` attribute out while it is empty.
    """

    kind: Kind
    keep_empty: bool = False
    always: bool = False
    default: Callable[[], Any] = lambda: None
    json_only: bool = False


def pointer(kind: Kind) -> Attribute:
    """An attribute that may be set to an empty value, which differs from not being set."""
    return Attribute(kind=kind, keep_empty=True)


def always(kind: Kind, default: Callable[[], Any], *, json_only: bool = False) -> Attribute:
    """An attribute that is always printed."""
    return Attribute(kind=kind, keep_empty=True, always=True, default=default, json_only=json_only)


class Struct:
    """A mapping with fixed attributes, in the order in which YAML output has them."""

    __slots__ = ("_always", "_rules", "attributes", "json_names", "order")

    def __init__(self, attributes: dict[str, Kind | Attribute], *, json_names: bool = False) -> None:
        self.attributes = {
            name: entry if isinstance(entry, Attribute) else Attribute(kind=entry)
            for name, entry in attributes.items()
        }
        self.order = {name: place for place, name in enumerate(attributes)}
        self.json_names = json_names
        self._always = [(name, entry.default) for name, entry in self.attributes.items() if entry.always]
        self._rules = {
            name: (entry.kind, entry.kind in _LEAVES, entry.keep_empty, entry.always, _ZEROS.get(entry.kind))
            for name, entry in self.attributes.items()
        }

    def __call__(self, value: Any, path: Path, report: Report) -> Shaped:
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise BadValue("a mapping")
        rules = self._rules
        result = Shaped(self, value.marks if isinstance(value, Map) else {})
        for key, item in value.items():
            rule = rules.get(key)
            if rule is None:
                if key.startswith("x-"):
                    result.extensions[key] = item
                continue
            kind, leaf, keep_empty, always_there, zero = rule
            if item is None and not always_there:
                continue
            try:
                shaped = kind(item, () if leaf else (*path, key), report)
            except ValueError as error:
                report((*path, key), str(error))
                continue
            if keep_empty or (shaped and shaped != zero):
                result[key] = shaped
        for key, default in self._always:
            if key not in result:
                result[key] = default()
        return result
