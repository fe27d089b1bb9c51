"""Settings of jobs, services and rules that AWS keeps and moto forgets; Terraform's AWS provider reads them back."""

from inspect import signature
from typing import Any

from botocore import xform_name
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import security_groups
from moto.ecs import responses as ecs
from moto.glue import models as glue_models
from moto.glue import responses as glue

_SERVICE_SETTINGS = (
    "availabilityZoneRebalancing",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "healthCheckGracePeriodSeconds",
)

_create_service = ecs.EC2ContainerServiceResponse.create_service
_create_job = glue.GlueResponse.create_job
_start_job_run = glue_models.FakeJob.start_job_run
_job_as_dict = glue_models.FakeJob.as_dict
_connection_as_dict = glue_models.FakeConnection.as_dict
_init_rule = security_groups.SecurityGroupRule.__init__


def install() -> None:
    ecs.EC2ContainerServiceResponse.create_service = _create_service_with_settings
    glue.GlueResponse.create_job = _create_job_with_window
    glue.GlueResponse.update_job = _update_job
    glue.GlueResponse.batch_stop_job_run = _batch_stop_job_run
    glue.GlueResponse.delete_connection = _delete_connection
    glue_models.FakeJob.start_job_run = _start_until_stopped
    glue_models.FakeJob.as_dict = _job_with_window
    glue_models.FakeConnection.as_dict = _connection_with_type
    security_groups.SecurityGroupRule.__init__ = _init_rule_with_description
    security_groups.SecurityGroupRule.description = property(_description)


def _create_service_with_settings(self: ecs.EC2ContainerServiceResponse) -> ActionResult:
    """CreateService keeps how a service is deployed. Source: Amazon ECS API reference, CreateService."""
    answer = _create_service(self)
    service = self.ecs_backend.describe_services(
        self._get_param("cluster", "default"), [self._get_param("serviceName")]
    )[0][0]
    for name in _SERVICE_SETTINGS:
        value = self._get_param(name)
        if value is not None:
            setattr(service, xform_name(name), value)
    return answer


def _create_job_with_window(self: glue.GlueResponse) -> ActionResult:
    """CreateJob with `MaintenanceWindow`. Source: AWS Glue API reference, CreateJob."""
    answer = _create_job(self)
    self.glue_backend.get_job(self._get_param("Name")).maintenance_window = self._get_param("MaintenanceWindow")
    return answer


def _update_job(self: glue.GlueResponse) -> ActionResult:
    """UpdateJob, which moto lacks: the definition is overwritten whole, its name, tags and runs stay.

    Source: AWS Glue API reference, UpdateJob.
    """
    job = self.glue_backend.get_job(self._get_param("JobName"))
    update: dict[str, Any] = self._get_param("JobUpdate")
    for name in (*job.as_dict(), "MaintenanceWindow"):
        if name not in ("Name", "CreatedOn", "LastModifiedOn"):
            setattr(job, xform_name(name), update.get(name))
    job.execution_class = job.execution_class or "STANDARD"
    job.last_modified_on = glue_models.utcnow()
    return ActionResult({"JobName": job.name})


def _start_until_stopped(self: glue_models.FakeJob, *args: Any, **kwargs: Any) -> str:
    """A streaming job's run goes on until it is stopped. Source: AWS Glue user guide, "Streaming ETL jobs"."""
    run_id: str = _start_job_run(self, *args, **kwargs)
    command: dict[str, str] = self.command
    if command["Name"] == "gluestreaming":
        self.job_runs[-1]._transitions = [("STARTING", "RUNNING")]
    return run_id


def _batch_stop_job_run(self: glue.GlueResponse) -> ActionResult:
    """BatchStopJobRun, which moto lacks: a run that is not over ends as STOPPED.

    Source: AWS Glue API reference, BatchStopJobRun.
    """
    name = self._get_param("JobName")
    runs = {run.job_run_id: run for run in self.glue_backend.get_job(name).job_runs}
    stopped, refused = [], []
    for run_id in self._get_param("JobRunIds"):
        if run_id in runs:
            runs[run_id].status = "STOPPED"
            stopped.append({"JobName": name, "JobRunId": run_id})
        else:
            detail = {"ErrorCode": "JobRunNotFoundException", "ErrorMessage": f"{run_id} was not found"}
            refused.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
    return ActionResult({"SuccessfulSubmissions": stopped, "Errors": refused})


def _job_with_window(self: glue_models.FakeJob) -> dict[str, Any]:
    return {**_job_as_dict(self), "MaintenanceWindow": getattr(self, "maintenance_window", None)}


def _connection_with_type(self: glue_models.FakeConnection, hide_password: bool = False) -> dict[str, Any]:
    """GetConnection with `ConnectionType`. Source: AWS Glue API reference, Connection."""
    answer: dict[str, Any] = _connection_as_dict(self, hide_password)
    return {**answer, "ConnectionType": self.connection_input.get("ConnectionType")}


def _delete_connection(self: glue.GlueResponse) -> EmptyResult:
    """DeleteConnection, which moto lacks. Source: AWS Glue API reference, DeleteConnection."""
    name = self._get_param("ConnectionName")
    self.glue_backend.get_connection("", name, apply_override_for_compute_environment="")
    del self.glue_backend.connections[name]
    return EmptyResult()


def _init_rule_with_description(self: security_groups.SecurityGroupRule, *args: Any, **kwargs: Any) -> None:
    _init_rule(self, *args, **kwargs)
    given = signature(_init_rule).bind(self, *args, **kwargs).arguments
    self.prefix_list_description = (given.get("prefix_list_id") or {}).get("Description")


def _description(self: security_groups.SecurityGroupRule) -> str | None:
    """A rule's description, whatever it allows. Source: Amazon EC2 API reference, SecurityGroupRule."""
    found = (self.ip_range.get("Description"), self.source_group.get("Description"), self.prefix_list_description)
    return next((text for text in found if text), None)
