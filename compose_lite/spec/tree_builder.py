"""Builds marked trees from a YAML parser's events, and judges depth, aliases and duplicate keys while it does.

It works without recursion, so that neither deep nesting nor an alias bomb can hurt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compose_lite.lazy_dataclasses import dataclass, field
from compose_lite.spec.reset_tags import OVERRIDE, RESET, Tagged, resolve_tags, without_resets
from compose_lite.spec.scalars import RESOLVABLE, Timestamp, resolve_plain, resolve_tagged
from compose_lite.spec.tree import Map, Seq, copy_tree, mark_location, path_text

if TYPE_CHECKING:
    from compose_lite.errors import Location
    from compose_lite.spec.problems import Problems
    from compose_lite.spec.tree import Mark, Path, Source

MAX_DEPTH = 100
"""Deepest nesting of mappings and lists; every later stage may recurse this far."""
MAX_ALIASED = 400_000
"""Most nodes that aliases may add to a document."""

_TAG_PREFIX = "tag:yaml.org,2002:"
_MERGE_TAG = _TAG_PREFIX + "merge"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One YAML document.

    Attributes:
        root: its content: a `Map` if it is any good, else whatever was there.
        resets: paths that the document tags `!reset` or `!override`: an earlier file's value goes.
    """

    root: Any
    resets: tuple[Path, ...] = ()


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


class TreeBuilder:
    """Takes the events of one stream, a method a kind, and hands each document out when it is complete.

    Args:
        source: the text, for locations.
        problems: what is wrong is added to it.
    """

    def __init__(self, source: Source, problems: Problems) -> None:
        self._source = source
        self._problems = problems
        self._anchors: dict[str, _Anchor | None] = {}
        self._stack: list[_Frame] = []
        self._frame: _Frame | None = None
        self._root: Any = None
        self._nodes = 0
        self._aliased = 0
        self._tagged = False
        self._dated = False

    def start(self, event: Any) -> None:
        """Begin a document."""
        if event.version is not None and tuple(event.version) != (1, 1):
            self._problems.fail(
                "yaml-version",
                f"the file asks for YAML {event.version[0]}.{event.version[1]}, which docker compose refuses",
                at=self._where(event),
                hint="leave out the %YAML line",
            )
        self._anchors = {}
        self._root = None
        self._tagged = self._dated = False

    def document(self) -> Document:
        """Return the document that has just ended."""
        root = self._root
        resets: list[Path] = []
        if self._tagged:
            root = resolve_tags(root, (), resets)
        if self._dated:
            self._refuse_dates(root, ())
        return Document(root=root, resets=tuple(resets))

    def scalar(self, event: Any) -> None:
        """Take a key or a value."""
        text = event.value
        value: Any = text
        tag = event.tag
        if tag is None or tag == "!":
            if (event.implicit[0] or (tag == "!" and not event.style)) and (
                not text or text[0] in RESOLVABLE
            ):
                value = resolve_plain(text)
                if type(value) is Timestamp:
                    self._dated = True
        elif tag.startswith(_TAG_PREFIX):
            try:
                value = resolve_tagged(tag, text)
            except ValueError as error:
                self._problems.add("yaml-tag", str(error), at=self._where(event))
        elif tag in (RESET, OVERRIDE):
            value = self._tag(tag, text)  # a scalar with a tag of ours is text, as in docker compose
        self._nodes += 1
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(value, 1, 0)
        mark = event.start_mark
        frame = self._frame
        if frame is None:
            self._root = value
        elif frame.key is None and type(frame.node) is Map and not frame.merging:
            if text == "<<" and event.implicit[0] and (tag is None or tag == _MERGE_TAG):
                self._take_merge_key(frame, event)
            else:
                self._take_key(frame, event, text, value)
        else:
            self._place(frame, value, mark.line, mark.column)

    def _take_merge_key(self, frame: _Frame, event: Any) -> None:
        if frame.merged:
            self._duplicate(frame, "<<", event)
        frame.merging = True

    def _take_key(self, frame: _Frame, event: Any, text: str, value: Any) -> None:
        mark = event.start_mark
        if type(value) is not str:
            self._problems.add(
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
        self._problems.add(
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
            node.marks[key] = (self._source, frame.key_line, frame.key_column, line, column)
        else:
            node.append(value)
            node.marks.append((self._source, line, column, line, column))

    def open(self, event: Any, node: Map | Seq) -> None:
        """Begin `node`, an empty mapping or list."""
        mark = event.start_mark
        frame = self._frame
        if frame is not None:
            if frame.key is None and type(frame.node) is Map and not frame.merging:
                self._problems.fail(
                    "key-not-text",
                    "a mapping or list can't be a key",
                    at=self._where(event),
                    path=self._path(),
                    hint="keys are plain text",
                )
            self._stack.append(frame)
            if len(self._stack) >= MAX_DEPTH:
                self._too_deep(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._frame = _Frame(
            node,
            (self._source, mark.line, mark.column, mark.line, mark.column),
            event.anchor,
            event.tag,
            self._nodes,
        )
        self._nodes += 1

    def close(self) -> None:
        """End the innermost mapping or list, and put it in its place."""
        frame = self._frame
        assert frame is not None
        if frame.merged:
            self._merge(frame)
        value = frame.node
        if frame.tag in (RESET, OVERRIDE):
            value = self._tag(frame.tag, value)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = _Anchor(value, self._nodes - frame.started, frame.height)
        if not self._stack:
            self._frame = None
            self._root = value
            return
        parent = self._stack.pop()
        self._frame = parent
        if parent.height <= frame.height:
            parent.height = frame.height + 1
        self._place(parent, value, frame.mark[3], frame.mark[4])

    def alias(self, event: Any) -> None:
        """Take a copy of what the anchor holds as a key or a value."""
        anchor = self._anchored(event)
        self._count(anchor, event)
        frame = self._frame
        value = copy_tree(anchor.value)
        if self._tagged:
            value = without_resets(value)
        mark = event.start_mark
        if frame is None:
            self._root = value
            return
        if len(self._stack) + anchor.height >= MAX_DEPTH:
            self._too_deep(event)
        if frame.height <= anchor.height:
            frame.height = anchor.height + 1
        if frame.key is None and type(frame.node) is Map and not frame.merging:
            text = str(value)
            if text == "<<":
                self._take_merge_key(frame, event)
            else:
                self._take_key(frame, event, text, value)
        else:
            self._place(frame, value, mark.line, mark.column)

    def _anchored(self, event: Any) -> _Anchor:
        """Return what an alias refers to."""
        name = event.anchor
        if name not in self._anchors:
            self._problems.fail(
                "unknown-alias",
                f"`*{name}` refers to an anchor that is not defined above it",
                at=self._where(event),
                path=self._path(),
            )
        anchor = self._anchors[name]
        if anchor is None:
            self._problems.fail(
                "alias-loop",
                f"`*{name}` is inside the value that it refers to",
                at=self._where(event),
                path=self._path(),
            )
        return anchor

    def _count(self, anchor: _Anchor, event: Any) -> None:
        """Count the nodes of an alias, as they are there once more."""
        self._aliased += anchor.size
        self._nodes += anchor.size
        if self._aliased > MAX_ALIASED:
            self._problems.fail(
                "too-many-aliases",
                f"the aliases of this file expand to more than {MAX_ALIASED:,} entries",
                at=self._where(event),
                hint="repeat less with anchors, or split the file",
            )

    def _merge(self, frame: _Frame) -> None:
        """Apply `<<`: keys of the mapping itself win, then earlier merged mappings."""
        node: Map = frame.node
        for value, line, column in frame.merged:
            parts = value if isinstance(value, list) else [value]
            for part in parts:
                if not isinstance(part, Map):
                    where = self._source.location(line + 1, column + 1)
                    self._problems.add(
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
        self._tagged = True
        return Tagged(value, tag == RESET)

    def _too_deep(self, event: Any) -> None:
        self._problems.fail(
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
                self._problems.add(
                    "date-value",
                    f"`{path_text((*path, step))}` is read as a date, which no attribute takes",
                    at=where,
                    path=(*path, step),
                    hint="put the value in quotes",
                )
            elif isinstance(item, (dict, list)):
                self._refuse_dates(item, (*path, step))

    def _where(self, event: Any) -> Location:
        mark = event.start_mark
        return self._source.location(mark.line + 1, mark.column + 1)

    def _path(self) -> Path:
        frames = [*self._stack, self._frame] if self._frame else self._stack
        steps: list[str | int] = []
        for frame in frames:
            if type(frame.node) is Map:
                if frame.key is not None:
                    steps.append(frame.key)
            else:
                steps.append(len(frame.node))
        return tuple(steps)
