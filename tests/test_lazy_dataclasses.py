"""Lazy dataclasses hold to the standard library's: each test makes the same class with both."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from compose_lite import lazy_dataclasses
from compose_lite.lazy_dataclasses import dataclass, field, fields, replace


def _point(library: Any, **options: Any) -> Any:
    @library.dataclass(**options)
    class Point:
        kind: ClassVar[str] = "point"
        x: int
        y: int = 2
        tags: list[str] = library.field(default_factory=list, hash=False)
        note: str = library.field(default="", compare=False, repr=False)

        def total(self) -> int:
            return self.x + self.y

    return Point


_OPTIONS = [
    {"frozen": True, "kw_only": True, "slots": True},
    {"frozen": True, "slots": True},
    {"kw_only": True, "slots": True},
    {"slots": True},
    {"kw_only": True},
    {"frozen": True, "kw_only": True, "slots": True, "eq": False},
]


def _behaviour(point: Any) -> dict[str, Any]:
    """What a caller can see of a class."""
    one, same, other = point(x=1), point(x=1, note="other"), point(x=1, y=3)
    return {
        "values": (one.x, one.y, one.tags, one.note, one.kind, one.total()),
        "own default": one.tags is not same.tags,
        "equal": (one == same, one == other, one == object()),
        "hash": _outcome(lambda: hash(one) == hash(same)),
        "repr": repr(one).replace(type(one).__qualname__, "Point"),
        "replaced": _outcome(
            lambda: (lazy_dataclasses.replace if _lazy(one) else dataclasses.replace)(one, y=7).y
        ),
        "set": _outcome(lambda: setattr(one, "x", 5)),
        "delete": _outcome(lambda: delattr(one, "y")),
        "slots": getattr(point, "__slots__", None),
        "match": getattr(point, "__match_args__", None),
        "missing argument": _outcome(lambda: point()),
        "unknown argument": _outcome(lambda: point(x=1, z=2)),
        "by position": _outcome(lambda: point(1, 2).y),
        "names": [item.name for item in dataclasses.fields(point)],
        "as a dict": dataclasses.asdict(point(x=9)),
        "copied": copy.copy(point(x=4)).x,
    }


def _lazy(instance: object) -> bool:
    return hasattr(instance, "__lazy_fields__")


def _outcome(act: Any) -> Any:
    try:
        return act()
    except (AttributeError, TypeError) as error:
        return type(error)


@pytest.mark.parametrize("compiled", [False, True], ids=["the first instances", "many instances"])
@pytest.mark.parametrize("options", _OPTIONS, ids=str)
def test_behaves_as_the_standard_library_s(options: dict[str, bool], compiled: bool) -> None:
    ours = _point(lazy_dataclasses, **options)
    if compiled:
        _make_many(ours)

    assert _behaviour(ours) == _behaviour(_point(dataclasses, **options))


def _make_many(point: Any) -> None:
    for x in range(100):
        point(x=x)


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    name: str
    size: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Derived(Base):
    size: int = 2
    inner: Base | None = None


@dataclass(kw_only=True)
class Counted:
    values: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.count = len(self.values)


def test_a_subclass_has_its_base_s_fields_first_and_may_give_a_new_default() -> None:
    derived = Derived(name="a")

    assert [item.name for item in fields(Derived)] == ["name", "size", "inner"]
    assert derived.size == 2
    assert derived != Base(name="a", size=2)
    assert Derived.__slots__ == ("inner",)


@pytest.mark.parametrize("library", [dataclasses, lazy_dataclasses])
def test_a_subclass_that_says_nothing_on_it_compares_as_its_base_does(library: Any) -> None:
    @library.dataclass(frozen=True, kw_only=True)
    class Base:
        x: int

    @library.dataclass(frozen=True, kw_only=True, eq=False)
    class Derived(Base):
        y: int

    assert Derived(x=1, y=2) == Derived(x=1, y=3) != Derived(x=2, y=3)
    assert hash(Derived(x=1, y=2)) == hash(Derived(x=1, y=3)) == hash(Base(x=1))


def test_instances_survive_pickling() -> None:
    derived = Derived(name="a", inner=Base(name="b"))

    assert pickle.loads(pickle.dumps(derived)) == derived


def test_a_replaced_value_keeps_the_rest() -> None:
    assert replace(Derived(name="a", size=5), name="b") == Derived(name="b", size=5)


def test_work_after_the_init_is_done() -> None:
    assert Counted(values=[1, 2]).count == 2


def test_only_a_class_with_many_instances_costs_a_compilation() -> None:
    @dataclass(frozen=True, kw_only=True, slots=True)
    class Rare:
        x: int

    def parameters() -> list[str]:
        return list(Rare.__init__.__code__.co_varnames)

    Rare(x=1)
    assert parameters() != ["self", "x"]
    _make_many(Rare)
    assert parameters() == ["self", "x"]
