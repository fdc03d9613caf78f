from pathlib import Path

from clients.terraform import child_environment


def test_a_stray_workspace_or_variable_does_not_reach_terraform(tmp_path: Path) -> None:
    child = child_environment({"PATH": "/bin", "TF_WORKSPACE": "prod", "TF_VAR_project_id": "other", "AWS_X": "1"})
    assert child["PATH"] == "/bin"
    assert not {"TF_WORKSPACE", "TF_VAR_project_id", "AWS_X"} & set(child)


def test_the_configuration_file_is_passed_only_where_it_exists(tmp_path: Path) -> None:
    file = tmp_path / "terraform.rc"
    assert "TF_CLI_CONFIG_FILE" not in child_environment({"TF_CLI_CONFIG_FILE": str(file)})
    file.write_text("")
    assert child_environment({"TF_CLI_CONFIG_FILE": str(file)})["TF_CLI_CONFIG_FILE"] == str(file)


def test_proxies_and_the_quota_project_reach_terraform_and_another_identity_does_not() -> None:
    passed = {"ALL_PROXY": "socks5://p", "USER_PROJECT_OVERRIDE": "true", "GOOGLE_BILLING_PROJECT": "acme"}
    child = child_environment({**passed, "GOOGLE_CREDENTIALS": "{}", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT": "a@b"})
    assert passed.items() <= child.items()
    assert not {"GOOGLE_CREDENTIALS", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"} & set(child)
