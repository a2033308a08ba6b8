"""YAML text to marked trees: the only module that knows the YAML library.

A stream of parser events becomes `Map`s and `Seq`s without recursion, so that neither deep nesting nor an
alias bomb can hurt: depth, expanded aliases and duplicate keys are judged while building.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.spec.scalars import RESOLVABLE, Timestamp, resolve_plain, resolve_tagged
from compose_lite.spec.tree import (
    LINE_BREAK,
    Map,
    Mark,
    Path,
    Seq,
    Source,
    copy_tree,
    mark_location,
    path_text,
)
from compose_lite.spec.yaml_complaints import Failure, Place, complain

if TYPE_CHECKING:
    from compose_lite.spec.problems import Problems

try:
    from yaml._yaml import CParser as _EventParser
except ImportError:  # PyYAML built without libyaml: ten times slower, same events
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class _EventParser(Reader, Scanner, Parser):  # type: ignore[no-redef]  # stands in for the C one
        def __init__(self, stream: Any) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)


MAX_DEPTH = 100
"""Deepest nesting of mappings and lists; every later stage may recurse this far."""
MAX_ALIASED = 400_000
"""Most nodes that aliases may add to a document."""

_TAG_PREFIX = "tag:yaml.org,2002:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One YAML document.

    Attributes:
        root: its content: a `Map` if it is any good, else whatever was there.
        resets: paths that the document tags `!reset` or `!override`: an earlier file's value goes.
        empty: nothing, not even a null, was written.
    """

    root: Any
    resets: tuple[Path, ...] = ()


@dataclass(slots=True)
class _Tagged:
    """Stands for a value tagged `!reset` or `!override` until the document is complete."""

    value: Any
    reset: bool


@dataclass(slots=True)
class _Anchor:
    """A finished anchored value, how many nodes it has and how deep it goes."""

    value: Any
    size: int
    height: int


@dataclass(slots=True)
class _Frame:
    """A mapping or list under construction."""

    node: Any
    mark: Mark
    anchor: str | None
    tag: str | None
    started: int
    height: int = 1
    key: str | None = None
    key_line: int = 0
    key_column: int = 0
    merged: list[Any] = field(default_factory=list)
    merging: bool = False


def parse(source: Source, problems: Problems) -> list[Document]:
    """Read all documents of `source`; an empty list if it has none.

    Raises:
        SpecError: the text is not YAML, or not YAML that a compose file may hold.
    """
    builder = _Builder(source, problems)
    already_wrong = len(problems.errors)
    try:
        parser = _EventParser(source.text)
        documents = builder.run(parser.get_event)
    except yaml.MarkedYAMLError as error:
        complaint = complain(_failure(source, error))
        problems.fail(
            "yaml-syntax",
            f"not valid YAML: {complaint.message}",
            at=source.location(complaint.at.line + 1, complaint.at.column + 1),
            hint=complaint.hint,
        )
    except yaml.reader.ReaderError as error:
        line = source.text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else None
        problems.fail(
            "yaml-syntax",
            f"not valid YAML: a character that YAML does not allow ({_character(error.character)})",
            at=source.location(line),
        )
    except yaml.YAMLError as error:
        problems.fail("yaml-syntax", f"not valid YAML: {error}", at=source.location())
    if len(problems.errors) > already_wrong:
        problems.raise_errors()
    return documents


class _Builder:
    """Turns one event stream into documents."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self.source = source
        self.problems = problems
        self.anchors: dict[str, _Anchor | None] = {}
        self.stack: list[_Frame] = []
        self.frame: _Frame | None = None
        self.root: Any = None
        self.nodes = 0
        self.aliased = 0
        self.tagged = False
        self.dated = False

    def run(self, get_event: Any) -> list[Document]:
        """Consume events until the stream ends."""
        scalar_event, mapping_start, sequence_start = (
            yaml.ScalarEvent,
            yaml.MappingStartEvent,
            yaml.SequenceStartEvent,
        )
        documents: list[Document] = []
        while True:
            event = get_event()
            kind = type(event)
            if kind is scalar_event:
                self._scalar(event)
            elif kind is mapping_start:
                self._open(event, Map())
            elif kind is sequence_start:
                self._open(event, Seq())
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._close()
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                self._start(event)
            elif kind is yaml.DocumentEndEvent:
                documents.append(self._document())
            elif kind is yaml.StreamEndEvent:
                return documents

    def _start(self, event: Any) -> None:
        if event.version is not None and tuple(event.version) != (1, 1):
            self.problems.fail(
                "yaml-version",
                f"the file asks for YAML {event.version[0]}.{event.version[1]}, which docker compose refuses",
                at=self._where(event),
                hint="leave out the %YAML line",
            )
        self.anchors = {}
        self.root = None
        self.tagged = self.dated = False

    def _document(self) -> Document:
        root = self.root
        resets: list[Path] = []
        if self.tagged:
            root = _resolve_tags(root, (), resets)
        if self.dated:
            self._refuse_dates(root, ())
        return Document(root=root, resets=tuple(resets))

    def _scalar(self, event: Any) -> None:
        text = event.value
        value: Any = text
        tag = event.tag
        if tag is None or tag == "!":
            if (event.implicit[0] or (tag == "!" and not event.style)) and (
                not text or text[0] in RESOLVABLE
            ):
                value = resolve_plain(text)
                if type(value) is Timestamp:
                    self.dated = True
        elif tag.startswith(_TAG_PREFIX):
            try:
                value = resolve_tagged(tag, text)
            except ValueError as error:
                self.problems.add("yaml-tag", str(error), at=self._where(event))
        elif tag in ("!reset", "!override"):
            value = self._tag(tag, text)  # a scalar with a tag of ours is text, as in docker compose
        self.nodes += 1
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchor(value, 1, 0)
        mark = event.start_mark
        frame = self.frame
        if frame is None:
            self.root = value
        elif frame.key is None and type(frame.node) is Map and not frame.merging:
            self._take_key(frame, event, value)
        else:
            self._place(frame, value, mark.line, mark.column)

    def _take_key(self, frame: _Frame, event: Any, value: Any) -> None:
        mark = event.start_mark
        text = event.value
        if text == "<<" and event.implicit[0] and (event.tag is None or event.tag == _TAG_PREFIX + "merge"):
            if frame.merged:
                self._duplicate(frame, text, event)
            frame.merging = True
            return
        if type(value) is not str:
            self.problems.add(
                "key-not-text",
                f"the key `{text}` is not text",
                at=self._where(event),
                path=self._path(),
                hint=f'put it in quotes: "{text}"',
            )
        if text in frame.node:
            self._duplicate(frame, text, event)
        frame.key = text
        frame.key_line = mark.line
        frame.key_column = mark.column

    def _duplicate(self, frame: _Frame, key: str, event: Any) -> None:
        first = frame.node.mark(key)
        line = f" (first in line {first[1] + 1})" if first else ""
        self.problems.add(
            "duplicate-key",
            f"`{key}` is given twice in the same mapping{line}",
            at=self._where(event),
            path=(*self._path(), key),
            hint="keep one of them: YAML has no rule for which would win",
        )

    def _place(self, frame: _Frame, value: Any, line: int, column: int) -> None:
        node = frame.node
        if type(node) is Map:
            if frame.merging:
                frame.merging = False
                frame.merged.append((value, line, column))
                return
            key = frame.key or ""
            frame.key = None
            node[key] = value
            node.marks[key] = (self.source, frame.key_line, frame.key_column, line, column)
        else:
            node.append(value)
            node.marks.append((self.source, line, column, line, column))

    def _open(self, event: Any, node: Any) -> None:
        mark = event.start_mark
        frame = self.frame
        if frame is not None:
            if frame.key is None and type(frame.node) is Map and not frame.merging:
                self.problems.fail(
                    "key-not-text",
                    "a mapping or list can't be a key",
                    at=self._where(event),
                    path=self._path(),
                    hint="keys are plain text",
                )
            self.stack.append(frame)
            if len(self.stack) >= MAX_DEPTH:
                self._too_deep(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.frame = _Frame(
            node,
            (self.source, mark.line, mark.column, mark.line, mark.column),
            event.anchor,
            event.tag,
            self.nodes,
        )
        self.nodes += 1

    def _close(self) -> None:
        frame = self.frame
        assert frame is not None
        if frame.merged:
            self._merge(frame)
        value = frame.node
        if frame.tag == "!reset" or frame.tag == "!override":
            value = self._tag(frame.tag, value)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = _Anchor(value, self.nodes - frame.started, frame.height)
        if not self.stack:
            self.frame = None
            self.root = value
            return
        parent = self.stack.pop()
        self.frame = parent
        if parent.height <= frame.height:
            parent.height = frame.height + 1
        self._place(parent, value, frame.mark[3], frame.mark[4])

    def _alias(self, event: Any) -> None:
        name = event.anchor
        if name not in self.anchors:
            self.problems.fail(
                "unknown-alias",
                f"`*{name}` refers to an anchor that is not defined above it",
                at=self._where(event),
                path=self._path(),
            )
        anchor = self.anchors[name]
        if anchor is None:
            self.problems.fail(
                "alias-loop",
                f"`*{name}` is inside the value that it refers to",
                at=self._where(event),
                path=self._path(),
            )
        self.aliased += anchor.size
        self.nodes += anchor.size
        if self.aliased > MAX_ALIASED:
            self.problems.fail(
                "too-many-aliases",
                f"the aliases of this file expand to more than {MAX_ALIASED:,} entries",
                at=self._where(event),
                hint="repeat less with anchors, or split the file",
            )
        frame = self.frame
        value = copy_tree(anchor.value)
        if self.tagged:
            value = _without_resets(value)
        mark = event.start_mark
        if frame is None:
            self.root = value
            return
        if len(self.stack) + anchor.height >= MAX_DEPTH:
            self._too_deep(event)
        if frame.height <= anchor.height:
            frame.height = anchor.height + 1
        if frame.key is None and type(frame.node) is Map and not frame.merging:
            key = yaml.ScalarEvent(
                None, None, (True, False), str(value), event.start_mark, event.end_mark, style="*"
            )
            self._take_key(frame, key, value)
        else:
            self._place(frame, value, mark.line, mark.column)

    def _merge(self, frame: _Frame) -> None:
        """Apply `<<`: keys of the mapping itself win, then earlier merged mappings."""
        node: Map = frame.node
        for value, line, column in frame.merged:
            parts = value if isinstance(value, list) else [value]
            for part in parts:
                if not isinstance(part, Map):
                    where = self.source.location(line + 1, column + 1)
                    self.problems.add(
                        "bad-merge-key",
                        "`<<` takes a mapping or a list of mappings",
                        at=where,
                        path=self._path(),
                    )
                    continue
                for key, item in part.items():
                    if key not in node:
                        node.put(key, item, part.mark(key))

    def _tag(self, tag: str, value: Any) -> Any:
        self.tagged = True
        return _Tagged(value, tag == "!reset")

    def _too_deep(self, event: Any) -> None:
        self.problems.fail(
            "too-deep",
            f"nested deeper than {MAX_DEPTH} levels",
            at=self._where(event),
            hint="no compose file needs that",
        )

    def _refuse_dates(self, value: Any, path: Path) -> None:
        """Report dates outside extensions: no attribute takes one, so quotes were forgotten."""
        entries = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for step, item in entries:
            if isinstance(step, str) and step.startswith("x-"):
                continue
            if type(item) is Timestamp:
                mark = value.mark(step)
                where = mark_location(mark) if mark else None
                self.problems.add(
                    "date-value",
                    f"`{path_text((*path, step))}` is read as a date, which no attribute takes",
                    at=where,
                    path=(*path, step),
                    hint="put the value in quotes",
                )
            elif isinstance(item, (dict, list)):
                self._refuse_dates(item, (*path, step))

    def _where(self, event: Any) -> Any:
        mark = event.start_mark
        return self.source.location(mark.line + 1, mark.column + 1)

    def _path(self) -> Path:
        frames = [*self.stack, self.frame] if self.frame else self.stack
        steps: list[str | int] = []
        for frame in frames:
            if type(frame.node) is Map:
                if frame.key is not None:
                    steps.append(frame.key)
            else:
                steps.append(len(frame.node))
        return tuple(steps)


def _resolve_tags(value: Any, path: Path, resets: list[Path]) -> Any:
    """Take `!reset` values out of the tree, unwrap `!override` ones, and note both their paths."""
    if isinstance(value, _Tagged):
        resets.append(path)
        return None if value.reset else _unwrap(copy_tree(value.value))
    if isinstance(value, Map):
        for key in list(value):
            item = value[key]
            if isinstance(item, _Tagged) and item.reset:
                resets.append((*path, key))
                del value[key]
            elif isinstance(item, (dict, list, _Tagged)):
                value[key] = _resolve_tags(item, (*path, key), resets)
    elif isinstance(value, Seq):
        kept = Seq()
        for index, item in enumerate(value):
            if not (isinstance(item, _Tagged) and item.reset):
                kept.put(_resolve_tags(item, (*path, index), resets), value.mark(index))
        return kept
    return value


def _without_resets(value: Any) -> Any:
    """Drop what is tagged `!reset` inside an aliased value: it resets where the anchor is, and nowhere else."""
    if isinstance(value, Map):
        kept = [(key, item) for key, item in value.items() if not (isinstance(item, _Tagged) and item.reset)]
        marks = value.marks
        return Map(
            [(key, _without_resets(item)) for key, item in kept],
            {key: marks[key] for key, _ in kept if key in marks},
        )
    if isinstance(value, Seq):
        value[:] = [_without_resets(item) for item in value]
    return value


def _unwrap(value: Any) -> Any:
    """Take the tags off what is inside an overriding value: there they mean nothing."""
    if isinstance(value, _Tagged):
        return _unwrap(value.value)
    if isinstance(value, Map):
        value.update([(key, _unwrap(item)) for key, item in value.items()])
    elif isinstance(value, Seq):
        value[:] = [_unwrap(item) for item in value]
    return value


def _failure(source: Source, error: yaml.MarkedYAMLError) -> Failure:
    """Read the parser's error; a place behind the last line becomes the end of that line."""
    last = len(LINE_BREAK.findall(source.text))
    at = began = Place(line=0, column=0)
    if error.problem_mark is not None:
        at = began = Place(line=error.problem_mark.line, column=error.problem_mark.column)
    if error.context_mark is not None:
        began = Place(line=error.context_mark.line, column=error.context_mark.column)
    if at.line > last:
        at = Place(line=last, column=len(source.line(last + 1) or ""))
    return Failure(source=source, problem=error.problem or error.context or "", at=at, began=began)


def _character(code: Any) -> str:
    return f"#x{code:04x}" if isinstance(code, int) else repr(code)
