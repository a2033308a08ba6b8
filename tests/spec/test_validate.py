"""What a compose file's mistakes look like to the user: place, code, message, remedy."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose_lite.errors import SpecError
from compose_lite.spec.load import load
from compose_lite.spec.options import LoadOptions
from compose_lite.spec.problems import Problems
from compose_lite.spec.schema_words import as_yaml
from compose_lite.spec.source import parse
from compose_lite.spec.suggest import did_you_mean, nearest
from compose_lite.spec.tree import Map, Source
from compose_lite.spec.validate import schema_problems


def tree(text: str) -> Map:
    [document] = parse(Source(name="compose.yaml", text=textwrap.dedent(text)), Problems())
    assert isinstance(document.root, Map)
    return document.root


def told(text: str) -> list[str]:
    """Return each problem as ``line:column code message (hint)``."""
    lines = []
    for problem in schema_problems(tree(text)):
        where = problem.location
        place = f"{where.line}:{where.column}" if where else "-"
        hint = f" ({problem.hint})" if problem.hint else ""
        lines.append(f"{place} {problem.code} {problem.message}{hint}")
    return lines


def service(text: str) -> str:
    return f"services:\n  web:\n{textwrap.indent(textwrap.dedent(text).strip(), '    ')}\n"


VALID = """
    name: shop
    x-anything: [1, {a: 2024-01-01}]
    x-compose-lite: {check: {ignore: [latest-tag]}}
    services:
      web:
        image: nginx
        command:
        deploy:
        develop:
        pid:
        networks: {front: }
        environment: {A: , B: 1, C: 1.5, D: true, E: text}
        privileged: "true"
        scale: "2"
        mem_limit: 10
        x-compose-lite: {job: true}
      job: {image: x, x-compose-lite: {job: true}}
      watched: {image: x, x-compose-lite: {supervise: {delay: 500ms, max_delay: 1m30s, max_attempts: 3, window: 1.5h}}}
      alone: {image: x, x-compose-lite: {supervise: false}}
    networks: {front: }
    volumes: {data: , db: {x-compose-lite: {protected: true}}}
    models: {llm: {model: ai/x}}
    """


def test_a_valid_file_has_no_problems() -> None:
    assert told(VALID) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'prots: ["80:80"]',
            '3:5 unknown-key services.web: "prots" is not a known key of a service (did you mean "ports"?)',
        ),
        (
            "enviroment: {}",
            '3:5 unknown-key services.web: "enviroment" is not a known key of a service (did you mean "environment"?)',
        ),
        (
            "env: {}",
            '3:5 unknown-key services.web: "env" is not a known key of a service (did you mean "env_file" or "environment"?)',
        ),
        (
            "depends-on: [a]",
            '3:5 unknown-key services.web: "depends-on" is not a known key of a service (did you mean "depends_on"?)',
        ),
        (
            "replicas: 3",
            '3:5 unknown-key services.web: "replicas" is not a known key of a service (it belongs under "deploy")',
        ),
        (
            "memory: 3g",
            '3:5 unknown-key services.web: "memory" is not a known key of a service (it belongs under "deploy.resources.limits")',
        ),
        ("qwertz: 3", '3:5 unknown-key services.web: "qwertz" is not a known key of a service'),
        (
            "healthcheck: {volumes: []}",
            '3:19 unknown-key services.web.healthcheck: "volumes" is not a known key of a health check (it is a key of services.web: check the indentation)',
        ),
        (
            "credential_spec: {qwertz: a}",
            '3:23 unknown-key services.web.credential_spec: "qwertz" is not a known key of a credential specification (known keys: config, file, registry)',
        ),
        (
            "deploy: {resources: {limit: {}}}",
            '3:26 unknown-key services.web.deploy.resources: "limit" is not a known key here (did you mean "limits"?)',
        ),
        (
            "x-compose-lite: {jbo: true}",
            '3:22 unknown-key services.web.x-compose-lite: "jbo" is not a known key of a compose-lite section (did you mean "job"?)',
        ),
        (
            "x-compose-lite: {supervise: {delay: soon}}",
            '3:41 bad-format services.web.x-compose-lite.supervise.delay: "soon" does not have the right form (Write it like `10s` or `1m30s`.)',
        ),
        (
            "x-compose-lite: {supervise: {max_attempts: 0}}",
            "3:48 out-of-range services.web.x-compose-lite.supervise.max_attempts must be at least 1, not 0",
        ),
        (
            "image: [nginx]",
            "3:12 wrong-type services.web.image must be text, not a list (write it without the list: image: nginx)",
        ),
        (
            "image: [a, b]",
            "3:12 wrong-type services.web.image must be text, not a list (for example: image: nginx:1.27)",
        ),
        (
            "user: 0755",
            '3:11 wrong-type services.web.user must be text, not the number 0755 (put it in quotes: user: "0755")',
        ),
        (
            "hostname: true",
            '3:15 wrong-type services.web.hostname must be text, not true (put it in quotes: hostname: "true")',
        ),
        (
            "restart: false",
            '3:14 wrong-type services.web.restart must be text, not false (put it in quotes: restart: "no")',
        ),
        (
            "healthcheck: {interval: 10}",
            "3:29 wrong-type services.web.healthcheck.interval must be text, not the number 10 (for example: interval: 10s)",
        ),
        (
            'ports: "80:80"',
            '3:12 wrong-type services.web.ports must be a list, not the text "80:80" (write a list: ports: ["80:80"])',
        ),
        (
            "volumes: [5]",
            '3:15 wrong-type services.web.volumes[0] must be text or a mapping, not the number 5 (put it in quotes: - "5")',
        ),
        (
            "privileged: []",
            "3:17 wrong-type services.web.privileged must be true or false, not a list (for example: privileged: true)",
        ),
        (
            "scale: {}",
            "3:12 wrong-type services.web.scale must be text or a whole number, not a mapping (for example: scale: 2)",
        ),
        (
            "scale: 1.5",
            '3:12 wrong-type services.web.scale must be text or a whole number, not the number 1.5 (put it in quotes: scale: "1.5")',
        ),
        (
            "depends_on: {db: service_healthy}",
            '3:22 wrong-type services.web.depends_on.db must be a mapping, not the text "service_healthy" (for example: depends_on: {db: {condition: service_healthy}})',
        ),
        (
            "environment: {A: [1]}",
            "3:22 wrong-type services.web.environment.A must be a single value, not a list (for example: environment: {LOG_LEVEL: debug, TOKEN: null})",
        ),
        (
            "ports:",
            '3:5 empty-value services.web.ports is empty; it must be a list (for example: ports: ["8080:80"])',
        ),
        (
            "restart:",
            "3:5 empty-value services.web.restart is empty; it must be text (for example: restart: unless-stopped)",
        ),
        (
            "develop: {watch: [{path: .}]}",
            '3:23 missing-key services.web.develop.watch[0]: "action" is missing (for example: action: sync)',
        ),
        (
            "extends: {file: a.yaml}",
            '3:5 missing-key services.web.extends: "service" is missing (for example: service: base)',
        ),
        (
            "cgroup: hots",
            '3:13 not-allowed-value services.web.cgroup must be "host" or "private", not "hots" (did you mean "host"?)',
        ),
        ("gpus: some", '3:11 not-allowed-value services.web.gpus must be "all", not "some"'),
        (
            "oom_score_adj: 5000",
            "3:20 out-of-range services.web.oom_score_adj must be from -1000 to 1000, not 5000",
        ),
        ("cpu_count: -1", "3:16 out-of-range services.web.cpu_count must be at least 0, not -1"),
        (
            "cap_add: [A, B, A]",
            "3:21 duplicate-item services.web.cap_add[2] repeats item [0] (line 3) of the same list (remove one of them)",
        ),
    ],
)
def test_a_mistake_in_a_service(text: str, expected: str) -> None:
    assert told(service(text)) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "serivces: {}",
            '1:1 unknown-key "serivces" is not a known top-level key (did you mean "services"?)',
        ),
        (
            "web: {image: nginx}",
            '1:1 unknown-key "web" is not a known top-level key (services go under "services:")',
        ),
        (
            "version: 3",
            '1:10 wrong-type version must be text, not the number 3 (put it in quotes: version: "3")',
        ),
        (
            "services:",
            '1:1 empty-value services is empty; it must be a mapping (for example: services: {web: {image: nginx:1.27, ports: ["8080:80"]}})',
        ),
        (
            "services: {a b: {image: x}}",
            '1:12 bad-name services: "a b" is not a valid name (names consist of letters, digits, dots, dashes and underscores)',
        ),
        (
            "services: {a: {environment: {'': x}}}",
            "1:30 bad-name services.a.environment: a name can't be empty",
        ),
        (
            "volumes: {v: {driver_opts: {o: true}}}",
            '1:32 wrong-type volumes.v.driver_opts.o must be text or a number, not true (put it in quotes: o: "true")',
        ),
        (
            "volumes: {v: {external: {nmae: x}}}",
            '1:26 unknown-key volumes.v.external: "nmae" is not a known key here (did you mean "name"?)',
        ),
        (
            "models: {llm: {}}",
            '1:10 missing-key models.llm: "model" is missing (for example: model: ai/smollm2)',
        ),
    ],
)
def test_a_mistake_elsewhere(text: str, expected: str) -> None:
    assert told(text) == [expected]


def test_a_name_of_the_wrong_form_comes_with_the_form() -> None:
    assert told(service("container_name: n")) == [
        '3:21 bad-format services.web.container_name: "n" does not have the right form '
        "(At least two characters: letters, digits, `_`, `.` and `-`, a letter or digit first.)"
    ]


def test_all_problems_come_at_once_and_in_the_order_of_the_file() -> None:
    lines = told(
        """\
        services:
          b:
            image: [1, 2]
            prots: []
          a:
            restart: false
        nmae: x
        """
    )
    assert [line.split(" ")[:2] for line in lines] == [
        ["3:12", "wrong-type"],
        ["4:5", "unknown-key"],
        ["6:14", "wrong-type"],
        ["7:1", "unknown-key"],
    ]


def test_a_tree_that_no_file_wrote_has_problems_without_a_place() -> None:
    [problem] = schema_problems(Map({"services": {"a": {"ports": 5}}}))
    assert problem.location is None
    assert problem.path == "services.a.ports"


def test_a_value_that_no_file_can_hold_is_named_by_its_type() -> None:
    [problem] = schema_problems(Map({"services": {"a": {"hostname": {1, 2}}}}))
    assert problem.message == "services.a.hostname must be text, not a Python set"


def test_long_values_are_cut() -> None:
    [line] = told(service(f"cgroup: {'x' * 500}"))
    assert len(line) < 200


@pytest.mark.parametrize(
    ("name", "meant"),
    [("prots", "ports"), ("IMAGE", "image"), ("health-check", "healthcheck"), ("zzz", None), ("", None)],
)
def test_the_nearest_name(name: str, meant: str | None) -> None:
    assert nearest(name, ["ports", "image", "healthcheck", "expose"]) == meant


def test_a_beginning_offers_what_it_may_become() -> None:
    assert did_you_mean("ne", ["network", "networks", "other"]) == 'did you mean "network" or "networks"?'
    assert did_you_mean("n", ["network", "other"]) is None


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_categories=["C"]))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT,  # beyond, YAML has floats
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
        max_leaves=8,
    )
)
def test_examples_are_yaml_of_what_they_show(value: object) -> None:
    assert tree(f"shown: {as_yaml(value)}") == {"shown": value}


def test_examples_are_as_short_as_people_write_them() -> None:
    example = {"a": ["80:80", "10s", "./data:/data", "no", "1.5", None, True]}
    assert as_yaml(example) == '{a: ["80:80", 10s, ./data:/data, "no", "1.5", null, true]}'


def load_problems(folder: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        (folder / name).write_text(text)
    with pytest.raises(SpecError) as refusal:
        load(LoadOptions(working_dir=str(folder)))
    return [f"{problem.location} {problem.code}" for problem in refusal.value.problems]


def test_all_problems_of_all_files_come_in_one_run(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services: {a: {imagee: x}, b: {ports: 5}}",
        "compose.override.yaml": "services: {a: {depends_on: {b: {restart: true}}, user: 5}}",
    }
    assert load_problems(tmp_path, files) == [
        "compose.override.yaml:1:29 missing-key",
        "compose.override.yaml:1:56 wrong-type",
        "compose.yaml:1:16 unknown-key",
        "compose.yaml:1:39 wrong-type",
    ]


def test_one_mistake_does_not_hide_those_of_later_stages(tmp_path: Path) -> None:
    """Grammar, variables, keys, values, references and env files are judged by different stages."""
    files = {
        "compose.yaml": (
            "include: [included.yaml]\n"
            "services:\n"
            "  web:\n"
            "    image: ${TAG:?which one}\n"
            "    port: ['80:80']\n"
            "    depends_on: [dbb]\n"
            "    networks: [bak]\n"
            "    volumes: ['data:/x', 'other:/y']\n"
            "  job:\n"
            "    extends: {file: base.yaml, service: base}\n"
            "    imge: y\n"
            "    mem_limit: 12q\n"
            "    env_file: [missing.env]\n"
            "    secrets: [s]\n"
            "networks: {back: {}}\n"
            "volumes: {data: {}}\n"
            "secrets: {s: {fil: x}}\n"
        ),
        "compose.override.yaml": "services: {web: {ports: ['80:http'], configs: [gone]}}\n",
        "included.yaml": "services: {db: {image: x, healthcheck: {interval: 5}}}\n",
        "base.yaml": "services: {base: {build: ., scale: many}}\n",
    }
    assert load_problems(tmp_path, files) == [
        "base.yaml:1:36 wrong-type",
        "compose.override.yaml:1:26 bad-port",
        "compose.override.yaml:1:48 undefined-config",
        "compose.yaml:4:12 required-variable",
        "compose.yaml:5:5 unknown-key",
        "compose.yaml:6:18 undefined-service",
        "compose.yaml:7:16 undefined-network",
        "compose.yaml:8:26 undefined-volume",
        "compose.yaml:11:5 unknown-key",
        "compose.yaml:12:16 wrong-type",
        "compose.yaml:13:16 no-such-file",
        "compose.yaml:17:15 unknown-key",
        "included.yaml:1:51 wrong-type",
    ]


def test_what_follows_from_a_mistake_is_not_told(tmp_path: Path) -> None:
    """No image (it is misspelt), no network (its section is), no service (it is no mapping): told once each."""
    files = {
        "compose.yaml": (
            "services:\n"
            "  web: {imge: x, networks: [back], depends_on: [db]}\n"
            "  db: [x]\n"
            "netwroks: {back: {}}\n"
        )
    }
    assert load_problems(tmp_path, files) == [
        "compose.yaml:2:9 unknown-key",
        "compose.yaml:3:7 wrong-type",
        "compose.yaml:4:1 unknown-key",
    ]


def test_a_file_that_is_no_yaml_does_not_hide_the_others(tmp_path: Path) -> None:
    files = {"compose.yaml": "services: {a: {imagee: x}", "compose.override.yaml": "services: {a: {user: 5}}"}
    assert [line.split()[1] for line in load_problems(tmp_path, files)] == ["wrong-type", "yaml-syntax"]


def test_an_item_of_the_wrong_type_is_reported_once(tmp_path: Path) -> None:
    files = {"compose.yaml": "services: {a: {image: x, environment: [A=1, A=2, {B: 3}]}}"}
    assert load_problems(tmp_path, files) == ["compose.yaml:1:50 wrong-type"]


def test_only_so_many_mistakes_are_told_as_a_person_may_read() -> None:
    found = told("services:\n" + "".join(f"  s{number}: {{imagee: x}}\n" for number in range(600)))
    assert len(found) == 501
    assert "100 more services" in found[-1]


def test_what_is_right_is_not_in_the_way_of_what_is_wrong() -> None:
    right = "".join(f"  s{number}: {{image: x}}\n" for number in range(700))
    [found] = told(f"services:\n{right}  web: {{imagee: x}}\nnetworks: {{front: }}\n")
    assert "services.web" in found
