"""Runs the program through a proxy that strikes at one of its changing calls."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.processes import Background, Result
from tests.e2e.stack import Stack, Who
from tests.fakes.proxy import Answer, Call, Proxy, Strike


@dataclass(frozen=True, kw_only=True, slots=True)
class Struck:
    """How a run went whose changing call `at` was to be struck.

    Attributes:
        result: how the program ended.
        call: the call that was struck, or None if the run made fewer changing calls.
    """

    result: Result
    call: Call | None


def run_struck(
    stack: Stack,
    command: str,
    *,
    at: int,
    strike: Callable[[Background], Strike],
    timeout: float = 60,
    who: Who = "program",
) -> Struck:
    """Invoke the program and strike at its changing call `at` (1-based) with what `strike` makes of the process."""
    begun = threading.Event()
    struck: list[Call] = []
    process: Background

    def on_call(call: Call) -> Strike | None:
        if call.change != at:
            return None
        struck.append(call)
        begun.wait()
        return strike(process)

    with Proxy(on_call=on_call) as proxy:
        process = stack.launch("struck", command, env={"DOCKER_HOST": proxy.address}, who=who)
        begun.set()
        result = process.ended(timeout)
    return Struck(result=result, call=struck[0] if struck else None)


def kill_before(process: Background) -> Strike:
    """The program dies before the daemon has seen the call."""
    return Strike(when="before", do=process.kill, then="cut")


def kill_after(process: Background) -> Strike:
    """The program dies once the daemon has carried the call out, without having seen the answer."""
    return Strike(when="after", do=process.kill, then="cut")


def cut_before(process: Background) -> Strike:
    """The connection breaks before the daemon has seen the call."""
    return Strike(when="before", then="cut")


def cut_after(process: Background) -> Strike:
    """The daemon carries the call out, and the connection breaks before its answer."""
    return Strike(when="after", then="cut")


def truncated(process: Background) -> Strike:
    """The daemon carries the call out, and the connection breaks within its answer."""
    return Strike(when="after", then="truncate")


def refused(process: Background) -> Strike:
    """The daemon answers with an internal error and does nothing."""
    return Strike(when="before", answer=Answer(status=500))
