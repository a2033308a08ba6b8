"""Full-text indices in one SQLite file: what a small page needs of a search engine, on SQLite's FTS5."""

import json
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from query import END, START, Highlight, Json, Query, SearchError

_TOKENIZERS = {"english": "porter unicode61", "standard": "unicode61"}
_OTHER_TYPES = {"keyword", "geo_point", "integer", "long", "float", "double", "boolean", "date"}
_INDEX_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS indices (name TEXT PRIMARY KEY, mappings TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY,
    index_name TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    UNIQUE (index_name, id)
);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A stored document."""

    id: str
    version: int
    source: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A document that matches, with the matched words marked by field."""

    id: str
    score: float
    source: Json
    highlight: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """The searchable fields of an index: text columns, and fields that gather several of them (`copy_to`)."""

    tokenizer: str = "unicode61"
    columns: tuple[str, ...] = ()
    gathered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, mappings: Json) -> "Fields":
        """Read an index's mappings; raises SearchError for what this engine can't honour."""
        if mappings.keys() - {"dynamic", "properties"}:
            raise SearchError("mapper_parsing_exception", f"unsupported mappings: {sorted(mappings)}")
        analyzers: set[str] = set()
        texts: list[str] = []
        gathered: dict[str, tuple[str, ...]] = {}
        for name, properties in mappings.get("properties", {}).items():
            kind, unknown = properties.get("type"), properties.keys() - {"type", "analyzer", "copy_to"}
            if unknown or kind not in {"text", *_OTHER_TYPES} or not _FIELD_NAME.fullmatch(name):
                raise SearchError("mapper_parsing_exception", f"unsupported field [{name}]: {properties}")
            if kind == "text":
                texts.append(name)
                analyzers.add(properties.get("analyzer", "standard"))
            if target := properties.get("copy_to"):
                gathered[target] = (*gathered.get(target, ()), name)
        if len(analyzers) > 1 or analyzers - _TOKENIZERS.keys():
            raise SearchError("mapper_parsing_exception", f"want one analyzer of {sorted(_TOKENIZERS)}")
        return cls(
            tokenizer=_TOKENIZERS[analyzers.pop()] if analyzers else "unicode61",
            columns=tuple(name for name in texts if name not in gathered),
            gathered=gathered,
        )

    def searched_by(self, name: str) -> tuple[str, ...]:
        """Return the columns that a query on the field `name` looks into."""
        return self.gathered.get(name, (name,) if name in self.columns else ())


class Engine:
    """Indices of documents that outlive the process; safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; the engine is of no use afterwards."""
        with self._lock:
            self._database.close()

    def has_index(self, index: str) -> bool:
        """Tell whether an index exists."""
        with self._lock:
            return (
                self._database.execute("SELECT 1 FROM indices WHERE name = ?", [index]).fetchone() is not None
            )

    def create_index(self, index: str, mappings: Json) -> None:
        """Create an empty index; raises SearchError if it exists or its mappings ask for too much."""
        if not _INDEX_NAME.fullmatch(index):
            raise SearchError("invalid_index_name_exception", f"Invalid index name [{index}]")
        fields = Fields.of(mappings)
        columns = ", ".join((*fields.columns, f"tokenize = '{fields.tokenizer}'"))
        with self._transaction() as sql:
            if sql.execute("SELECT 1 FROM indices WHERE name = ?", [index]).fetchone():
                raise SearchError("resource_already_exists_exception", f"index [{index}] already exists")
            sql.execute("INSERT INTO indices VALUES (?, ?)", [index, json.dumps(mappings)])
            if fields.columns:
                sql.execute(f"CREATE VIRTUAL TABLE {_text_table(index)} USING fts5({columns})")

    def delete_index(self, index: str) -> None:
        """Delete an index with its documents; raises SearchError if there is none."""
        with self._transaction() as sql:
            if _fields(sql, index).columns:
                sql.execute(f"DROP TABLE {_text_table(index)}")
            sql.execute("DELETE FROM documents WHERE index_name = ?", [index])
            sql.execute("DELETE FROM indices WHERE name = ?", [index])

    def put(self, index: str, key: str, source: Json) -> int:
        """Store a document, replacing the one of that key; return its version, 1 if it is new."""
        with self._transaction() as sql:
            fields = _fields(sql, index)
            number, version = sql.execute(
                "INSERT INTO documents (index_name, id, version, source) VALUES (?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET version = version + 1, source = excluded.source"
                " RETURNING number, version",
                [index, key, json.dumps(source)],
            ).fetchone()
            if fields.columns:
                marks = ", ".join("?" * (len(fields.columns) + 1))
                sql.execute(
                    f"INSERT OR REPLACE INTO {_text_table(index)} (rowid, {', '.join(fields.columns)}) VALUES ({marks})",
                    [number, *(_text(source.get(column)) for column in fields.columns)],
                )
            return int(version)

    def get(self, index: str, key: str) -> Document | None:
        """Return a document, or None; raises SearchError if there is no such index."""
        with self._transaction() as sql:
            _fields(sql, index)
            row = sql.execute(
                "SELECT version, source FROM documents WHERE index_name = ? AND id = ?", [index, key]
            ).fetchone()
        return Document(id=key, version=row["version"], source=json.loads(row["source"])) if row else None

    def delete(self, index: str, key: str) -> int | None:
        """Delete a document; return the version of the deletion, or None if there was no document."""
        with self._transaction() as sql:
            fields = _fields(sql, index)
            row = sql.execute(
                "DELETE FROM documents WHERE index_name = ? AND id = ? RETURNING number, version",
                [index, key],
            ).fetchone()
            if row is None:
                return None
            if fields.columns:
                sql.execute(f"DELETE FROM {_text_table(index)} WHERE rowid = ?", [row["number"]])
            return int(row["version"]) + 1

    def search(self, index: str, query: Query, *, size: int, highlight: Highlight) -> tuple[int, list[Hit]]:
        """Return how many documents match, and the best `size` of them; raises SearchError without the index."""
        with self._transaction() as sql:
            fields = _fields(sql, index)
            if query.field is None:
                return _all_documents(sql, index, size)
            columns = fields.searched_by(query.field)
            if not columns or not query.words:
                return 0, []
            marked = {
                name: fields.columns.index(name) for name in highlight.fields_of(query) if name in columns
            }
            return _matching_documents(sql, index, query.expression(columns), size, highlight, marked)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._database:
            yield self._database


def _fields(sql: sqlite3.Connection, index: str) -> Fields:
    row = sql.execute("SELECT mappings FROM indices WHERE name = ?", [index]).fetchone()
    if row is None:
        raise SearchError("index_not_found_exception", f"no such index [{index}]", 404)
    return Fields.of(json.loads(row["mappings"]))


def _text_table(index: str) -> str:
    return f'"text_{index}"'


def _text(value: object) -> str:
    """Return what of a field's value is searched: a text, or the texts of a list."""
    if isinstance(value, list):
        return "\n".join(_text(item) for item in value)
    return "" if value is None else str(value)


def _all_documents(sql: sqlite3.Connection, index: str, size: int) -> tuple[int, list[Hit]]:
    (total,) = sql.execute("SELECT count(*) FROM documents WHERE index_name = ?", [index]).fetchone()
    rows = sql.execute(
        "SELECT id, source FROM documents WHERE index_name = ? ORDER BY number LIMIT ?", [index, size]
    )
    return total, [
        Hit(id=row["id"], score=1.0, source=json.loads(row["source"]), highlight={}) for row in rows
    ]


def _matching_documents(
    sql: sqlite3.Connection,
    index: str,
    expression: str,
    size: int,
    highlight: Highlight,
    marked: Mapping[str, int],
) -> tuple[int, list[Hit]]:
    table = _text_table(index)
    (total,) = sql.execute(f"SELECT count(*) FROM {table} WHERE {table} MATCH ?", [expression]).fetchone()
    marks = "".join(f", highlight({table}, {position}, ?, ?)" for position in marked.values())
    rows = sql.execute(
        f"SELECT id, source, -bm25({table}) AS score{marks} FROM {table} JOIN documents ON number = {table}.rowid"
        f" WHERE {table} MATCH ? ORDER BY score DESC, number LIMIT ?",
        [*([START, END] * len(marked)), expression, size],
    )
    return total, [
        Hit(
            id=row["id"],
            score=row["score"],
            source=json.loads(row["source"]),
            highlight={
                name: highlight.render(text)
                for name, text in zip(marked, list(row)[3:], strict=True)
                if START in text
            },
        )
        for row in rows
    ]
