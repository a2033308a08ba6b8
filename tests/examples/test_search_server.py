"""The stand-in search server, through Elasticsearch's official client."""

from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError, helpers

TEXT = {"type": "text", "analyzer": "english"}
MAPPINGS = {
    "properties": {
        "all": TEXT,
        "name": {**TEXT, "copy_to": "all"},
        "food": {**TEXT, "copy_to": "all"},
        "place": {"type": "geo_point"},
    }
}
DISHES = {
    "1": {"name": "Mariposa", "food": "fish tacos & churros", "place": {"lat": 37.7, "lon": -122.4}},
    "2": {"name": "Taco Bus", "food": "burritos"},
    "3": {"name": "Frost Street", "food": "ice cream"},
}


@pytest.fixture
def dishes(search: Elasticsearch) -> Elasticsearch:
    search.indices.create(index="dishes", mappings=MAPPINGS)
    helpers.bulk(search, ({"_index": "dishes", "_id": key, "_source": dish} for key, dish in DISHES.items()))
    return search


def find(client: Elasticsearch, query: dict[str, Any], **options: Any) -> list[str]:
    found = client.search(index="dishes", query=query, **options)
    assert found["hits"]["total"]["value"] >= len(found["hits"]["hits"])
    return [hit["_id"] for hit in found["hits"]["hits"]]


def words(
    text: str, field: str = "all", kind: str = "match_bool_prefix", operator: str = "and"
) -> dict[str, Any]:
    return {kind: {field: {"query": text, "operator": operator}}}


def test_the_official_client_accepts_the_server(search: Elasticsearch) -> None:
    assert search.info()["version"]["number"].startswith("8.")
    assert search.cluster.health(wait_for_status="yellow", timeout="1s")["status"] == "green"


def test_an_index_is_made_once_and_removed(search: Elasticsearch) -> None:
    assert not search.indices.exists(index="dishes")
    search.indices.create(index="dishes", mappings=MAPPINGS)
    assert search.indices.exists(index="dishes")
    with pytest.raises(BadRequestError, match="resource_already_exists_exception"):
        search.indices.create(index="dishes", mappings=MAPPINGS)
    search.indices.delete(index="dishes")
    assert not search.indices.exists(index="dishes")
    with pytest.raises(NotFoundError, match="index_not_found_exception"):
        search.indices.delete(index="dishes")


@pytest.mark.parametrize(
    "mappings",
    [
        {"properties": {"name": {"type": "dense_vector"}}},
        {"properties": {"name": {"type": "text", "boost": 2}}},
        {"properties": {"name": {"type": "text", "analyzer": "french"}}},
        {"properties": {"name'": {"type": "text"}}},
        {"properties": {"a": TEXT, "b": {"type": "text"}}},
        {"_source": {"enabled": False}},
    ],
)
def test_mappings_that_it_cannot_honour_are_refused(search: Elasticsearch, mappings: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError, match="mapper_parsing_exception"):
        search.indices.create(index="dishes", mappings=mappings)
    assert not search.indices.exists(index="dishes")


def test_documents_are_stored_replaced_and_deleted(dishes: Elasticsearch) -> None:
    assert dishes.get(index="dishes", id="1")["_source"] == DISHES["1"]
    assert dishes.index(index="dishes", id="4", document={"name": "Rumi"})["result"] == "created"
    again = dishes.index(index="dishes", id="4", document={"name": "Rumi Ceviche"}, refresh=True)
    assert (again["result"], again["_version"]) == ("updated", 2)
    assert find(dishes, words("ceviche")) == ["4"]
    assert dishes.delete(index="dishes", id="4")["result"] == "deleted"
    assert find(dishes, words("ceviche")) == []
    assert not dishes.exists(index="dishes", id="4")
    for missing in (dishes.get, dishes.delete):
        with pytest.raises(NotFoundError):
            missing(index="dishes", id="4")


def test_a_replaced_document_is_no_longer_found_by_its_old_words(dishes: Elasticsearch) -> None:
    dishes.index(index="dishes", id="2", document={"name": "Noodle Bus"})
    assert find(dishes, words("burrito")) == []
    assert find(dishes, words("noodles")) == ["2"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"match_all": {}}, ["1", "2", "3"]),
        (words("taco"), ["1", "2"]),
        (words("TACOS"), ["1", "2"]),
        (words("fish mari"), ["1"]),
        (words("mari fish"), []),
        (words("mari burritos"), []),
        (words("mariposa burritos", operator="or"), ["1", "2"]),
        (words("taco", field="name"), ["2"]),
        (words("mari", kind="match"), []),
        (words("mariposa", kind="match"), ["1"]),
        ({"match": {"food": "cream"}}, ["3"]),
        (words("nowhere", field="place"), []),
        (words(""), []),
        (words("\"') OR *"), []),
    ],
)
def test_queries_find(dishes: Elasticsearch, query: dict[str, Any], ids: list[str]) -> None:
    assert sorted(find(dishes, query)) == ids
    assert dishes.count(index="dishes", query=query)["count"] == len(ids)


def test_the_best_hits_come_first_and_the_rest_is_only_counted(dishes: Elasticsearch) -> None:
    dishes.index(index="dishes", id="5", document={"name": "Taco Taco", "food": "tacos"})
    found = dishes.search(index="dishes", query=words("taco"), size=1)["hits"]
    assert found["total"] == {"value": 3, "relation": "eq"}
    assert [hit["_id"] for hit in found["hits"]] == ["5"]
    assert found["hits"][0]["_score"] == found["max_score"] > 0


def test_matched_words_are_marked_in_escaped_text(dishes: Elasticsearch) -> None:
    highlight = {
        "fields": {"name": {}, "food": {}},
        "require_field_match": False,
        "number_of_fragments": 0,
        "encoder": "html",
        "pre_tags": ["<b>"],
        "post_tags": ["</b>"],
    }
    [hit] = dishes.search(index="dishes", query=words("fish tac"), highlight=highlight)["hits"]["hits"]
    assert hit["highlight"] == {"food": ["<b>fish</b> <b>tacos</b> &amp; churros"]}


def test_only_the_queried_field_is_marked_unless_asked_otherwise(dishes: Elasticsearch) -> None:
    highlight = {"fields": {"name": {}, "food": {}}, "number_of_fragments": 0}
    [hit] = dishes.search(index="dishes", query=words("mariposa"), highlight=highlight)["hits"]["hits"]
    assert "highlight" not in hit
    query = words("mariposa", field="name")
    [hit] = dishes.search(index="dishes", query=query, highlight=highlight)["hits"]["hits"]
    assert hit["highlight"] == {"name": ["<em>Mariposa</em>"]}


@pytest.mark.parametrize(
    "request_",
    [
        {"query": {"fuzzy": {"name": "tako"}}},
        {"query": {"match": {"name": {"query": "taco", "boost": 2}}}},
        {"query": {"match": {"name": {"query": "taco", "operator": "xor"}}}},
        {"highlight": {"fields": {"name": {}}}},
        {"highlight": {"fields": {"name": {"type": "plain"}}, "number_of_fragments": 0}},
        {"sort": ["name"]},
        {"routing": "1"},
    ],
)
def test_what_it_does_not_know_is_refused(dishes: Elasticsearch, request_: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError):
        dishes.search(index="dishes", **request_)


def test_a_bulk_reports_each_outcome(dishes: Elasticsearch) -> None:
    outcome = dishes.bulk(
        operations=[
            {"index": {"_index": "dishes", "_id": "1"}},
            {"name": "Mariposa II"},
            {"delete": {"_index": "dishes", "_id": "9"}},
            {"index": {"_index": "nowhere", "_id": "1"}},
            {"name": "lost"},
        ]
    )
    assert outcome["errors"]
    assert [item[action]["status"] for item in outcome["items"] for action in item] == [200, 404, 404]
    assert dishes.get(index="dishes", id="1")["_source"] == {"name": "Mariposa II"}


def test_a_search_without_an_index_is_not_found(search: Elasticsearch) -> None:
    with pytest.raises(NotFoundError, match="index_not_found_exception"):
        search.search(index="dishes", query={"match_all": {}})


def test_the_data_outlives_the_server(dishes: Elasticsearch, serve: Callable[[], Elasticsearch]) -> None:
    assert find(serve(), words("fish")) == ["1"]
