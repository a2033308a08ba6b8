"""Who has a say in a variable: the shell, every env file that sets it, the default in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose_lite.spec.explanation import Say, VariableSays
from compose_lite.spec.template import TemplateError, references, substitute
from compose_lite.spec.variables import SHELL, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from compose_lite.errors import Location
    from compose_lite.spec.template import Reference
    from compose_lite.spec.variables import Variables

    EnvFileContent = tuple[Mapping[str, str], Mapping[str, Origin]]


class VariableHistory:
    """Knows every value that the surroundings offer for a variable, not only the one that won."""

    def __init__(
        self,
        environ: Mapping[str, str],
        env_files: Sequence[EnvFileContent],
        place: Callable[[Origin], Location | None],
    ) -> None:
        """Take what there is.

        Args:
            environ: the shell's variables.
            env_files: values and origins of each of the project's env files by itself; later ones win.
            place: returns where an origin is.
        """
        self._environ = environ
        self._env_files = env_files
        self._place = place

    def says(self, reference: Reference, variables: Variables) -> VariableSays:
        """Return who has a say in `reference`, by precedence, where interpolation saw `variables`."""
        name = reference.name
        value, origin = variables.get(name), variables.origin(name)
        fallback = _fallback(reference, variables)
        falls_back = fallback is not None and _falls_back(reference.operator, value)
        offers = dict(self._offers(name))
        if value is not None and origin is not None and origin not in offers:
            offers[origin] = value  # an included file's own .env
        says = [
            Say(
                kind=offer.kind,  # type: ignore[arg-type]  # an origin's kinds are among a say's
                value=offered,
                location=self._place(offer),
                wins=offer == origin and not falls_back,
            )
            for offer, offered in offers.items()
        ]
        if fallback is not None:
            says.append(Say(kind="default", value=fallback, wins=falls_back))
        return VariableSays(name=name, says=tuple(says))

    def _offers(self, name: str) -> Iterator[tuple[Origin, str]]:
        if name in self._environ:
            yield SHELL, self._environ[name]
        for values, origins in reversed(self._env_files):
            if name in values:
                yield origins[name], values[name]


def all_references(template: str) -> Iterator[Reference]:
    """Yield the variables of a template that was interpolated, those inside of defaults too."""
    for reference in references(template):
        yield reference
        if reference.operator:
            yield from all_references(reference.argument)


def _fallback(reference: Reference, variables: Variables) -> str | None:
    """Return what the text itself offers (``${NAME:-this}``, ``${NAME:+this}``)."""
    if reference.operator[-1:] not in ("-", "+"):
        return None
    try:
        return substitute(reference.argument, variables.get)
    except TemplateError:
        return reference.argument  # it was not needed, so nobody has complained


def _falls_back(operator: str, value: str | None) -> bool:
    filled = bool(value) if operator[0] == ":" else value is not None
    return filled if operator[-1] == "+" else not filled
