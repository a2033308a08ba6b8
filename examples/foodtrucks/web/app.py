"""Search San Francisco's food trucks: a page, a JSON API, and an index that is filled at start."""

import json
import os
from pathlib import Path
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError, helpers
from flask import Flask, Response, jsonify, render_template, request

INDEX = "trucks"
SEARCHED = ("name", "food", "address")
# Words may be spread over the fields ("tacos mission"), so all of them are also searched as one.
MAPPINGS = {
    "dynamic": False,
    "properties": {
        "everything": {"type": "text", "analyzer": "english"},
        **{field: {"type": "text", "analyzer": "english", "copy_to": "everything"} for field in SEARCHED},
        "location": {"type": "geo_point"},
    },
}


def index_trucks(search: Elasticsearch) -> None:
    """Put every truck into the index; a second time changes nothing, as each has its id."""
    trucks = json.loads(Path(__file__).with_name("trucks.json").read_text(encoding="utf-8"))
    if not search.indices.exists(index=INDEX):
        search.indices.create(index=INDEX, mappings=MAPPINGS)
    actions = ({"_index": INDEX, "_id": str(truck.pop("id")), "_source": truck} for truck in trucks)
    helpers.bulk(search, actions, refresh=True)


def find_trucks(search: Elasticsearch, words: str, limit: int) -> dict[str, Any]:
    """Return the trucks that have all the words, the last of which may be unfinished; all trucks without words."""
    query = {"match_bool_prefix": {"everything": {"query": words, "operator": "and"}}}
    highlight = {
        "fields": {field: {} for field in SEARCHED},
        "require_field_match": False,
        "number_of_fragments": 0,
        "encoder": "html",
        "pre_tags": ["<mark>"],
        "post_tags": ["</mark>"],
    }
    found = search.search(
        index=INDEX, query=query if words else {"match_all": {}}, highlight=highlight, size=limit
    )["hits"]
    trucks = [
        {
            **hit["_source"],
            "marked": {field: texts[0] for field, texts in hit.get("highlight", {}).items()},
        }
        for hit in found["hits"]
    ]
    return {"query": words, "total": found["total"]["value"], "trucks": trucks}


def create_app(search: Elasticsearch) -> Flask:
    """Return the web application, with its trucks indexed."""
    app = Flask(__name__)
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.logger.setLevel("INFO")
    index_trucks(search)
    app.logger.info("the trucks are indexed")

    @app.get("/")
    def page() -> str:
        return render_template("index.html")

    @app.get("/api/search")
    def api_search() -> Response:
        words, limit = request.args.get("q", "").strip(), request.args.get("limit", 200, type=int)
        found = find_trucks(search, words, max(1, min(limit, 1000)))
        app.logger.info("%r found %d trucks", words, found["total"])
        return jsonify(found)

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok", trucks=search.count(index=INDEX)["count"])

    @app.errorhandler(ApiError)
    @app.errorhandler(TransportError)
    def search_failed(error: Exception) -> tuple[Response, int]:
        return jsonify(status="search is unavailable", cause=str(error)), 503

    return app


def main() -> Flask:
    """Return the application on the search server that ELASTICSEARCH_URL names."""
    url = os.environ.get("ELASTICSEARCH_URL", "http://es:9200")
    return create_app(Elasticsearch(url, retry_on_timeout=True, max_retries=5))
