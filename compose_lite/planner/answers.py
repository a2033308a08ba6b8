"""What a provider answers: the variables that the services depending on it get."""

from __future__ import annotations

from compose_lite.lazy_dataclasses import dataclass
from compose_lite.spec.model import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """The variables that a provider has said.

    Attributes:
        prefixed: those that dependents get with the service's name in front (`setenv`).
        raw: those that they get as they are (`rawsetenv`).
    """

    prefixed: Mapping[str, str] = EMPTY
    raw: Mapping[str, str] = EMPTY

    def variables(self, service: str) -> dict[str, str]:
        """What the dependents of `service` get."""
        return {**{prefix(service) + name: value for name, value in self.prefixed.items()}, **self.raw}


def prefix(service: str) -> str:
    """What stands in front of the names of a service's variables: `my-db` → `MY-DB_`, as with docker compose."""
    return f"{service.upper()}_"
