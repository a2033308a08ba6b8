"""The ways in which a changing call goes wrong: the rows of the fault matrix's table."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.e2e.processes import Background
from tests.e2e.strikes import cut_after, cut_before, kill_after, kill_before, truncated
from tests.fakes.proxy import Answer, Strike


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """One way of going wrong.

    Attributes:
        strike: what befalls the call.
        kills: the program itself dies; else it has to end by itself, with a word on how to go on.
        loses_nothing: the program sees every answer in the end, so it has to reach its goal at once.
    """

    strike: Callable[[Background], Strike]
    kills: bool = False
    loses_nothing: bool = False


def refused_with(status: int) -> Callable[[Background], Strike]:
    """The daemon answers with that status and does nothing."""
    return lambda process: Strike(when="before", answer=Answer(status=status))


def late_by(seconds: float) -> Callable[[Background], Strike]:
    """The daemon carries the call out, and its answer comes that much later."""
    return lambda process: Strike(when="after", do=lambda: time.sleep(seconds))


def modes(late: float) -> Mapping[str, Mode]:
    """All modes by name; a late answer is late by `late` seconds."""
    return {
        "killed-before": Mode(strike=kill_before, kills=True),
        "killed-after": Mode(strike=kill_after, kills=True),
        "500": Mode(strike=refused_with(500)),
        "503": Mode(strike=refused_with(503)),
        "409": Mode(strike=refused_with(409)),
        "cut-before": Mode(strike=cut_before),
        "cut-after": Mode(strike=cut_after),
        "truncated": Mode(strike=truncated),
        "late": Mode(strike=late_by(late), loses_nothing=True),
    }
