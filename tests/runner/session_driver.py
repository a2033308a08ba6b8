"""Holds one session with a container, for tests that watch it from outside: `exec|run|attach CONTAINER …`."""

import argparse
import sys

from compose_lite.errors import Interrupted
from compose_lite.runner.attach import AttachOptions, attach
from compose_lite.runner.connect import connect_daemon
from compose_lite.runner.console import Console
from compose_lite.runner.exec import ExecOptions, execute
from compose_lite.runner.run_session import run_attached

DETACHED = 200


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("exec", "run", "attach"))
    parser.add_argument("container")
    parser.add_argument("--tty", action="store_true")
    parser.add_argument("--no-stdin", action="store_true")
    parser.add_argument("--detach-keys")
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    given, command = parser.parse_args(words[:split]), tuple(words[split + 1 :])
    daemon, console = connect_daemon(), Console()
    try:
        if given.kind == "exec":
            options = ExecOptions(
                command=command,
                tty=given.tty,
                stdin=not given.no_stdin,
                detach_keys=given.detach_keys,
            )
            code = execute(daemon, given.container, options, console)
        else:
            session = run_attached if given.kind == "run" else attach
            attached = AttachOptions(stdin=not given.no_stdin, detach_keys=given.detach_keys)
            code = session(daemon, given.container, attached, console)
    except Interrupted as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return DETACHED if code is None else code


if __name__ == "__main__":
    sys.exit(main())
