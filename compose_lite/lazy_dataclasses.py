"""The standard library's dataclasses, with methods that are written at their first use.

`dataclasses` compiles six methods for every class at import, also of the many classes that the command
at hand never makes: with our 200 classes that is two thirds of what `ps` takes. Here a class costs a few
microseconds; its `__init__` is compiled once there are more than a few instances. Semantics are those of
https://docs.python.org/3/library/dataclasses.html for the options that we use, which a test holds
against the original.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import MISSING, Field, dataclass, field, fields, replace

    __all__ = ["MISSING", "Field", "dataclass", "field", "fields", "replace"]
else:
    from operator import attrgetter

    class _Missing:
        def __repr__(self) -> str:
            return "<missing>"

    MISSING = _Missing()

    # Compiling an `__init__` takes as long as to make so many instances without.
    _FEW = 40

    class Field:
        """What the class body says of one attribute."""

        __slots__ = ("compare", "default", "default_factory", "hash", "metadata", "name", "repr", "type")

        def __init__(self, default, default_factory, compare, hash, repr, metadata) -> None:  # noqa: A002
            self.name = self.type = None
            self.default = default
            self.default_factory = default_factory
            self.compare = compare
            self.hash = compare if hash is None else hash
            self.repr = repr
            self.metadata = metadata or {}

    def field(
        *,
        default=MISSING,
        default_factory=MISSING,
        compare=True,
        hash=None,  # noqa: A002
        repr=True,  # noqa: A002
        metadata=None,
    ):
        """As `dataclasses.field`."""
        return Field(default, default_factory, compare, hash, repr, metadata)

    def dataclass(*, frozen=False, kw_only=False, slots=False, eq=True):
        """As `dataclasses.dataclass`; always called with parentheses."""

        def made(cls):
            own = _own_fields(cls)
            inherited = {}
            for base in reversed(cls.__mro__[1:]):
                inherited.update(base.__dict__.get("__lazy_fields__", {}))
            fields = inherited | own
            _drop_defaults(cls, own, slots=slots)
            if slots:
                cls = _with_slots(cls, [name for name in own if name not in inherited])
            cls.__lazy_fields__ = fields
            cls.__dataclass_fields__ = _StandardFields()
            _give_methods(cls, fields, frozen=frozen, kw_only=kw_only, eq=eq)
            return cls

        return made

    def fields(class_or_instance):
        """As `dataclasses.fields`."""
        return tuple(class_or_instance.__lazy_fields__.values())

    def replace(instance, /, **changes):
        """As `dataclasses.replace`."""
        cls = type(instance)
        for name in cls.__lazy_fields__:
            if name not in changes:
                changes[name] = getattr(instance, name)
        return cls(**changes)

    def _own_fields(cls):
        fields = {}
        for name, annotation in cls.__annotations__.items():
            if "ClassVar" in str(annotation):
                continue
            default = cls.__dict__.get(name, MISSING)
            found = default if isinstance(default, Field) else Field(default, MISSING, True, None, True, None)
            found.name, found.type = name, annotation
            fields[name] = found
        return fields

    def _drop_defaults(cls, own, *, slots) -> None:
        for name, found in own.items():
            if name not in cls.__dict__:
                continue
            if slots or found.default is MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, found.default)

    def _with_slots(cls, names):
        body = {key: value for key, value in cls.__dict__.items() if key not in ("__dict__", "__weakref__")}
        body["__slots__"] = tuple(names)
        remade = type(cls)(cls.__name__, cls.__bases__, body)
        remade.__qualname__ = cls.__qualname__
        return remade

    def _give_methods(cls, fields, *, frozen, kw_only, eq) -> None:
        own = cls.__dict__
        if "__init__" not in own:
            cls.__init__ = _lazy_init(cls, fields, kw_only=kw_only)
        if "__repr__" not in own:
            cls.__repr__ = _repr
        cls.__match_args__ = () if kw_only else tuple(fields)
        if eq and "__eq__" not in own:
            cls.__lazy_compared__ = _getter([name for name, found in fields.items() if found.compare])
            cls.__eq__ = _eq
        cls.__replace__ = replace
        if eq and own.get("__hash__") is None:
            cls.__lazy_hashed__ = _getter([name for name, found in fields.items() if found.hash])
            cls.__hash__ = _hash if frozen else None
        if frozen:
            cls.__setattr__ = _refuse_set
            cls.__delattr__ = _refuse_delete
            cls.__getstate__ = _get_state
            cls.__setstate__ = _set_state

    def _lazy_init(cls, fields, *, kw_only):
        made = 0

        def __init__(self, *args, **given):  # noqa: N807
            nonlocal made
            made += 1
            if made > _FEW or args or not _set_fields(self, fields, given):
                cls.__init__ = _written_init(cls, fields, kw_only=kw_only)
                cls.__init__(self, *args, **given)

        return __init__

    def _set_fields(instance, fields, given) -> bool:
        """Do what `__init__` does without compiling it, False if there is something unusual about what is given."""
        taken = 0
        for name, found in fields.items():
            if name in given:
                value = given[name]
                taken += 1
            elif found.default_factory is not MISSING:
                value = found.default_factory()
            elif found.default is not MISSING:
                value = found.default
            else:
                return False
            object.__setattr__(instance, name, value)
        if taken < len(given):
            return False
        if hasattr(instance, "__post_init__"):
            instance.__post_init__()
        return True

    def _written_init(cls, fields, *, kw_only):
        """Compile `__init__`: the one method that may be too frequent to be generic."""
        names = {"_missing": MISSING, "_set": object.__setattr__}
        parameters, body = [], []
        for name, found in fields.items():
            value = name
            if found.default_factory is not MISSING:
                names[f"_make_{name}"] = found.default_factory
                parameters.append(f"{name}=_missing")
                value = f"_make_{name}() if {name} is _missing else {name}"
            elif found.default is not MISSING:
                names[f"_default_{name}"] = found.default
                parameters.append(f"{name}=_default_{name}")
            else:
                parameters.append(name)
            body.append(f" _set(self, {name!r}, {value})")
        if hasattr(cls, "__post_init__"):
            body.append(" self.__post_init__()")
        star = "*, " if kw_only and parameters else ""
        text = f"def __init__(self, {star}{', '.join(parameters)}):\n" + ("\n".join(body) or " pass")
        made = {}
        exec(text, names, made)
        init = made["__init__"]
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        return init

    def _getter(names):
        """Return a function from an instance to the tuple of these attributes, itself written in C."""
        if len(names) > 1:
            return staticmethod(attrgetter(*names))
        return staticmethod(lambda instance: tuple(getattr(instance, name) for name in names))

    def _eq(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self is other or self.__lazy_compared__(self) == other.__lazy_compared__(other)

    def _hash(self):
        return hash(self.__lazy_hashed__(self))

    def _repr(self):
        shown = (
            f"{name}={getattr(self, name)!r}" for name, found in self.__lazy_fields__.items() if found.repr
        )
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def _refuse_set(_instance, name, _value):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_delete(_instance, name):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _get_state(self):
        return [getattr(self, name) for name in self.__lazy_fields__]

    def _set_state(self, state):
        for name, value in zip(self.__lazy_fields__, state, strict=True):
            object.__setattr__(self, name, value)

    class _StandardFields:
        """`__dataclass_fields__`, made for the few who ask: `dataclasses.fields`, `asdict`, a debugger."""

        def __get__(self, instance, cls):
            import dataclasses

            def standard(found):
                given = {
                    key: getattr(found, key)
                    for key in ("default", "default_factory")
                    if getattr(found, key) is not MISSING
                }
                return dataclasses.field(
                    **given, compare=found.compare, hash=found.hash, repr=found.repr, metadata=found.metadata
                )

            twin = dataclasses.make_dataclass(
                cls.__name__,
                [(name, found.type, standard(found)) for name, found in cls.__lazy_fields__.items()],
                kw_only=True,
            )
            cls.__dataclass_fields__ = twin.__dataclass_fields__
            return cls.__dataclass_fields__
