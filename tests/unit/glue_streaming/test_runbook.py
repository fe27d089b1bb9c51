"""The runbook has a row for every error that the streaming side raises."""

import re

from glue_streaming import errors
from infra.local.settings import REPO_ROOT


def test_every_error_has_its_row() -> None:
    text = (REPO_ROOT / "docs/runbook.md").read_text()
    listed = {name for line in text.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    raised = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.StreamingError) and value is not errors.StreamingError
    }
    assert raised <= listed, sorted(raised - listed)
