from __future__ import annotations

from collections.abc import Callable
from typing import Any

SERVICES = "/api/v1/namespaces/default/services"


def service(name: str = "s", **spec: Any) -> dict[str, Any]:
    spec = {"ports": [{"port": 80}], "selector": {"app": "x"}, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def test_a_service_gets_an_address_of_its_own(api: Any) -> None:
    specs = [api.create(SERVICES, service(name))["spec"] for name in ("a", "b", "c")]
    addresses = {spec["clusterIP"] for spec in specs}
    assert len(addresses) == 3
    assert all(address.startswith("10.96.") for address in addresses)
    assert (specs[0]["clusterIPs"], specs[0]["ipFamilies"]) == ([specs[0]["clusterIP"]], ["IPv4"])
    assert specs[0]["ipFamilyPolicy"] == "SingleStack"


def test_the_address_follows_from_the_name(api: Any) -> None:
    first = api.create(SERVICES, service())["spec"]["clusterIP"]
    api.delete(f"{SERVICES}/s")
    api.create(SERVICES, service("other"))
    assert api.create(SERVICES, service())["spec"]["clusterIP"] == first


def test_the_address_stays(api: Any) -> None:
    made = api.create(SERVICES, service())
    assert api.call("PUT", f"{SERVICES}/s", service())[1] == made
    code, status = api.call(
        "PATCH", f"{SERVICES}/s", {"spec": {"clusterIP": "10.96.9.9"}}, "application/merge-patch+json"
    )
    assert code == 422
    assert "may not change once set" in status["message"]


def test_headless(api: Any) -> None:
    spec = api.create(SERVICES, service(clusterIP="None"))["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


def test_a_name_elsewhere_has_no_address(api: Any) -> None:
    spec = api.create(SERVICES, service(type="ExternalName", externalName="a.b", ports=[]))["spec"]
    assert "clusterIP" not in spec


def test_node_ports_come_and_go_with_the_type(api: Any) -> None:
    spec = api.create(SERVICES, service(type="NodePort"))["spec"]
    port = spec["ports"][0]["nodePort"]
    assert 30000 <= port < 32768
    assert api.merge(f"{SERVICES}/s", {"metadata": {"labels": {"x": "y"}}})["spec"]["ports"][0]["nodePort"] == port
    plain = api.merge(f"{SERVICES}/s", {"spec": {"type": "ClusterIP"}})["spec"]
    assert "nodePort" not in plain["ports"][0]
    assert "externalTrafficPolicy" not in plain


def test_a_service_needs_ports_with_names(api: Any) -> None:
    code, status = api.call("POST", SERVICES, service(ports=[{"port": 80}, {"port": 81}]))
    assert code == 422
    assert "[spec.ports[0].name: Required value, spec.ports[1].name: Required value]" in status["message"]
    assert "spec.ports: Required value" in api.call("POST", SERVICES, service(ports=[]))[1]["message"]


def test_addresses_are_known_after_a_restart(api: Any, make_api: Callable[[], Any]) -> None:
    first = api.create(SERVICES, service())["spec"]["clusterIP"]
    assert make_api().create(SERVICES, service("t"))["spec"]["clusterIP"] != first
