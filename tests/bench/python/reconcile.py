"""Brings the organizational units about and remembers the organization, so that no request has to look it up."""

import json
import urllib.request

import guardrails
from landing_zone import CATALOG
from ledger import Ledger, email_item, name_item, now
from suite import client, fault, listed, serves

PHYSICAL_ID = "ai-landing-zone-organization"

ledger = Ledger()
organizations = client("organizations")


@serves
def handler(event):
    if "RequestType" not in event:
        return reconcile()
    if event["RequestType"] == "Delete":
        answer(event, "SUCCESS", Data={})
        return None
    try:
        report = reconcile()
    except Exception as error:
        answer(event, "FAILED", Reason=str(error))
        return None
    data = {
        "OrganizationId": report["organizationId"],
        "RootId": report["rootId"],
        "SpendRestrictPolicyId": report["guardrails"]["spend-restrict"],
        "SpendFreezePolicyId": report["guardrails"]["spend-freeze"],
    }
    answer(event, "SUCCESS", Data=data)
    return report


def answer(event, status, **more):
    body = {
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "PhysicalResourceId": PHYSICAL_ID,
        "Status": status,
        **more,
    }
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request):
        pass


def reconcile():
    organization, created, root, partition = ensure_units()
    organization["guardrails"], created_guardrails, updated_guardrails = guardrails.ensure(organizations, root, partition)
    item = {"id": "organization", "kind": "organization", **organization}
    ledger.put(item, "attribute_not_exists(id) OR attribute_exists(id)")
    accounts = list(listed(organizations, "list_accounts", "Accounts"))
    new_accounts = 0
    for account in accounts:
        if ledger.get(f"account#{account['Id']}") is None:
            remember(account)
            new_accounts += 1
    return {
        "organizationId": organization["organizationId"],
        "rootId": organization["rootId"],
        "created": created,
        "adopted": len(organization["units"]) - len(created),
        "guardrails": organization["guardrails"],
        "createdGuardrails": created_guardrails,
        "updatedGuardrails": updated_guardrails,
        "newAccounts": new_accounts,
        "knownAccounts": len(accounts),
    }


def ensure_units():
    described = organizations.describe_organization()["Organization"]
    roots = organizations.list_roots()["Roots"]
    if not roots:
        raise fault("NotReady.NoOrganization", "AWS Organizations shows no root")
    units, created, children = {}, [], {}
    for path in CATALOG["units"]:
        above, _, name = path.rpartition("/")
        parent = units.get(above, roots[0]["Id"])
        if parent not in children:
            children[parent] = list_units(parent)
        unit_id = adopt(children[parent], name)
        if unit_id is None:
            unit_id = create(parent, name)
            created.append(path)
        units[path] = unit_id
    organization = {
        "organizationId": described["Id"],
        "managementAccount": described["MasterAccountId"],
        "rootId": roots[0]["Id"],
        "units": units,
        "delegated": sorted(delegated()),
        "readAt": now(),
    }
    partition = described.get("Arn", "arn:aws").split(":")[1]
    return organization, created, roots[0], partition


def adopt(siblings, name):
    """The unit of that name; the one that differs only in case when there is none."""
    exact = [unit["Id"] for unit in siblings if unit["Name"] == name]
    similar = [unit["Id"] for unit in siblings if unit["Name"].lower() == name.lower()]
    return next(iter(exact + similar), None)


def create(parent, name):
    try:
        answer = organizations.create_organizational_unit(ParentId=parent, Name=name)
        return answer["OrganizationalUnit"]["Id"]
    except organizations.exceptions.DuplicateOrganizationalUnitException:
        return adopt(list_units(parent), name)


def list_units(parent):
    operation = "list_organizational_units_for_parent"
    return list(listed(organizations, operation, "OrganizationalUnits", ParentId=parent))


def delegated():
    """Every account that administers a service for the organization."""
    accounts = listed(organizations, "list_delegated_administrators", "DelegatedAdministrators")
    return {account["Id"] for account in accounts}


def remember(account):
    for item_id in (name_item(account["Name"]), email_item(account["Email"])):
        ledger.reserve(item_id, account["Id"])
    ledger.update(f"account#{account['Id']}", "SET kind = :kind", values={":kind": "account"})
