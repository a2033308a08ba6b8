"""Volumes, secrets and configs: what a container finds in its files, with which content, owner and mode."""

from tests.e2e.checks import (
    containers,
    field,
    inside,
    kept,
    nothing_left,
    replaced,
    volume,
    volumes,
)
from tests.e2e.harness import Scenario, scenarios
from tests.e2e.steps import do, edit, make_volume, remember, run, write
from tests.e2e.steps import inside as do_inside

STAT = "stat -c '%a %u:%g'"

test_volumes = scenarios(
    Scenario(
        name="shared-volume",
        intent="A named volume is shared by the services that mount it, read-only where the file says so.",
        files={
            "compose.yaml": """
                services:
                  writer: {image: "${IDLE}", volumes: ["data:/data"]}
                  reader: {image: "${IDLE}", volumes: ["data:/in:ro"]}
                volumes: {data: {labels: {purpose: test}}}
            """
        },
        steps=(
            run("up -d"),
            do_inside("writer", "echo hello > /data/file"),
            inside("reader", "cat /in/file", "hello"),
            inside("reader", "touch /in/other 2>&1 | grep -c Read-only", "1"),
        ),
    ),
    Scenario(
        name="names-and-external",
        intent="`name:` names a volume, an external one is neither made nor removed.",
        files={
            "compose.yaml": """
                services: {web: {image: "${IDLE}", volumes: ["data:/data", "shared:/shared"]}}
                volumes:
                  data: {name: "${STACK}-special"}
                  shared: {external: true, name: "${STACK}-shared"}
            """
        },
        steps=(
            make_volume("{STACK}-shared"),
            run("up -d"),
            volume("{STACK}-special", exists=True),
            volumes("data"),
            run("down -v"),
            volume("{STACK}-special", exists=False),
            volume("{STACK}-shared", exists=True),
        ),
    ),
    Scenario(
        name="binds",
        intent="Bind mounts resolve against the project's folder; a missing source is made where the short form is used.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    volumes:
                      - ./site:/site:ro
                      - ./made:/made
                      - {type: bind, source: ./site/index.html, target: /index.html}
            """,
            "site/index.html": "hello\n",
        },
        steps=(
            run("up -d"),
            inside("web", "cat /site/index.html /index.html", "hello\nhello"),
            inside("web", "touch /made/mark"),
            do("the host sees the mark", lambda stack: _exists(stack.folder / "made" / "mark")),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="missing-bind-source",
        intent="A missing source of a long-form bind that forbids making it is refused.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    volumes: [{type: bind, source: ./nowhere, target: /x, bind: {create_host_path: false}}]
            """
        },
        steps=(run("up -d", code=1),),
    ),
    Scenario(
        name="tmpfs",
        intent="`tmpfs`, and a volume of that type, are memory with the given size and mode.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    tmpfs: ["/run/a:size=64k,mode=700"]
                    volumes: [{type: tmpfs, target: /run/b, tmpfs: {size: 65536, mode: 0710}}]
            """
        },
        steps=(
            run("up -d"),
            inside("web", "grep -c 'tmpfs /run/[ab] .*size=64k' /proc/mounts", "2"),
            inside("web", "stat -c %a /run/a /run/b", "700\n710"),
            run("up -d", changes=0),
        ),
    ),
    Scenario(
        name="volumes-from",
        intent="`volumes_from` mounts what another service mounts.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", volumes_from: ["db:ro"]}
                  db: {image: "${IDLE}", volumes: ["data:/data", /scratch]}
                volumes: {data: {}}
            """
        },
        steps=(
            run("up -d"),
            do_inside("db", "echo a > /data/f; echo b > /scratch/f"),
            inside("web", "cat /data/f /scratch/f", "a\nb"),
            run("up -d", changes=0),
        ),
    ),
)

test_secrets = scenarios(
    Scenario(
        name="sources",
        intent="Secrets come from a file, from the environment, under their own or another name, read by the container's user.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    environment: {TOKEN_VALUE: null}
                    secrets: [password, token, {source: token, target: renamed}, {source: token, target: /etc/app/token}]
                secrets:
                  password: {file: ./password.txt}
                  token: {environment: TOKEN_VALUE}
            """,
            "password.txt": "hunter2\n",
        },
        steps=(
            run("up -d", env={"TOKEN_VALUE": "s3cr3t"}),
            inside("web", "cat /run/secrets/password", "hunter2"),
            inside("web", "cat /run/secrets/token /run/secrets/renamed /etc/app/token", "s3cr3ts3cr3ts3cr3t"),
            run("up -d", env={"TOKEN_VALUE": "s3cr3t"}, changes=None),
        ),
    ),
    Scenario(
        name="owner-and-mode",
        intent="A secret or config that is written into the container has the owner and mode that the file asks for.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    secrets: [{source: token, uid: "1000", gid: "1000", mode: 0400}]
                    configs: [{source: settings, target: /etc/settings.ini, uid: "1000", gid: "0", mode: 0640}]
                secrets: {token: {environment: TOKEN_VALUE}}
                configs: {settings: {content: "key = $${LEFT} ${STACK}\\n"}}
            """,
        },
        steps=(
            run("up -d", env={"TOKEN_VALUE": "s3cr3t"}),
            inside("web", f"{STAT} /run/secrets/token", "400 1000:1000"),
            inside("web", f"{STAT} /etc/settings.ini", "640 1000:0"),
            inside("web", "cat /run/secrets/token", "s3cr3t", user="1000"),
            inside("web", "cat /etc/settings.ini", "key = ${LEFT} {STACK}"),
        ),
    ),
    Scenario(
        name="file-with-mode",
        intent="A secret from a file with an owner and mode of its own arrives with them.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    secrets: [{source: password, uid: "1000", gid: "1000", mode: 0400}]
                secrets: {password: {file: ./password.txt}}
            """,
            "password.txt": "hunter2\n",
        },
        steps=(
            run("up -d"),
            inside("web", f"{STAT} /run/secrets/password", "400 1000:1000"),
            inside("web", "cat /run/secrets/password", "hunter2"),
        ),
    ),
    Scenario(
        name="read-only-container",
        intent="Secrets and configs of every source reach a container whose root is read-only.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    read_only: true
                    secrets: [password, {source: token, uid: "1000", gid: "1000", mode: 0400}]
                    configs: [{source: settings, target: /etc/app/settings.ini, mode: 0444}]
                secrets:
                  password: {file: ./password.txt}
                  token: {environment: TOKEN_VALUE}
                configs: {settings: {content: "key = value\\n"}}
            """,
            "password.txt": "hunter2\n",
        },
        steps=(
            run("up -d", env={"TOKEN_VALUE": "s3cr3t"}),
            containers(web="running"),
            inside("web", "cat /run/secrets/password", "hunter2"),
            inside("web", f"{STAT} /run/secrets/token", "400 1000:1000"),
            inside("web", "cat /run/secrets/token", "s3cr3t"),
            inside("web", "cat /etc/app/settings.ini", "key = value"),
            inside("web", "touch /file 2>/dev/null; test ! -e /file"),
        ),
    ),
    Scenario(
        name="changed-content",
        intent="Changed content of a secret or config replaces the containers that use it, and only those.",
        only="compose-lite",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", configs: [settings], secrets: [token]}
                  db: {image: "${IDLE}", secrets: [token]}
                  other: {image: "${IDLE}"}
                configs: {settings: {file: ./settings.ini}}
                secrets: {token: {environment: TOKEN_VALUE}}
            """,
            "settings.ini": "one\n",
        },
        steps=(
            run("up -d", env={"TOKEN_VALUE": "1"}),
            remember(),
            write("settings.ini", "two\n"),
            run("up -d", env={"TOKEN_VALUE": "1"}),
            replaced("web"),
            kept("db", "other"),
            inside("web", "cat /settings", "two"),
            remember(),
            run("up -d", env={"TOKEN_VALUE": "2"}),
            replaced("web", "db"),
            kept("other"),
            inside("db", "cat /run/secrets/token", "2"),
        ),
    ),
    Scenario(
        name="no-secret-in-labels",
        intent="No secret's value, from the environment or a file, is found in what the daemon tells about a container.",
        files={
            "compose.yaml": """
                services:
                  web: {image: "${IDLE}", secrets: [token, password]}
                secrets:
                  token: {environment: TOKEN_VALUE}
                  password: {file: ./password.txt}
            """,
            "password.txt": "canary-in-file\n",
        },
        steps=(
            run("up -d", env={"TOKEN_VALUE": "canary-in-environment"}),
            do("no canary", lambda stack: _no_canary(str(stack.container("web").attributes))),
        ),
    ),
    Scenario(
        name="env-files",
        intent="Variables come from env files and the environment section, and a changed env file replaces the container.",
        files={
            "compose.yaml": """
                services:
                  web:
                    image: ${IDLE}
                    env_file: [one.env, {path: missing.env, required: false}]
                    environment: [A=section]
                  db: {image: "${IDLE}"}
            """,
            "one.env": "A=file\nB=file\n",
        },
        steps=(
            run("up -d"),
            inside("web", "echo $A $B", "section file"),
            remember(),
            edit("one.env", "B=file", "B=new"),
            run("up -d"),
            replaced("web"),
            kept("db"),
            inside("web", "echo $B", "new"),
        ),
    ),
)

test_data = scenarios(
    Scenario(
        name="down-keeps-volumes",
        intent="`down` keeps named volumes with their data; `down -v` removes them.",
        files={
            "compose.yaml": """
                services: {db: {image: "${IDLE}", volumes: ["data:/data"]}}
                volumes: {data: {}}
            """
        },
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark"),
            run("down"),
            nothing_left(but_volumes=("data",)),
            run("up -d"),
            inside("db", "cat /data/mark", "precious"),
            run("down -v"),
            nothing_left(),
        ),
    ),
    Scenario(
        name="changed-volume",
        intent="A volume whose definition changed is never thrown away silently: its data is still there after `up`.",
        files={
            "compose.yaml": """
                services: {db: {image: "${IDLE}", volumes: ["data:/data"]}}
                volumes: {data: {labels: {generation: "1"}}}
            """
        },
        steps=(
            run("up -d"),
            do_inside("db", "echo precious > /data/mark"),
            edit("compose.yaml", '"1"', '"2"'),
            run("up -d", code=None),
            inside("db", "cat /data/mark", "precious"),
        ),
    ),
    Scenario(
        name="image-content",
        intent="A new named volume starts with what the image has at its target.",
        files={
            "compose.yaml": """
                services: {db: {image: "${IDLE}", volumes: ["data:/etc"]}}
                volumes: {data: {}}
            """
        },
        steps=(
            run("up -d"),
            inside("db", "grep -c ^root /etc/passwd", "1"),
            field("db", "Mounts.0.Name", "{STACK}_data"),
        ),
    ),
)


def _exists(path: object) -> None:
    from pathlib import Path

    assert Path(str(path)).exists(), f"{path} is missing"


def _no_canary(text: str) -> None:
    assert "canary-in" not in text
