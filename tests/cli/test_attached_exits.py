"""Which container's end is the end of an attached `up`."""

import pytest

from compose_lite.cli.attached_exits import Exits
from compose_lite.cli.commands.up import UpOptions
from compose_lite.events import ContainerExited


def exited(service: str, code: int, *, restarting: bool = False) -> ContainerExited:
    return ContainerExited(service=service, container=f"p-{service}-1", exit_code=code, restarting=restarting)


@pytest.mark.parametrize(
    ("options", "after_success", "after_failure"),
    [
        (UpOptions(), False, False),
        (UpOptions(abort_on_container_exit=True), True, True),
        (UpOptions(exit_code_from="web"), True, True),
        (UpOptions(abort_on_container_failure=True), False, True),
    ],
)
def test_options_say_which_end_is_that_of_all(
    options: UpOptions, after_success: bool, after_failure: bool
) -> None:
    exits = Exits(options)
    assert exits.ends_all(exited("web", 0)) == after_success
    assert exits.ends_all(exited("web", 3)) == after_failure


def test_what_is_about_to_be_restarted_ends_nothing() -> None:
    assert not Exits(UpOptions(abort_on_container_exit=True)).ends_all(exited("web", 3, restarting=True))


def test_the_last_end_of_a_service_counts() -> None:
    exits = Exits(UpOptions())
    exits.note(exited("web", 3))
    exits.note(exited("web", 0))
    assert exits.code_of("web") == 0
    assert exits.code_of("db") is None
