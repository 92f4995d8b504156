"""Instances and their scaling.

| of | what AWS does and moto 5.2.5 lacks |
|---|---|
| EC2 | wildcards among instance types; the purchase option; no spot instance can be stopped; the time of the last start |
| Auto Scaling | a group terminates an instance that somebody stops, unless its processes are suspended |
| Application Auto Scaling | only endpoints in service are scaled, and a policy needs a target |
"""

from datetime import datetime, timezone

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend, applicationautoscaling_backends
from moto.autoscaling.models import autoscaling_backends
from moto.core.exceptions import JsonRESTError
from moto.ec2 import utils as ec2_utils
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance
from moto.sagemaker.models import sagemaker_backends

# A group does not touch a stopped instance while one of these stands still
# (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html).
_REPLACING = {"HealthCheck", "ReplaceUnhealthy", "Terminate"}

_stop_instance_as_moto, _start_instance_as_moto = Instance.stop, Instance.start
_in_filter_as_moto = ec2_utils.instance_value_in_filter_values
_register_as_moto = ApplicationAutoscalingBackend.register_scalable_target
_put_policy_as_moto = ApplicationAutoscalingBackend.put_scaling_policy


class _NoTarget(JsonRESTError):
    code = 400


def _in_filter(value, wanted) -> bool:
    if isinstance(value, str) and isinstance(wanted, list):
        return any(ec2_utils.re.match(ec2_utils.simple_aws_filter_to_re(one), value) for one in wanted)
    return _in_filter_as_moto(value, wanted)


def _stop_instance(self: Instance):
    if self.lifecycle == "spot":
        raise EC2ClientError("UnsupportedOperation", f"You can't stop the Spot Instance '{self.id}' because it is "
                             "associated with a one-time Spot Instance request.")
    before = _stop_instance_as_moto(self)
    group = getattr(self, "autoscaling_group", None)
    if group and not _REPLACING & {one["ProcessName"] for one in group.suspended_processes}:
        backend = autoscaling_backends[self.ec2_backend.account_id][self.ec2_backend.region_name]
        if any(state.instance.id == self.id for state in group.instance_states):
            backend.terminate_instance(self.id, False)
    return before


def _start_instance(self: Instance):
    self.launch_time = datetime.now(timezone.utc).replace(tzinfo=None)
    return _start_instance_as_moto(self)


def forget_endpoint(account: str, region: str, name: str) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-delete-with-scaling.html"""
    prefix = f"endpoint/{name}/"
    scaling = applicationautoscaling_backends[account][region]
    for targets in scaling.targets.values():
        for own in [own for own in targets if own.startswith(prefix)]:
            del targets[own]
    for key, policy in list(scaling.policies.items()):
        if policy.resource_id.startswith(prefix):
            policy.delete_alarms(account, region)
            del scaling.policies[key]
    scaling.scheduled_actions = [one for one in scaling.scheduled_actions if not one.resource_id.startswith(prefix)]


def _is_there(scaling: ApplicationAutoscalingBackend, own: str) -> bool:
    endpoints = sagemaker_backends[scaling.account_id][scaling.region_name].endpoints
    found = endpoints.get(own.split("/")[1])
    return found is not None and found.endpoint_status == "InService"


def _register(self: ApplicationAutoscalingBackend, namespace: str, r_id: str, *arguments, **named):
    if namespace == "sagemaker" and not _is_there(self, r_id):
        raise AWSValidationException(f"SageMaker endpoint is not in service: {r_id}")
    return _register_as_moto(self, namespace, r_id, *arguments, **named)


def _put_policy(self: ApplicationAutoscalingBackend, **given):
    if not self._scalable_target_exists(given["resource_id"], given["scalable_dimension"]):
        raise _NoTarget("ObjectNotFoundException",
                        f"No scalable target registered for resource ID: {given['resource_id']}")
    return _put_policy_as_moto(self, **given)


def install() -> None:
    ec2_utils.instance_value_in_filter_values = _in_filter
    Instance.stop, Instance.start = _stop_instance, _start_instance
    Instance.instance_lifecycle = property(lambda self: self.lifecycle)
    ApplicationAutoscalingBackend.register_scalable_target = _register
    ApplicationAutoscalingBackend.put_scaling_policy = _put_policy
