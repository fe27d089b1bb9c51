"""Ports and folders of a stack come from the environment."""

import pytest

from infra.local.settings import InvalidSetting, LocalSettings


def test_two_aws_ports_are_two_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELCOPULSE_STATE_DIR", raising=False)
    monkeypatch.delenv("TELCOPULSE_TRINO_PORT", raising=False)
    monkeypatch.setenv("TELCOPULSE_AWS_PORT", "5000")
    first = LocalSettings.from_env()
    monkeypatch.setenv("TELCOPULSE_AWS_PORT", "6000")
    second = LocalSettings.from_env()
    assert (first.trino_port, second.trino_port) == (5001, 6001)
    assert first.state_dir != second.state_dir


@pytest.mark.parametrize("text", ["", "http", "0", "65536", "-1"])
def test_a_bad_port_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TELCOPULSE_AWS_PORT", text)
    with pytest.raises(InvalidSetting, match="TELCOPULSE_AWS_PORT"):
        LocalSettings.from_env()


@pytest.mark.parametrize(("text", "is_on"), [("1", True), ("0", False)])
def test_kinesis_limits_are_a_switch(monkeypatch: pytest.MonkeyPatch, text: str, is_on: bool) -> None:
    monkeypatch.delenv("TELCOPULSE_KINESIS_LIMITS", raising=False)
    assert not LocalSettings.from_env().kinesis_limits
    monkeypatch.setenv("TELCOPULSE_KINESIS_LIMITS", text)
    assert LocalSettings.from_env().kinesis_limits is is_on


def test_a_switch_that_is_neither_on_nor_off_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELCOPULSE_KINESIS_LIMITS", "yes")
    with pytest.raises(InvalidSetting, match="TELCOPULSE_KINESIS_LIMITS"):
        LocalSettings.from_env()


@pytest.mark.parametrize("text", ["0", "1.5", "5121"])
def test_a_size_that_s3_does_not_have_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TELCOPULSE_S3_MAX_PUT_MB", text)
    with pytest.raises(InvalidSetting, match="TELCOPULSE_S3_MAX_PUT_MB"):
        LocalSettings.from_env()


@pytest.mark.parametrize("text", ["0", "2.5", "1801", "soon"])
def test_a_time_limit_that_athena_does_not_have_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TELCOPULSE_ATHENA_DML_TIMEOUT_S", text)
    with pytest.raises(InvalidSetting, match="TELCOPULSE_ATHENA_DML_TIMEOUT_S"):
        LocalSettings.from_env()


def test_a_child_gets_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELCOPULSE_ATHENA_DML_TIMEOUT_S", "7")
    settings = LocalSettings.from_env()
    assert settings.athena_dml_timeout_s == 7
    assert settings.environment()["TELCOPULSE_ATHENA_DML_TIMEOUT_S"] == "7"
