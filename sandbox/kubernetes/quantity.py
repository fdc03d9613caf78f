"""Quantities in the one form in which the server writes them.

`1000m` becomes `1`, `0.5` becomes `500m`, `1024Mi` becomes `1Gi`. Source: `k8s.io/apimachinery/pkg/api/resource`.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal, localcontext

_QUANTITY = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?P<suffix>[eE][+-]?\d+|[KMGTPE]i|[numkMGTPE]?)")
_DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
_BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
_NANO = Decimal("1e-9")


class QuantityError(ValueError):
    """A text that is no quantity."""


def canonical_quantity(value: str | int | float) -> str:
    """Return a quantity as the server writes it.

    Raises:
        QuantityError: It is none.
    """
    match = _QUANTITY.fullmatch(str(value).strip())
    if match is None:
        raise QuantityError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    number, suffix = Decimal(match["number"]), match["suffix"]
    with localcontext() as context:
        context.prec = 60
        if suffix.endswith("i"):
            return _binary(number * 1024 ** _BINARY.index(suffix))
        if suffix[:1] in ("e", "E") and len(suffix) > 1:
            return _exponent(number.scaleb(int(suffix[1:])))
        return _decimal(number.scaleb(3 * (_DECIMAL.index(suffix) - 3)))


def _round_up(value: Decimal, unit: Decimal) -> Decimal:
    return value.quantize(unit, rounding=ROUND_UP)


def _decimal(value: Decimal) -> str:
    value = _round_up(value, _NANO)
    if value == 0:
        return "0"
    power = 0
    scaled = value.scaleb(9)
    while power < len(_DECIMAL) - 1 and scaled % 1000 == 0:
        scaled /= 1000
        power += 1
    return f"{int(scaled)}{_DECIMAL[power]}"


def _binary(value: Decimal) -> str:
    if abs(value) < 1024:
        return _decimal(value)
    value = _round_up(value, Decimal(1))
    power = 0
    while power < len(_BINARY) - 1 and value % 1024 == 0:
        value /= 1024
        power += 1
    return f"{int(value)}{_BINARY[power]}"


def _exponent(value: Decimal) -> str:
    value = _round_up(value, _NANO)
    if value == 0:
        return "0"
    exponent = -9
    scaled = value.scaleb(9)
    while scaled % 1000 == 0:
        scaled /= 1000
        exponent += 3
    return f"{int(scaled)}e{exponent}" if exponent else str(int(scaled))
