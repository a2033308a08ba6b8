"""YAML text to marked trees: the only module that knows the YAML library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from compose_lite.spec.tree import LINE_BREAK, Map, Seq
from compose_lite.spec.tree_builder import TreeBuilder
from compose_lite.spec.yaml_complaints import Failure, Place, complain

if TYPE_CHECKING:
    from collections.abc import Callable

    from compose_lite.spec.problems import Problems
    from compose_lite.spec.tree import Source
    from compose_lite.spec.tree_builder import Document

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


def parse(source: Source, problems: Problems) -> list[Document]:
    """Read all documents of `source`; an empty list if it has none.

    Raises:
        SpecError: the text is not YAML, or not YAML that a compose file may hold.
    """
    builder = TreeBuilder(source, problems)
    already_wrong = len(problems.errors)
    try:
        parser = _EventParser(source.text)
        documents = _documents(parser.get_event, builder)
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


def _documents(get_event: Callable[[], Any], builder: TreeBuilder) -> list[Document]:
    """Hand the events to the builder until the stream ends."""
    # The commonest kinds come first, as local names: a large file has some hundred thousand events.
    scalar, mapping_start, sequence_start = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
    documents: list[Document] = []
    while True:
        event = get_event()
        kind = type(event)
        if kind is scalar:
            builder.scalar(event)
        elif kind is mapping_start:
            builder.open(event, Map())
        elif kind is sequence_start:
            builder.open(event, Seq())
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            builder.close()
        elif kind is yaml.AliasEvent:
            builder.alias(event)
        elif kind is yaml.DocumentStartEvent:
            builder.start(event)
        elif kind is yaml.DocumentEndEvent:
            documents.append(builder.document())
        elif kind is yaml.StreamEndEvent:
            return documents


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
