"""The subset of Go's templates that `--format` takes."""

import pytest

from compose_lite.cli.views.formats import formatted
from compose_lite.cli.views.template import compile_template, fields_of
from compose_lite.errors import UsageError

ROW = {
    "Name": "demo-web-1",
    "State": "running",
    "ExitCode": 0,
    "Healthy": True,
    "Labels": "a.b=1,c=2",
    "Publishers": [{"URL": "0.0.0.0", "TargetPort": 80}, {"URL": "::", "TargetPort": 80}],
}


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{.Name}}", "demo-web-1"),
        ("{{ .Name }} is {{.State}}", "demo-web-1 is running"),
        ("{{.ExitCode}} {{.Healthy}}", "0 true"),
        ("{{.Publishers}}", "[map[TargetPort:80 URL:0.0.0.0] map[TargetPort:80 URL:::]]"),
        ("{{json .Publishers}}", '[{"URL":"0.0.0.0","TargetPort":80},{"URL":"::","TargetPort":80}]'),
        ("{{.Name | upper}}", "DEMO-WEB-1"),
        ("{{upper (truncate .Name 4)}}", "DEMO"),
        ("{{if .ExitCode}}bad{{else}}good{{end}}", "good"),
        ('{{if eq .State "exited"}}x{{else if eq .State "running"}}y{{else}}z{{end}}', "y"),
        ("{{range .Publishers}}{{.URL}}/{{.TargetPort}} {{end}}", "0.0.0.0/80 ::/80 "),
        ("{{range .Nothing}}x{{else}}none{{end}}", None),
        ("a {{- .State -}} b", "arunningb"),
        ('{{printf "%s:%v" .Name .ExitCode}}', "demo-web-1:0"),
        ('{{join (split .Labels ",") "+"}}', "a.b=1+c=2"),
        ("{{len .Publishers}}", "2"),
        ("{{index .Publishers 1 | json}}", '{"URL":"::","TargetPort":80}'),
        ("{{with .State}}<{{.}}>{{end}}", "<running>"),
        ("{{/* nothing */}}x", "x"),
        ('{{not .ExitCode}} {{and .Healthy "yes"}} {{or .ExitCode "no"}}', "true yes no"),
        ("`{{`raw`}}`", "`raw`"),
        ("no action", "no action"),
    ],
)
def test_template(source: str, shown: str | None) -> None:
    if shown is None:
        with pytest.raises(UsageError, match="no field 'Nothing'"):
            compile_template(source)(ROW)
    else:
        assert compile_template(source)(ROW) == shown


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{.Name", "unclosed"),
        ("{{if .Name}}x", "no {{end}}"),
        ("{{end}}", "unexpected"),
        ("{{}}", "can't read"),
        ("{{shout .Name}}", "no function 'shout'"),
        ("{{.Nmae}}", "no field 'Nmae'"),
        ("{{.Name.First}}", "no field 'First'"),
        ("{{(.Name}}", "parenthesis"),
        ("{{upper .ExitCode}}", "does not take"),
        ("{{.Name | }}", "can't read"),
    ],
)
def test_refused_templates(source: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_template(source)(ROW)
    assert message in str(caught.value)


def test_fields_of() -> None:
    assert fields_of("{{.Name}} and {{json .State}}") == ["Name", "State"]


def test_a_table_template_has_headers() -> None:
    (shown,) = formatted([ROW], "table {{.Name}}\\t{{.State | upper}}", {"State": "HOW"})
    assert shown.splitlines() == ["NAME         HOW", "demo-web-1   RUNNING"]


def test_labels_can_be_asked_for_by_name() -> None:
    assert list(formatted([ROW], '{{.Label "a.b"}}', {})) == ["1"]
