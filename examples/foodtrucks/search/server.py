"""A search server that speaks the part of Elasticsearch's REST protocol that the truck page uses.

It is a stand-in for machines that can't pull the official image. Writes are visible to the next search at once, so
`refresh` changes nothing here. What it doesn't know it refuses as Elasticsearch refuses what is malformed.
"""

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from engine import Engine, Hit
from query import Highlight, Json, Query, SearchError

VERSION = "8.19.12"  # of the protocol: what compose.yaml runs
_SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request to a route: the parts of its path that vary, and its body."""

    engine: Engine
    body: bytes
    index: str = ""
    id: str = ""

    def json(self) -> Json:
        """Return the body as an object, empty without a body; raises SearchError if it isn't one."""
        return _object(self.body) if self.body.strip() else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A status code and a JSON body."""

    status: int = 200
    body: Json


Handler = Callable[[Request], Answer]


def info(_request: Request) -> Answer:
    """Say what this is, as a client expects before it goes on."""
    version = {"number": VERSION, "build_flavor": "stand-in"}
    return Answer(
        body={
            "name": "stand-in",
            "cluster_name": "foodtrucks",
            "version": version,
            "tagline": "You Know, for Search (a stand-in)",
        }
    )


def health(_request: Request) -> Answer:
    """Report the cluster's health: one node that answers is as healthy as it gets."""
    return Answer(
        body={"cluster_name": "foodtrucks", "status": "green", "timed_out": False, "number_of_nodes": 1}
    )


def has_index(request: Request) -> Answer:
    """Tell by the status whether an index exists."""
    return Answer(status=200 if request.engine.has_index(request.index) else 404, body={})


def create_index(request: Request) -> Answer:
    """Create an index with the mappings in the body; its settings are of no meaning to a single file."""
    body = request.json()
    if body.keys() - {"mappings", "settings"}:
        raise SearchError("parse_exception", f"unsupported index: {sorted(body)}")
    request.engine.create_index(request.index, body.get("mappings", {}))
    return Answer(body={"acknowledged": True, "shards_acknowledged": True, "index": request.index})


def delete_index(request: Request) -> Answer:
    """Delete an index with its documents."""
    request.engine.delete_index(request.index)
    return Answer(body={"acknowledged": True})


def refresh(request: Request) -> Answer:
    """Make writes visible, which they are."""
    if not request.engine.has_index(request.index):
        raise SearchError("index_not_found_exception", f"no such index [{request.index}]", 404)
    return Answer(body={"_shards": _SHARDS})


def put_document(request: Request) -> Answer:
    """Store a document."""
    version = request.engine.put(request.index, request.id, request.json())
    return Answer(status=201 if version == 1 else 200, body=_written(request.index, request.id, version))


def get_document(request: Request) -> Answer:
    """Return a document."""
    document = request.engine.get(request.index, request.id)
    place = {"_index": request.index, "_id": request.id}
    if document is None:
        return Answer(status=404, body={**place, "found": False})
    return Answer(body={**place, "_version": document.version, "found": True, "_source": document.source})


def delete_document(request: Request) -> Answer:
    """Delete a document."""
    place = {"_index": request.index, "_id": request.id}
    version = request.engine.delete(request.index, request.id)
    if version is None:
        return Answer(status=404, body={**place, "_version": 1, "result": "not_found", "_shards": _SHARDS})
    return Answer(body={**place, "_version": version, "result": "deleted", "_shards": _SHARDS})


def bulk(request: Request) -> Answer:
    """Carry out a list of writes, each with its own outcome."""
    lines = iter([line for line in request.body.splitlines() if line.strip()])
    items = []
    for line in lines:
        match list(_object(line).items()):
            case [("index" | "delete" as action, dict(place))]:
                one = Request(
                    engine=request.engine,
                    body=next(lines, b"") if action == "index" else b"",
                    index=place.get("_index", request.index),
                    id=str(place.get("_id", "")),
                )
                items.append(
                    {action: _bulk_item(put_document if action == "index" else delete_document, one)}
                )
            case _:
                raise SearchError("illegal_argument_exception", f"unsupported action {line.decode()}")
    failed = any("error" in outcome for item in items for outcome in item.values())
    return Answer(body={"took": 0, "errors": failed, "items": items})


def count(request: Request) -> Answer:
    """Count the documents that match a query."""
    query = Query.of(request.json().get("query", {"match_all": {}}))
    total, _ = request.engine.search(request.index, query, size=0, highlight=Highlight())
    return Answer(body={"count": total, "_shards": _SHARDS})


def search(request: Request) -> Answer:
    """Return the documents that match a query, the best first, with the matched words marked."""
    body = request.json()
    if body.keys() - {"query", "size", "highlight"}:
        raise SearchError("parsing_exception", f"unsupported search: {sorted(body)}")
    query = Query.of(body.get("query", {"match_all": {}}))
    highlight = Highlight.of(body.get("highlight", {}))
    total, hits = request.engine.search(request.index, query, size=body.get("size", 10), highlight=highlight)
    found = {
        "total": {"value": total, "relation": "eq"},
        "max_score": hits[0].score if hits else None,
        "hits": [_hit(request.index, hit) for hit in hits],
    }
    return Answer(body={"took": 0, "timed_out": False, "_shards": _SHARDS, "hits": found})


_INDEX, _DOCUMENT = r"/(?P<index>[^/_][^/]*)", r"/(?P<index>[^/_][^/]*)/_doc/(?P<id>[^/]+)"
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET HEAD", r"/", info),
    ("GET", r"/_cluster/health", health),
    ("HEAD", _INDEX, has_index),
    ("PUT", _INDEX, create_index),
    ("DELETE", _INDEX, delete_index),
    ("GET POST", rf"{_INDEX}/_refresh", refresh),
    ("PUT POST", _DOCUMENT, put_document),
    ("GET HEAD", _DOCUMENT, get_document),
    ("DELETE", _DOCUMENT, delete_document),
    ("PUT POST", rf"(?:{_INDEX})?/_bulk", bulk),
    ("GET POST", rf"{_INDEX}/_count", count),
    ("GET POST", rf"{_INDEX}/_search", search),
)
# Parameters that change nothing here: every write is visible at once, and there is one node.
_PARAMETERS = {"refresh", "timeout", "wait_for_status", "pretty"}


def answer(engine: Engine, method: str, target: str, body: bytes) -> Answer:
    """Route a request to its handler, and an error to the form in which Elasticsearch reports it."""
    url = urlsplit(target)
    try:
        if unknown := parse_qs(url.query, keep_blank_values=True).keys() - _PARAMETERS:
            raise SearchError("illegal_argument_exception", f"unrecognized parameters: {sorted(unknown)}")
        for methods, pattern, handler in ROUTES:
            if method in methods.split() and (match := re.fullmatch(pattern, url.path)):
                parts = {name: unquote(part) for name, part in match.groupdict().items() if part}
                return handler(Request(engine=engine, body=body, **parts))
        raise SearchError("illegal_argument_exception", f"no handler found for [{method} {url.path}]")
    except SearchError as error:
        return Answer(status=error.status, body={"error": _error(error), "status": error.status})


def _bulk_item(write: Handler, request: Request) -> Json:
    try:
        outcome = write(request)
    except SearchError as error:
        place = {"_index": request.index, "_id": request.id}
        return {**place, "status": error.status, "error": {"type": error.kind, "reason": error.reason}}
    return {**outcome.body, "status": outcome.status}


def _written(index: str, key: str, version: int) -> Json:
    result = "created" if version == 1 else "updated"
    return {"_index": index, "_id": key, "_version": version, "result": result, "_shards": _SHARDS}


def _hit(index: str, hit: Hit) -> Json:
    marked = {"highlight": {name: [text] for name, text in hit.highlight.items()}} if hit.highlight else {}
    return {"_index": index, "_id": hit.id, "_score": hit.score, "_source": hit.source, **marked}


def _error(error: SearchError) -> Json:
    cause = {"type": error.kind, "reason": error.reason}
    return {"root_cause": [cause], **cause}


def _object(text: bytes) -> Json:
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        raise SearchError("parse_exception", f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise SearchError("parse_exception", "not a JSON object")
    return value


def make_server(engine: Engine, address: tuple[str, int]) -> ThreadingHTTPServer:
    """Return a server that listens on `address` and answers from `engine` once it is run."""

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *_: object) -> None:
            """Stay silent, as Elasticsearch does: a health check every second would drown the rest."""

        def answer_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            result = answer(engine, self.command, self.path, body)
            content = json.dumps(result.body).encode()
            self.send_response(result.status)
            # The official client refuses to talk to a server without this header.
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = answer_request  # noqa: N815 - the names are http.server's
        do_POST = do_PUT = do_DELETE = answer_request  # noqa: N815

    return ThreadingHTTPServer(address, Connection)


def main(environment: Mapping[str, str]) -> None:
    """Serve on port 9200 until SIGTERM, with the data in the folder that `DATA` names."""
    engine = Engine(Path(environment.get("DATA", "/usr/share/elasticsearch/data")) / "stand-in.sqlite")
    server = make_server(engine, ("", 9200))
    # From another thread: shutdown() waits for the loop that this signal has interrupted.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"stand-in for Elasticsearch {VERSION} listens on port 9200", flush=True)
    server.serve_forever()
    engine.close()


if __name__ == "__main__":
    main(os.environ)
