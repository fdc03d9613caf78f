from __future__ import annotations

import pytest

from sandbox.kubernetes.quantity import QuantityError, canonical_quantity


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        (0.5, "500m"),
        (2, "2"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.1Ki", "102400m"),
        ("1000", "1k"),
        ("1500", "1500"),
        ("128M", "128M"),
        ("1e3", "1e3"),
        ("0", "0"),
        ("0Gi", "0"),
        ("-1500m", "-1500m"),
        ("100n", "100n"),
        ("0.1n", "1n"),
        (".5", "500m"),
        ("2048", "2048"),
    ],
)
def test_is_written_in_one_form(written: str | float, canonical: str) -> None:
    assert canonical_quantity(written) == canonical


@pytest.mark.parametrize("text", ["", "lots", "1 Gi", "1gb", "--1", "1.2.3"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        canonical_quantity(text)
