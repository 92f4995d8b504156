"""Organizations as AWS documents it: throttled, asynchronous, paged and strict about its input."""

import functools
import json
from pathlib import Path

from moto.core.utils import camelcase_to_underscores
from moto.organizations.exceptions import OrganizationsClientError as Refusal
from moto.organizations.models import OrganizationsBackend, organizations_backends
from moto.organizations.responses import OrganizationsResponse

from . import checks, creation
from .clock import Bucket

MANAGEMENT_ACCOUNT = "123456789012"

# Rate per second and burst (orgs_reference_limits).
_RATES = json.loads(Path(__file__).with_name("throttles.json").read_text())

_MAX_PAGE = 20


def backend() -> OrganizationsBackend:
    """The one organization, that of the management account."""
    return organizations_backends[MANAGEMENT_ACCOUNT]["aws"]


def throttled(action: str, method):
    """AWS refuses calls above the action's rate; moto takes any number."""
    bucket = Bucket(*_RATES[action])

    @functools.wraps(method)
    def limited(self):
        if not bucket.take():
            raise Refusal(
                "TooManyRequestsException",
                "You have sent too many requests in too short a period of time. The quota helps protect against"
                " denial-of-service attacks. Try again later.",
            )
        return method(self)

    return limited


def page(items: list, request: dict, key: str) -> str:
    """One page of a list operation: at most 20 items, a token that only this list accepts."""
    size = request.get("MaxResults", _MAX_PAGE)
    if not isinstance(size, int) or not 1 <= size <= _MAX_PAGE:
        raise checks.invalid("MAX_VALUE_EXCEEDED", "You provided a MaxResults that is not between 1 and 20.")
    token = request.get("NextToken")
    prefix, _, offset = (token or f"{key}:0").partition(":")
    if prefix != key or not offset.isdigit():
        raise checks.invalid("INVALID_NEXT_TOKEN", "Get the value for the NextToken parameter from the response to a"
                             " previous call of the operation.")
    start = int(offset)
    document = {key: items[start:start + size]}
    if start + size < len(items):
        document["NextToken"] = f"{key}:{start + size}"
    return json.dumps(document)


class Responses:
    """The operations that moto answers too kindly, as AWS answers them."""

    def create_account(self: OrganizationsResponse) -> str:
        request = self.request_params
        checks.account_name(request.get("AccountName"))
        checks.email(request.get("Email"))
        checks.tags(request.get("Tags") or [])
        return json.dumps({"CreateAccountStatus": creation.begin(backend(), request).status()})

    def describe_create_account_status(self: OrganizationsResponse) -> str:
        found = creation.find(backend(), self.request_params.get("CreateAccountRequestId"))
        return json.dumps({"CreateAccountStatus": found.status()})

    def list_create_account_status(self: OrganizationsResponse) -> str:
        wanted = self.request_params.get("States") or ["IN_PROGRESS", "SUCCEEDED", "FAILED"]
        listed = [item.status() for item in creation.all_of(backend()) if item.state in wanted]
        return page(listed, self.request_params, "CreateAccountStatuses")

    def list_accounts(self: OrganizationsResponse) -> str:
        creation.settle(backend())
        return page([account.describe() for account in backend().accounts], self.request_params, "Accounts")

    def list_accounts_for_parent(self: OrganizationsResponse) -> str:
        creation.settle(backend())
        parent = backend().validate_parent_id(self.request_params["ParentId"])
        listed = [account.describe() for account in backend().accounts if account.parent_id == parent]
        return page(listed, self.request_params, "Accounts")

    def list_organizational_units_for_parent(self: OrganizationsResponse) -> str:
        parent = backend().validate_parent_id(self.request_params["ParentId"])
        listed = [unit.describe()["OrganizationalUnit"] for unit in backend().ou if unit.parent_id == parent]
        return page(listed, self.request_params, "OrganizationalUnits")

    def create_organizational_unit(self: OrganizationsResponse) -> str:
        request = self.request_params
        checks.unit_name(request.get("Name"))
        checks.tags(request.get("Tags") or [])
        parent = backend().validate_parent_id(request["ParentId"])
        if any(unit.parent_id == parent and unit.name == request["Name"] for unit in backend().ou):
            raise Refusal("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
        return json.dumps(backend().create_organizational_unit(**request))

    def list_parents(self: OrganizationsResponse) -> str:
        creation.settle(backend())
        try:
            return json.dumps(backend().list_parents(ChildId=self.request_params["ChildId"]))
        except Refusal as error:
            raise Refusal("ChildNotFoundException", "You specified a child that doesn't exist.") from error

    def move_account(self: OrganizationsResponse) -> str:
        creation.settle(backend())
        request = self.request_params
        account = backend().get_account_by_id(request["AccountId"])
        parents = {unit.id for unit in backend().ou}
        if request["DestinationParentId"] not in parents:
            raise Refusal("DestinationParentNotFoundException", "You specified a destination that doesn't exist.")
        if account.parent_id == request["DestinationParentId"]:
            raise Refusal("DuplicateAccountException", "The account is already in the destination.")
        if account.parent_id != request["SourceParentId"]:
            raise Refusal("SourceParentNotFoundException", "You specified a source that doesn't hold the account.")
        account.parent_id = request["DestinationParentId"]
        return "{}"

    def tag_resource(self: OrganizationsResponse) -> str:
        checks.tags(self.request_params.get("Tags") or [])
        backend().tag_resource(**self.request_params)
        return "{}"


def overview() -> dict:
    """`GET /_local/organizations`."""
    organization = backend().org
    return {"organizationId": organization.id, "managementAccountId": MANAGEMENT_ACCOUNT,
            "rootId": organization.root_id, **creation.overview(backend())}


def plan_outcome(request: dict) -> dict:
    """`POST /_local/organizations/outcomes`: how the next creations end, see creation.Outcome."""
    creation.OUTCOMES.append(creation.Outcome(**request))
    return {"planned": len(creation.OUTCOMES)}


def forget_outcomes() -> dict:
    """`DELETE /_local/organizations/outcomes`."""
    creation.OUTCOMES.clear()
    return {}


def install() -> None:
    backend().create_organization(region="us-east-1", FeatureSet="ALL")
    for name, method in vars(Responses).items():
        if not name.startswith("_"):
            setattr(OrganizationsResponse, name, method)
    for action in _RATES:
        name = camelcase_to_underscores(action)
        setattr(OrganizationsResponse, name, throttled(action, getattr(OrganizationsResponse, name)))
