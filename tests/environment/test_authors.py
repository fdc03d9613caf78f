from __future__ import annotations

import pytest

from environment.authors import USER_DELETED, Operation, authors, instance_place, place_of

LINK = "https://www.googleapis.com/compute/v1/projects/p/global/firewalls/f"
FIREWALL, DATABASE = "projects/p/global/firewalls/f", instance_place("p", "db")


@pytest.mark.parametrize(
    ("resource_type", "values", "place"),
    [
        ("google_compute_firewall", {"self_link": LINK}, FIREWALL),
        ("google_compute_firewall", {"self_link": f"http://127.0.0.1:1/compute/v1/{FIREWALL}"}, FIREWALL),
        ("google_sql_database_instance", {"self_link": f"https://sqladmin/v1beta4/{DATABASE}"}, DATABASE),
        (
            "google_compute_router_nat",
            {"project": "p", "region": "r", "router": "router", "name": "nat"},
            "projects/p/regions/r/routers/router",
        ),
        ("google_compute_firewall", {}, ""),
        ("google_container_cluster", {"self_link": "https://container/v1/projects/p/locations/l/clusters/c"}, ""),
        ("google_storage_bucket", {"self_link": "https://storage/storage/v1/b/b"}, ""),
    ],
)
def test_place(resource_type, values, place):
    assert place_of(resource_type, values) == place


def did(user: str, hour: int, place: str = FIREWALL, verb: str = "patch", zone: str = "Z") -> Operation:
    return Operation(place=place, verb=verb, user=user, time=f"2026-01-01T{hour:02}:00:00.5{zone}")


@pytest.mark.parametrize(
    ("operations", "place", "found"),
    [
        ([did("a", 3)], FIREWALL, ["a at 2026-01-01T03:00:00.5Z"]),
        ([did("us", 1)], FIREWALL, []),
        ([did("a", 3)], "projects/p/global/firewalls/other", []),
        (
            [did("a", 3), did("a", 5), did("b", 4)],
            FIREWALL,
            ["a at 2026-01-01T05:00:00.5Z", "b at 2026-01-01T04:00:00.5Z"],
        ),
        ([did("a", 1, zone="-07:00")], FIREWALL, ["a at 2026-01-01T01:00:00.5-07:00"]),
        (
            [did("a", 3, DATABASE, "UPDATE"), did("b", 4, DATABASE, "BACKUP_VOLUME")],
            DATABASE,
            ["a at 2026-01-01T03:00:00.5Z"],
        ),
    ],
)
def test_who_did_something_there_since_the_last_apply(operations, place, found):
    assert [*authors(operations, place, "2026-01-01T02:00:00+00:00")] == found


def test_who_deleted_a_user_of_a_database():
    operations = [did("a", 3, DATABASE, "UPDATE"), did("b", 4, DATABASE, "DELETE_USER")]
    assert authors(operations, DATABASE, "2026-01-01T02:00:00Z", USER_DELETED) == ("b at 2026-01-01T04:00:00.5Z",)
