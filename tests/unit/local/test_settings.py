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
