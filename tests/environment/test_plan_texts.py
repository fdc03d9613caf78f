from environment.capacity import Capacity
from environment.changes import Change, FieldChange
from environment.plan_texts import explain_reason, plan_markdown, plan_table
from environment.reports import PlanBasis, PlanReport

BASIS = PlanBasis(spec_digest="d", state_serial=1, state_lineage="l", manifests_digest="sha256:m")
REPLACED = Change(
    layer="infrastructure",
    action="replace",
    address="module.cluster.google_container_cluster.this",
    fields=(FieldChange(path="subnetwork", before="a`b", after="c"),),
    replace_paths=("subnetwork",),
    reason="replace_because_cannot_update",
)
ENABLED = Change(layer="services", action="enable", address="sqladmin.googleapis.com")


def report(*changes: Change, **more: tuple[str, ...]) -> PlanReport:
    return PlanReport(environment="dev", project_id="acme-dev", changes=changes, basis=BASIS, **more)


def test_markdown_names_layer_action_address_and_fields() -> None:
    text = plan_markdown(report(ENABLED, REPLACED, warnings=("x is off",)))
    assert text.splitlines() == [
        "# dev: 2 changes",
        "",
        "## services: 1 to enable",
        "",
        "- **enable** `sqladmin.googleapis.com`",
        "",
        "## infrastructure: 1 to replace",
        "",
        "- **replace** `module.cluster.google_container_cluster.this` (forced by subnetwork)",
        "  - `subnetwork`: `a'b` → `c`",
        "",
        "> x is off",
    ]


def test_markdown_says_how_much_there_is_in_all() -> None:
    size = Capacity(nodes=3, most_nodes=9, disks=3, most_disks=9, disk_gib=300, most_disk_gib=900)
    counted = report().model_copy(update={"capacity": size})
    assert "In all: 3 to 9 nodes, 3 to 9 disks with 300 to 900 GiB." in plan_markdown(counted)


def test_markdown_of_nothing() -> None:
    assert plan_markdown(report()) == "# dev: no changes\n"


def test_table_has_a_row_for_each_change() -> None:
    first, second = plan_table((ENABLED, REPLACED))
    assert first == {
        "action": "enable",
        "address": "sqladmin.googleapis.com",
        "fields": "",
        "why": "",
        "layer": "services",
    }
    assert list(first)[:3] == list(second)[:3] == ["action", "address", "fields"]
    assert (second["fields"], second["why"]) == ("subnetwork: a`b → c", "forced by subnetwork")


def test_tainted_resource_says_why_it_is_made_again() -> None:
    tainted = Change(layer="infrastructure", action="replace", address="a", reason="replace_because_tainted")
    assert explain_reason(tainted) == "its creation failed half-way, so it is made again"


def test_owner_of_a_field_stands_against_an_update() -> None:
    field = FieldChange(path=".spec.x", before=1, after=2, owner="kubectl-edit")
    change = Change(layer="pipelines", action="update", address="Deployment a/b", fields=(field,))
    assert explain_reason(change).startswith("set by kubectl-edit: create stops here")
