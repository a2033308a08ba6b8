"""The foodtrucks page and its API, on the stand-in search server."""

import json
from collections.abc import Callable
from types import ModuleType

import pytest
from elasticsearch import Elasticsearch
from flask.testing import FlaskClient

from tests.examples.conftest import FOODTRUCKS


@pytest.fixture
def web(load: Callable[[str], ModuleType], search: Elasticsearch) -> FlaskClient:
    client = load("app").create_app(search).test_client()
    assert isinstance(client, FlaskClient)
    return client


def test_every_truck_is_indexed_and_found_without_words(web: FlaskClient) -> None:
    trucks = json.loads((FOODTRUCKS / "web/trucks.json").read_text())
    assert web.get("/health").get_json() == {"status": "ok", "trucks": len(trucks)}
    found = web.get("/api/search").get_json()
    assert found["total"] == len(found["trucks"]) == len(trucks)


def test_a_second_start_indexes_nothing_twice(
    web: FlaskClient, load: Callable[[str], ModuleType], search: Elasticsearch
) -> None:
    before = web.get("/health").get_json()
    load("app").create_app(search)
    assert web.get("/health").get_json() == before


def test_words_may_be_spread_over_the_fields_and_the_last_be_unfinished(web: FlaskClient) -> None:
    found = web.get("/api/search?q=tacos+missio").get_json()
    assert found["trucks"]
    for truck in found["trucks"]:
        assert "Mission" in truck["address"]
        assert "taco" in (truck["food"] + truck["name"]).lower()
        assert "<mark>Mission</mark>" in truck["marked"]["address"]


def test_a_limit_cuts_the_list_but_not_the_total(web: FlaskClient) -> None:
    found = web.get("/api/search?q=coffee&limit=1").get_json()
    assert len(found["trucks"]) == 1 < found["total"]


def test_the_page_asks_for_nothing_from_elsewhere(web: FlaskClient) -> None:
    page = web.get("/").get_data(as_text=True)
    files = [web.get(f"/static/{name}").get_data(as_text=True) for name in ("trucks.js", "style.css")]
    for text in (page, *files):
        for address in ("https://", "//cdn", "@import"):
            assert address not in text
    assert 'src="/static/trucks.js"' in page


def test_a_lost_search_server_makes_it_unhealthy(web: FlaskClient, search: Elasticsearch) -> None:
    search.indices.delete(index="trucks")
    answer = web.get("/health")
    assert answer.status_code == 503
    assert "index_not_found_exception" in answer.get_json()["cause"]


def test_the_sample_trucks_stand_in_the_city() -> None:
    trucks = json.loads((FOODTRUCKS / "web/trucks.json").read_text())
    assert len({truck["id"] for truck in trucks}) == len({truck["name"] for truck in trucks}) == len(trucks)
    for truck in trucks:
        assert truck["food"]
        assert truck["address"]
        assert 37.70 < truck["location"]["lat"] < 37.82
        assert -122.52 < truck["location"]["lon"] < -122.35
