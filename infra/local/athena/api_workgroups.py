"""Athena's calls about workgroups that moto lacks or answers without errors."""

import json
from typing import Any

from infra.local.athena.errors import InvalidRequest
from infra.local.athena.paging import Request

ENGINE_VERSION = "Athena engine version 3"
_PRIMARY = "primary"
_REMOVE, _RESULT_UPDATES = "Remove", "ResultConfigurationUpdates"


def get_work_group(self: Request) -> str:
    name = self._get_param("WorkGroup")
    self.athena_backend.existing_work_group(name)
    return json.dumps({"WorkGroup": self.athena_backend.get_work_group(name)})


def delete_work_group(self: Request) -> str:
    """DeleteWorkGroup: with what is in it only on request.

    Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_DeleteWorkGroup.html
    """
    name = self._get_param("WorkGroup")
    self.athena_backend.existing_work_group(name)
    if name == _PRIMARY:
        raise InvalidRequest("The primary workgroup cannot be deleted.")
    if not self.athena_backend.is_empty(name) and not self._get_param("RecursiveDeleteOption"):
        raise InvalidRequest(f"WorkGroup {name} is not empty")
    self.athena_backend.delete_work_group(name)
    return "{}"


def update_work_group(self: Request) -> str:
    """UpdateWorkGroup: what is not named stays as it is.

    Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfigurationUpdates.html
    """
    group = self.athena_backend.existing_work_group(self._get_param("WorkGroup"))
    state, description = self._get_param("State"), self._get_param("Description")
    if state not in (None, "ENABLED", "DISABLED"):
        raise InvalidRequest(f"State {state} is not one of ENABLED, DISABLED")
    group.state = state or group.state
    group.description = group.description if description is None else description
    group.configuration = _changed(group.configuration, self._get_param("ConfigurationUpdates") or {})
    return "{}"


HANDLERS = (get_work_group, delete_work_group, update_work_group)


def _changed(configuration: dict[str, Any], updates: dict[str, Any]) -> dict[str, Any]:
    """A new configuration: executions that started hold the old one."""
    of_result = updates.get(_RESULT_UPDATES)
    changed = _merged(configuration, {key: value for key, value in updates.items() if key != _RESULT_UPDATES})
    if of_result:
        changed["ResultConfiguration"] = _merged(configuration.get("ResultConfiguration") or {}, of_result)
    if "EngineVersion" in updates:
        changed["EngineVersion"] = {**updates["EngineVersion"], "EffectiveEngineVersion": ENGINE_VERSION}
    return changed


def _merged(old: dict[str, Any], updates: dict[str, Any]) -> dict[str, Any]:
    """`RemoveX` is a switch that takes X away, every other key a new value."""
    removed = {key.removeprefix(_REMOVE) for key, value in updates.items() if key.startswith(_REMOVE) and value}
    named = {key: value for key, value in updates.items() if not key.startswith(_REMOVE)}
    return {key: value for key, value in {**old, **named}.items() if key not in removed}
