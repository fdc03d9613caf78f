import pytest

from clients.addresses import ENDPOINT, TERRAFORM_IDENTITIES, TOKEN, Addresses
from environment.errors import SpecError


def test_without_variables_a_service_answers_at_its_own_host() -> None:
    assert Addresses.from_environment({}).service("compute.googleapis.com") == "https://compute.googleapis.com"


def test_an_endpoint_moves_every_service() -> None:
    addresses = Addresses.from_environment({ENDPOINT: "http://127.0.0.1:8085/", TOKEN: "t"})
    assert addresses.service("compute.googleapis.com") == "http://127.0.0.1:8085/compute.googleapis.com"
    assert "t" not in repr(addresses).split("token")


def test_a_run_on_google_is_refused_while_variables_point_elsewhere() -> None:
    Addresses.from_environment({}).check("google")
    for variable in (ENDPOINT, "GOOGLE_COMPUTE_CUSTOM_ENDPOINT"):
        with pytest.raises(SpecError, match=variable):
            Addresses.from_environment({variable: "http://127.0.0.1:1/"}).check("google")


@pytest.mark.parametrize("endpoint", ["", "https://compute.googleapis.com", "http://10.0.0.1:80"])
def test_a_run_on_the_sandbox_needs_a_local_address(endpoint: str) -> None:
    with pytest.raises(SpecError, match="sandbox env"):
        Addresses.from_environment({ENDPOINT: endpoint}).check("sandbox")


@pytest.mark.parametrize("variable", sorted(TERRAFORM_IDENTITIES))
def test_a_run_on_google_has_one_identity(variable: str) -> None:
    Addresses.from_environment({variable: "", TOKEN: "t"}).check("google")
    with pytest.raises(SpecError, match=f"{variable} is set, which Terraform alone would obey; unset it"):
        Addresses.from_environment({variable: "x"}).check("google")
    Addresses.from_environment({variable: "x", ENDPOINT: "http://127.0.0.1:1"}).check("sandbox")
