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
            names = [name for name, type_ in cls.__annotations__.items() if "ClassVar" not in str(type_)]
            given = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
            before = getattr(cls, "__lazy_fields__", ())
            added = _methods(cls.__dict__, frozen=frozen, kw_only=kw_only, eq=eq)
            added["__match_args__"] = () if kw_only else tuple(dict.fromkeys([*before, *names]))
            added["__lazy_own__"] = names, given
            added["__lazy_fields__"] = _FIELDS
            added["__dataclass_fields__"] = _STANDARD_FIELDS
            if slots:
                return _with_slots(cls, added, given, [name for name in names if name not in before])
            for name, default in given.items():
                if not isinstance(default, Field):
                    continue
                if default.default is MISSING:
                    delattr(cls, name)
                else:
                    setattr(cls, name, default.default)
            for name, value in added.items():
                setattr(cls, name, value)
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

    class _Fields:
        """`__lazy_fields__`: by name, those of the bases first; made when somebody asks."""

        def __get__(self, instance, cls):
            found = {}
            for base in reversed(cls.__mro__):
                names, given = base.__dict__.get("__lazy_own__", ((), {}))
                for name in names:
                    found[name] = _field_of(base, name, given.get(name, MISSING))
            owner = next(base for base in cls.__mro__ if "__lazy_own__" in base.__dict__)
            owner.__lazy_fields__ = found
            return found

    def _field_of(cls, name, default):
        made = default if isinstance(default, Field) else Field(default, MISSING, True, None, True, None)
        made.name, made.type = name, cls.__annotations__[name]
        return made

    def _with_slots(cls, added, dropped, names):
        """The class anew: slots can't be added to one. All is there from the start, which is what costs least."""
        left_out = {"__dict__", "__weakref__", *dropped}
        body = {key: value for key, value in cls.__dict__.items() if key not in left_out}
        body.update(added)
        body["__slots__"] = tuple(names)
        remade = type(cls)(cls.__name__, cls.__bases__, body)
        remade.__qualname__ = cls.__qualname__
        return remade

    def _methods(own, *, frozen, kw_only, eq):
        """The methods of a class that are not its own."""
        added = {"__replace__": replace}
        if "__init__" not in own:
            added["__init__"] = _lazy_init(kw_only=kw_only)
        if "__repr__" not in own:
            added["__repr__"] = _repr
        if eq and "__eq__" not in own:
            added["__lazy_compared__"] = _COMPARED
            added["__eq__"] = _eq
        if eq and own.get("__hash__") is None:
            added["__lazy_hashed__"] = _HASHED
            added["__hash__"] = _hash if frozen else None
        if frozen:
            added["__setattr__"] = _refuse_set
            added["__delattr__"] = _refuse_delete
            added["__getstate__"] = _get_state
            added["__setstate__"] = _set_state
        return added

    def _lazy_init(*, kw_only):
        made = 0

        def __init__(self, *args, **given):  # noqa: N807
            nonlocal made
            made += 1
            cls = self.__class__
            if cls.__init__ is not __init__:
                cls = next(base for base in cls.__mro__ if base.__dict__.get("__init__") is __init__)
            fields = cls.__lazy_fields__
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

    class _Getter:
        """A function from an instance to the tuple of those attributes for which a field says so; made when needed."""

        def __init__(self, name, wanted) -> None:
            self._name = name
            self._wanted = wanted

        def __get__(self, instance, cls):
            owner = next(base for base in cls.__mro__ if self._name in base.__dict__)
            names = [name for name, found in owner.__lazy_fields__.items() if self._wanted(found)]
            # With several names it is written in C.
            get = (
                attrgetter(*names)
                if len(names) > 1
                else lambda instance: tuple(getattr(instance, name) for name in names)
            )
            setattr(owner, self._name, staticmethod(get))
            return get

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

    _FIELDS = _Fields()
    _STANDARD_FIELDS = _StandardFields()
    _COMPARED = _Getter("__lazy_compared__", attrgetter("compare"))
    _HASHED = _Getter("__lazy_hashed__", attrgetter("hash"))
