"""Policies of an organization and what they are attached to
(https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies.html).

moto attaches any number of policies, of types that are not enabled too, and takes any content. A second attachment is
done, and so is the detachment of what is not attached. The lists of targets and of delegated administrators have no
pages. Every policy type is disabled at first; FullAWSAccess is attached to every root, unit and account all the same.
"""

import json
import threading
from dataclasses import dataclass

from moto.organizations import utils
from moto.organizations.exceptions import OrganizationsClientError as Refusal
from moto.organizations.exceptions import PolicyTypeNotEnabledException, TargetNotFoundException
from moto.organizations.models import FakePolicy
from moto.organizations.responses import OrganizationsResponse

from . import checks, creation
from .organizations import backend, page

# Characters, white space included (orgs_reference_limits).
_MOST_CHARACTERS = {"SERVICE_CONTROL_POLICY": 10240}


@dataclass
class Limits:
    """How many policies of a type a target can have, and whether lists begin with an empty page, as they may."""

    most_attached: int = 10
    empty_pages: bool = False


_limits = Limits()
_lock = threading.Lock()


def _target(identifier: str):
    """A root, unit or account."""
    creation.settle(backend())
    found = next((one for one in (*backend().ou, *backend().accounts) if one.id == identifier), None)
    if found is None:
        raise TargetNotFoundException
    return found


def _both(request: dict):
    """The policy and the target that a request names."""
    return backend().get_policy_by_id(request["PolicyId"]), _target(request["TargetId"])


def _is_enabled(kind: str) -> bool:
    root = next(unit for unit in backend().ou if unit.id == backend().org.root_id)
    return {"Type": kind, "Status": "ENABLED"} in root.policy_types


def _of_type(target, kind: str) -> list[FakePolicy]:
    return [policy for policy in target.attached_policies if policy.type == kind]


def _check(kind: str, content: str | None, name: str | None) -> None:
    """The new content and name of a policy, where it gets them."""
    if name is not None and not 1 <= len(name) <= 128:
        raise checks.invalid("MAX_LENGTH_EXCEEDED", "You provided a name that is not 1 to 128 characters long.")
    if content is None:
        return
    if len(content) > _MOST_CHARACTERS.get(kind, len(content)):
        raise checks.violation("POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size.")
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or kind == "SERVICE_CONTROL_POLICY" and not document.get("Statement"):
        raise Refusal("MalformedPolicyDocumentException", "The provided policy document does not meet the requirements "
                      "of the specified policy type.")


def _changeable(request: dict) -> FakePolicy:
    policy = backend().get_policy_by_id(request["PolicyId"])
    if policy.aws_managed:
        raise checks.invalid("IMMUTABLE_POLICY", "You specified a policy that is managed by AWS and can't be modified.")
    return policy


def _paged(items: list[dict], request: dict, key: str) -> str:
    if _limits.empty_pages and not request.get("NextToken"):
        return json.dumps({key: [], "NextToken": f"{key}:0"})
    return page(items, request, key)


def _kind(request: dict) -> str:
    kind = request.get("Filter")
    if not FakePolicy.supported_policy_type(kind):
        raise checks.invalid("INVALID_ENUM_POLICY_TYPE", "You specified a policy type that is not valid.")
    return kind


def _summaries(policies: list[FakePolicy]) -> list[dict]:
    return [policy.describe()["Policy"]["PolicySummary"] for policy in policies]


class Responses:
    """The operations that moto answers too kindly, as AWS answers them."""

    def create_policy(self: OrganizationsResponse) -> str:
        request = self.request_params
        _check(request.get("Type"), request.get("Content") or "", request.get("Name") or "")
        checks.tags(request.get("Tags") or [])
        with _lock:
            return json.dumps(backend().create_policy(**request))

    def update_policy(self: OrganizationsResponse) -> str:
        request = self.request_params
        policy = _changeable(request)
        _check(policy.type, request.get("Content"), request.get("Name"))
        if any(other is not policy and other.name == request.get("Name") for other in backend().policies):
            raise Refusal("DuplicatePolicyException", "A policy with the same name already exists.")
        return json.dumps(backend().update_policy(**request))

    def delete_policy(self: OrganizationsResponse) -> str:
        if _changeable(self.request_params).attachments:
            raise Refusal("PolicyInUseException", "The policy is attached to one or more entities. You must detach it "
                          "from all roots, OUs, and accounts before performing this operation.")
        backend().delete_policy(**self.request_params)
        return "{}"

    def attach_policy(self: OrganizationsResponse) -> str:
        policy, target = _both(self.request_params)
        with _lock:
            if not _is_enabled(policy.type):
                raise PolicyTypeNotEnabledException
            if policy in target.attached_policies:
                raise Refusal("DuplicatePolicyAttachmentException", "The selected policy is already attached to the "
                              "specified target.")
            if len(_of_type(target, policy.type)) >= _limits.most_attached:
                raise checks.violation("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You have attached the maximum "
                                       "number of policies of this type to the target.")
            target.attached_policies.append(policy)
            policy.attachments.append(target)
        return "{}"

    def detach_policy(self: OrganizationsResponse) -> str:
        policy, target = _both(self.request_params)
        with _lock:
            if policy not in target.attached_policies:
                raise Refusal("PolicyNotAttachedException", "The policy isn't attached to the specified target in the "
                              "specified root.")
            if policy.id == utils.DEFAULT_RCP_POLICY_ID:
                raise checks.invalid("NON_DETACHABLE_POLICY", "You can't detach this policy.")
            if policy.type == "SERVICE_CONTROL_POLICY" and _of_type(target, policy.type) == [policy]:
                raise checks.violation("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You can't remove the last service "
                                       "control policy of the target.")
            target.attached_policies.remove(policy)
            policy.attachments.remove(target)
        return "{}"

    def disable_policy_type(self: OrganizationsResponse) -> str:
        """Nothing but FullAWSAccess stays attached."""
        answer = backend().disable_policy_type(**self.request_params)
        for policy in backend().policies:
            if policy.type == self.request_params["PolicyType"] and not policy.aws_managed:
                for target in policy.attachments:
                    target.attached_policies.remove(policy)
                policy.attachments.clear()
        return json.dumps(answer)

    def list_policies(self: OrganizationsResponse) -> str:
        kind = _kind(self.request_params)
        listed = _summaries([one for one in backend().policies if one.type == kind])
        return _paged(listed, self.request_params, "Policies")

    def list_policies_for_target(self: OrganizationsResponse) -> str:
        listed = _summaries(_of_type(_target(self.request_params.get("TargetId")), _kind(self.request_params)))
        return _paged(listed, self.request_params, "Policies")

    def list_targets_for_policy(self: OrganizationsResponse) -> str:
        targets = backend().list_targets_for_policy(PolicyId=self.request_params.get("PolicyId"))["Targets"]
        return _paged(targets, self.request_params, "Targets")

    def list_delegated_administrators(self: OrganizationsResponse) -> str:
        service = self.request_params.get("ServicePrincipal")
        listed = [one.describe() for one in backend().admins if service in (None, *one.services)]
        return _paged(listed, self.request_params, "DelegatedAdministrators")


def set_limits(request: dict) -> dict:
    """`POST /_local/organizations/policies`: Limits; what is not said is as usual."""
    global _limits
    _limits = Limits(request.get("mostAttached", 10), request.get("emptyPages", False))
    return {"mostAttached": _limits.most_attached, "emptyPages": _limits.empty_pages}


def install() -> None:
    """Before organizations, which throttles these calls."""
    for name, method in vars(Responses).items():
        if not name.startswith("_"):
            setattr(OrganizationsResponse, name, method)
