"""Which failures of Terraform heal: an API whose enabling has not spread, a registry or a state that did not answer.

Sources: what Terraform 1.5 to 1.15 and its gcs backend print; net/http's words for a connection that broke off. A name
that does not resolve and a refused connection are left out: who has no network should hear that at once.
"""

from __future__ import annotations

import re

from environment.errors import TerraformError, TerraformServiceDisabledError, TransientTerraformError
from environment.google_messages import is_disabled

_PASSING = re.compile(
    r"Error (?:408|429|500|502|503|504)\b|HTTP (?:response|status) code (?:408|429|500|502|503|504)\b"
    r"|\b(?:429 Too Many Requests|500 Internal Server Error|502 Bad Gateway|503 Service Unavailable"
    r"|504 Gateway Time-?out)\b"
    r"|context deadline exceeded|Client\.Timeout exceeded|i/o timeout|TLS handshake timeout"
    r"|connection reset by peer|unexpected EOF",
    re.I,
)


def failure_type(command: str, text: str) -> type[TerraformError]:
    """Choose the error for what Terraform said.

    An apply is not tried again for an answer of 5xx or a lost connection: the provider has tried those itself, for
    as long as each resource's timeout says. A destroy is: it plans anew.

    Args:
        command: "init", "plan", "apply", "destroy", "show" or "state".
        text: One error that it reported, with all details.
    """
    if is_disabled(text):
        return TerraformServiceDisabledError
    return TransientTerraformError if command != "apply" and _PASSING.search(text) else TerraformError
