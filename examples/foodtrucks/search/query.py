"""The requests that the search server understands, read from Elasticsearch's JSON and refused where they ask for more."""

import html
import re
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# Unlikely in a text, so they mark what SQLite highlights until the text has been escaped.
START, END = "\x02", "\x03"


class SearchError(Exception):
    """A request that can't be answered; `kind` and `status` are those of Elasticsearch."""

    def __init__(self, kind: str, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.kind, self.reason, self.status = kind, reason, status


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Words to look for in a field; without a field it matches every document."""

    field: str | None = None
    words: tuple[str, ...] = ()
    operator: str = "OR"
    last_is_prefix: bool = False

    @classmethod
    def of(cls, query: Json) -> "Query":
        """Read `match_all`, `match` and `match_bool_prefix`; raises SearchError for everything else."""
        match list(query.items()):
            case [("match_all", {})]:
                return cls()
            case [("match" | "match_bool_prefix" as kind, dict(by_field))] if len(by_field) == 1:
                [(name, options)] = by_field.items()
            case _:
                raise SearchError("parsing_exception", f"unsupported query {query}")
        if not isinstance(options, dict):
            options = {"query": options}
        operator = str(options.get("operator", "or")).upper()
        if options.keys() - {"query", "operator"} or operator not in {"AND", "OR"}:
            raise SearchError("parsing_exception", f"unsupported options of [{kind}]: {options}")
        words = re.findall(r"\w+", str(options.get("query", "")))
        return cls(field=name, words=tuple(words), operator=operator, last_is_prefix=kind != "match")

    def expression(self, columns: tuple[str, ...]) -> str:
        """Return the query in FTS5's language, looking into `columns`; it must have words."""
        words = f" {self.operator} ".join(f'"{word}"' for word in self.words)
        return f"{{{' '.join(columns)}}} : ({words}{'*' if self.last_is_prefix else ''})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Highlight:
    """Which fields of a hit to return with the matched words marked, and how."""

    fields: tuple[str, ...] = ()
    before: str = "<em>"
    after: str = "</em>"
    escape: bool = False
    queried_field_only: bool = True

    @classmethod
    def of(cls, highlight: Json) -> "Highlight":
        """Read a `highlight` object; raises SearchError for what this server can't honour."""
        known = {"fields", "pre_tags", "post_tags", "encoder", "number_of_fragments", "require_field_match"}
        fields = highlight.get("fields", {})
        if highlight.keys() - known or any(fields.values()):
            raise SearchError("parsing_exception", f"unsupported highlight {highlight}")
        if fields and highlight.get("number_of_fragments") != 0:
            raise SearchError("parsing_exception", "only whole fields are highlighted: number_of_fragments 0")
        return cls(
            fields=tuple(fields),
            before=highlight.get("pre_tags", ["<em>"])[0],
            after=highlight.get("post_tags", ["</em>"])[0],
            escape=highlight.get("encoder") == "html",
            queried_field_only=highlight.get("require_field_match", True),
        )

    def fields_of(self, query: Query) -> tuple[str, ...]:
        """Return the fields to highlight for a query."""
        return tuple(name for name in self.fields if not self.queried_field_only or name == query.field)

    def render(self, marked: str) -> str:
        """Return a text that SQLite has marked, with the marks that the client asked for."""
        text = html.escape(marked) if self.escape else marked
        return text.replace(START, self.before).replace(END, self.after)
