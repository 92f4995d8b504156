"""IAM for the governance services.

Organizations, Account Management and the roles of member accounts are played by moto, which neither checks a signature
made in the management account nor knows its policies. The principals live here, in MiniStack, so the gateway first
sends such a request here with `x-local-authorize: <service>:<Action>`. It passes MiniStack's own signature check, the
policies of its principal decide, and the answer is either AWS's refusal or the ARN of the principal.
"""

import itertools
import json
import os
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.core.router import extract_access_key_id

# Fields of an Organizations request that name a resource its action can be limited to (Service Authorization
# Reference). A request without any is authorized on "*".
_ORGANIZATIONS_FIELDS = (
    "AccountId", "ResourceId", "ChildId", "TargetId", "ParentId", "SourceParentId", "DestinationParentId",
    "OrganizationalUnitId", "RootId", "PolicyId",
)
_BUDGETS_TAGGING = ("ListTagsForResource", "TagResource", "UntagResource")


def organizations_arn(identifier: str, organization: str, account: str) -> str:
    """The ARN of an account, organizational unit, root or policy, from the shape of its id. The type of a policy is not
    to be seen there: it is taken for a service control policy, the only ones that the suite changes."""
    prefix = f"arn:aws:organizations::{account}"
    if identifier.isdigit():
        return f"{prefix}:account/{organization}/{identifier}"
    kind = {"ou": "ou", "r": "root", "p": "policy"}.get(identifier.split("-")[0])
    if identifier == "p-FullAWSAccess":
        return f"arn:aws:organizations::aws:policy/service_control_policy/{identifier}"
    if kind == "policy":
        return f"{prefix}:policy/{organization}/service_control_policy/{identifier}"
    return f"{prefix}:{kind}/{organization}/{identifier}" if kind else "*"


def actions(action: str, body: bytes) -> list[str]:
    """The IAM actions of a call. Those of AWS Budgets are not named after its calls
    (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html)."""
    service, _, name = action.partition(":")
    if service != "budgets" or name in _BUDGETS_TAGGING:
        return [action]
    views = name.startswith("Describe")
    tags = json.loads(body or b"{}").get("ResourceTags")
    return ["budgets:ViewBudget" if views else "budgets:ModifyBudget", *(["budgets:TagResource"] if tags else [])]


def resources(service: str, body: bytes, organization: str, account: str) -> list[str]:
    """The ARNs that the action is checked on."""
    if service == "sts":
        return parse_qs(body.decode()).get("RoleArn", ["*"])
    request = json.loads(body or b"{}")
    if service == "account":
        member = request.get("AccountId")
        return [f"arn:aws:account::{account}:account/{organization}/{member}" if member
                else f"arn:aws:account::{account}:account"]
    if service == "budgets":
        budget = request.get("Budget") or request.get("NewBudget") or request
        return [request.get("ResourceARN") or f"arn:aws:budgets::{account}:budget/{budget.get('BudgetName', '*')}"]
    if service == "securityhub":
        return [f"arn:aws:securityhub:{os.environ.get('MINISTACK_REGION', 'us-east-1')}:{account}:hub/default"]
    # A policy that is being created has no id yet (CreatePolicy).
    if isinstance(request.get("Content"), str) and isinstance(request.get("Type"), str):
        return [f"arn:aws:organizations::{account}:policy/{organization}/{request['Type'].lower()}/*"]
    named = [request[field] for field in _ORGANIZATIONS_FIELDS if isinstance(request.get(field), str)]
    return [organizations_arn(name, organization, account) for name in named] or ["*"]


def condition_keys(service: str, body: bytes, organization: str) -> dict:
    """What the conditions of a policy may ask about the request, beside its principal."""
    keys = {"aws:ResourceOrgID": organization}
    if service == "sts":
        form = parse_qs(body.decode())
        named = {"sts:RoleSessionName": "RoleSessionName", "sts:ExternalId": "ExternalId"}
        return keys | {key: form[field][0] for key, field in named.items() if field in form}
    request = json.loads(body or b"{}")
    tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or request.get("ResourceTags") or []}
    tag_keys = [*tags, *(request.get("TagKeys") or request.get("ResourceTagKeys") or [])]
    return keys | {f"aws:RequestTag/{key}": value for key, value in tags.items()} | (
        {"aws:TagKeys": tag_keys} if tag_keys else {})


def install() -> None:
    dispatch = app._dispatch_service_request
    organization = os.environ["LOCAL_ORGANIZATION_ID"]
    # The organization is moto's; MiniStack's own does not exist, so that it knew no aws:PrincipalOrgID.
    iam_evaluator._principal_org_id = lambda _account: organization

    async def authorize_or_dispatch(method, path, headers, body, query_params, request_id):
        action = headers.get("x-local-authorize")
        if not action:
            return await dispatch(method, path, headers, body, query_params, request_id)
        iam_evaluator.pin_request_caller(headers, query_params)
        service = action.split(":")[0]
        keys = condition_keys(service, body, organization)
        asked = itertools.product(actions(action, body), resources(service, body, organization, get_account_id()))
        for permission, resource in asked:
            denied = app._enforce_data_plane(service, permission, headers, query_params, request_id,
                                             resource_arn=resource, service_context=keys)
            if denied:
                return denied
        caller = iam_evaluator.resolve_caller_identity(extract_access_key_id(headers, query_params)) or {}
        return 200, {"x-local-principal": caller.get("userArn") or f"arn:aws:iam::{get_account_id()}:root"}, b""

    app._dispatch_service_request = authorize_or_dispatch
