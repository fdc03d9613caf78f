"""Changes as a tree: layer, then action and address, then each field before and after."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from rich.tree import Tree

from environment.changes import LAYERS, Action, Change, FieldChange, count_actions, of_layer, text_of
from environment.plan_texts import explain_reason

STYLES: dict[Action, str] = {"enable": "green", "create": "green", "replace": "bold red", "delete": "red"}


def change_tree(title: str, changes: Iterable[Change]) -> Tree:
    """Return the tree; a layer without changes is not in it."""
    given = tuple(changes)
    tree = Tree(Text(title, "bold" if given else "bold green"), guide_style="dim")
    for layer in LAYERS:
        if found := of_layer(given, layer):
            branch = tree.add(Text.assemble((layer, "bold"), f": {count_actions(found)}"))
            for change in found:
                _add(branch, change)
    return tree


def _add(branch: Tree, change: Change) -> None:
    line = Text.assemble((change.action, STYLES.get(change.action, "yellow")), f" {change.address}")
    if why := explain_reason(change):
        line.append(f" ({why})", "dim")
    node = branch.add(line)
    for field in change.fields:
        node.add(_field(field, forces=field.path in change.replace_paths))


def _field(field: FieldChange, *, forces: bool) -> Text:
    return Text.assemble(
        (field.path, "bold red" if forces else ""),
        ": ",
        (text_of(field.before), "dim"),
        " → ",
        text_of(field.after),
    )
