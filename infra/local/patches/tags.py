"""Tags and defaults that services answer on AWS and moto forgets; Terraform's AWS provider reads them back."""

import json
from typing import Any

from moto.applicationautoscaling import responses as autoscaling
from moto.core.responses import ActionResult
from moto.ecs import models as ecs
from moto.kinesis import responses as kinesis

_create_stream = kinesis.KinesisResponse.create_stream
_register_target = autoscaling.ApplicationAutoScalingResponse.register_scalable_target


def install() -> None:
    kinesis.KinesisResponse.create_stream = _create_stream_with_tags
    target = autoscaling.ApplicationAutoScalingResponse
    target.register_scalable_target = _register_target_with_tags
    target.list_tags_for_resource = _list_tags
    target.tag_resource = _tag
    target.untag_resource = _untag
    # Source: Amazon ECS API reference, Service: "availabilityZoneRebalancing", which every service has.
    ecs.Service.availability_zone_rebalancing = "DISABLED"


def _create_stream_with_tags(self: kinesis.KinesisResponse) -> ActionResult:
    """CreateStream with `Tags`. Source: Amazon Kinesis API reference, CreateStream."""
    answer = _create_stream(self)
    tags = self._get_param("Tags")
    if tags:
        self.kinesis_backend.add_tags_to_stream(stream_arn=None, stream_name=self._get_param("StreamName"), tags=tags)
    return answer


def _tags(self: autoscaling.ApplicationAutoScalingResponse, arn: str) -> dict[str, str]:
    by_arn: dict[str, dict[str, str]] = self.applicationautoscaling_backend.__dict__.setdefault("_tags", {})
    return by_arn.setdefault(arn, {})


def _register_target_with_tags(self: autoscaling.ApplicationAutoScalingResponse) -> str:
    """RegisterScalableTarget with `Tags`, and the tag calls, which moto lacks.

    Source: Application Auto Scaling API reference, RegisterScalableTarget, ListTagsForResource.
    """
    answer: str = _register_target(self)
    _tags(self, json.loads(answer)["ScalableTargetARN"]).update(self._get_param("Tags") or {})
    return answer


def _list_tags(self: autoscaling.ApplicationAutoScalingResponse) -> str:
    return json.dumps({"Tags": _tags(self, self._get_param("ResourceARN"))})


def _tag(self: autoscaling.ApplicationAutoScalingResponse) -> str:
    _tags(self, self._get_param("ResourceARN")).update(self._get_param("Tags") or {})
    return "{}"


def _untag(self: autoscaling.ApplicationAutoScalingResponse) -> str:
    kept: dict[str, Any] = _tags(self, self._get_param("ResourceARN"))
    for key in self._get_param("TagKeys") or []:
        kept.pop(key, None)
    return "{}"
