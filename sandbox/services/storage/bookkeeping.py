"""Which objects are a client's own notes beside a Terraform state, so that the call log can mark their writes.

A state lock, and the records that an environment's tool keeps next to it, say what was done; they change no resource
of the cloud. The state itself is written only when something changed, and counts as a change.
"""

from __future__ import annotations

import re

_NOTES = re.compile(
    r"(.*/)?([^/]+\.tflock|record\.json|suffix\.json|history/[^/]+\.json|(rotation|account-keys)\.json|drift\.json|plan\.json)"
)


def is_bookkeeping(name: str) -> bool:
    """Tell whether an object is such a note."""
    return _NOTES.fullmatch(name) is not None
