"""How differences are found, hidden and told."""

from __future__ import annotations

import pytest

from compose_lite.planner.differences import HIDDEN, container_reasons, differences, shown
from compose_lite.planner.reasons import Change, Reason, Why, text


def told(expected, actual, **options):
    return [str(change) for change in differences(expected, actual, **options)]


def test_fields_are_named_in_order():
    expected = {"environment.B": "2", "environment.A": "1", "command": ("run",)}
    actual = {"environment.A": "0", "environment.C": "3", "command": ("run",)}
    assert told(expected, actual) == [
        "environment.A: 0 → 1",
        "environment.B: added 2",
        "environment.C: removed (was 3)",
    ]


def test_lists_switches_and_networks_are_readable():
    assert told({"command": ("a", "b c")}, {"command": ("a",)}) == ['command: ["a"] → ["a", "b c"]']
    assert told({"privileged": True}, {}) == ["privileged: false → true"]
    assert told({"networks.p_back": True}, {}) == ["networks.p_back: not attached → attached"]


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "DB_PASSWD", "POSTGRES_PASSWORD", "API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN",
     "CREDENTIALS", "PRIVATE_KEY", "APIKEY", "SENTRY_DSN", "BASIC_AUTH", "PGPASS"],
)  # fmt: skip
def test_values_with_a_secret_name_are_hidden(name):
    assert shown(f"environment.{name}", "hunter2") == HIDDEN


@pytest.mark.parametrize("name", ["PORT", "PATH", "KEYSPACE", "AUTHOR", "PASSIVE_MODE", "KEYBOARD"])
def test_others_are_not(name):
    assert shown(f"environment.{name}", "x") == "x"


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("postgres://me:geheim@db/x", HIDDEN),
        (("serve", "--password=geheim", "x"), '["serve", "--password=****, "x"]'),
        ("curl -H token: geheim", "curl -H token: ****"),
    ],
)
def test_secrets_inside_values_are_hidden(value, hidden):
    assert "geheim" not in shown("command", value)
    assert HIDDEN in shown("command", value)


def test_values_stay_on_one_line_and_short():
    assert shown("environment.A", "a\nb\x1b[31m") == r'"a\nb\u001b[31m"'
    assert len(shown("environment.A", "x" * 1000)) == 120


def test_what_the_engine_fills_in_is_no_difference():
    assert (
        told({}, {"runtime": "runc", "shm_size": 64, "ulimits.nofile": "1:1", "logging.driver": "json-file"})
        == []
    )
    assert told({"shm_size": 1}, {"shm_size": 2}) == ["shm_size: 2 → 1"]


def test_what_an_unknown_image_may_have_given_is_no_difference():
    actual = {"environment.PATH": "/bin", "command": ("sh",), "user": "app", "privileged": True}
    assert told({}, actual, image_known=False) == ["privileged: true → false"]
    assert len(told({}, actual)) == 4


def test_a_star_stands_for_an_id():
    assert told({"network_mode": "container:*"}, {"network_mode": "container:0123"}) == []
    assert told({"network_mode": "container:*"}, {"network_mode": "host"}) != []
    assert told({"volumes_from": ("*", "x")}, {"volumes_from": ("0123:ro", "x")}) == []


class TestFiles:
    OLD = {"files./etc/a.conf": "configs.a - - 1111"}

    def reasons(self, expected, actual):
        return [text(reason) for reason in container_reasons(expected, actual, image_known=True)]

    def test_a_changed_content_names_the_file(self):
        new = {"files./etc/a.conf": "configs.a - - 2222"}
        assert self.reasons(new, self.OLD) == ['config "a": content changed']

    def test_so_does_a_secret(self):
        assert self.reasons({"files./s": "secrets.s 1:1 0400 2"}, {"files./s": "secrets.s 1:1 0400 1"}) == [
            'secret "s": content changed'
        ]

    def test_an_owner_or_mode_is_a_field(self):
        assert self.reasons({"files./etc/a.conf": "configs.a 1:1 0400 1111"}, self.OLD) == [
            "files./etc/a.conf: configs.a → configs.a 1:1 0400"
        ]

    def test_an_unknown_content_is_no_difference(self):
        assert self.reasons({"files./etc/a.conf": "configs.a - - ?"}, self.OLD) == []

    def test_nor_is_anything_about_a_container_that_does_not_tell(self):
        assert self.reasons(self.OLD, {}) == []


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (Reason(why=Why.NOT_FOUND, subject="container"), "no container yet"),
        (Reason(why=Why.NOT_FOUND), "does not exist yet"),
        (
            Reason(
                why=Why.NETWORK_CHANGED,
                subject="back",
                changes=(Change(path="subnet", old="10.1.0.0/24", new="10.2.0.0/24"),),
            ),
            "network back: subnet 10.1.0.0/24 → 10.2.0.0/24",
        ),
        (Reason(why=Why.NETWORK_CHANGED, subject="back"), "network back changed"),
        (
            Reason(why=Why.CHANGED_OUTSIDE, subject="network default disconnected"),
            "container was changed outside: network default disconnected",
        ),
        (Reason(why=Why.CONFIG_CHANGED), "configuration changed in a way that inspection does not show"),
        (Reason(why=Why.ORPHAN, subject="{0}|x"), "service {0}|x is not in the project"),
    ],
)
def test_wording(reason, line):
    assert text(reason) == line


def test_every_kind_of_reason_has_words():
    for why in Why:
        assert text(Reason(why=why))
        assert "thing" in text(Reason(why=why, subject="thing"))


def test_a_file_that_is_new_to_a_container_that_would_tell_is_named():
    expected = {"files./banner": "configs.banner -:- - 1234"}
    (reason,) = container_reasons(expected, {}, image_known=True, files_known=True)
    assert [str(change) for change in reason.changes] == ["files./banner: added configs.banner"]
    assert container_reasons(expected, {}, image_known=True) == ()
