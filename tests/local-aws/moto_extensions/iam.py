"""IAM in the member accounts."""

import json

from moto.iam import models
from moto.iam.models import IAMBackend, Role, iam_backends


def roles_of_templates() -> None:
    """CloudFormation gives a role its managed policies and applies changes to its trust, policies and tags; moto does
    neither. It also keeps inline policies as Python writes them, which nobody can read back as JSON."""
    create, update = Role.create_from_cloudformation_json.__func__, Role.update_from_cloudformation_json.__func__

    def attach(backend: IAMBackend, role: Role, properties: dict) -> None:
        wanted = properties.get("ManagedPolicyArns") or []
        for arn in set(role.managed_policies) - set(wanted):
            backend.detach_role_policy(arn, role.name)
        for arn in wanted:
            backend.attach_role_policy(arn, role.name)

    def inline(properties: dict) -> dict[str, str]:
        return {item["PolicyName"]: json.dumps(item["PolicyDocument"]) for item in properties.get("Policies") or []}

    def created(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        role = create(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
        role.policies = inline(cloudformation_json["Properties"])
        attach(iam_backends[account_id]["aws"], role, cloudformation_json["Properties"])
        return role

    def updated(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        properties = cloudformation_json["Properties"]
        update(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name)
        role = original_resource
        role.assume_role_policy_document = json.dumps(properties["AssumeRolePolicyDocument"])
        role.max_session_duration = properties.get("MaxSessionDuration", 3600)
        role.policies = inline(properties)
        role.tags = {tag["Key"]: tag for tag in properties.get("Tags") or []}
        attach(iam_backends[account_id]["aws"], role, properties)
        return role

    Role.create_from_cloudformation_json = classmethod(created)
    Role.update_from_cloudformation_json = classmethod(updated)


def one_partition() -> None:
    """moto looks for the owner of an access key in every partition, and on the way builds an IAM with all managed
    policies for each: a second of work per new account. All accounts here are in `aws`."""
    models.PARTITION_NAMES = ["aws"]


def install() -> None:
    roles_of_templates()
    one_partition()
