"""An account as Organizations shows it now, as the Rust crate of the same name reads it."""

from finops import GUARDRAILS
from landing_zone import ACCOUNT_TYPES, ENVIRONMENTS
from suite import listed


def account(organizations, known, account_id):
    """The account."""
    described = organizations.describe_account(AccountId=account_id)["Account"]
    listed_tags = listed(organizations, "list_tags_for_resource", "Tags", ResourceId=account_id)
    tags = {tag["Key"]: tag["Value"] for tag in listed_tags}
    kind, environment = tags.get("account-type"), tags.get("environment")
    return {
        "id": account_id,
        "name": described.get("Name", ""),
        "accountType": kind if kind in ACCOUNT_TYPES else None,
        "environment": environment if environment in ENVIRONMENTS else None,
        "owner": tags.get("owner"),
        "costCenter": tags.get("cost-center"),
        "unit": unit(organizations, known, account_id),
        "state": described.get("State", "UNKNOWN"),
        "special": special(known, account_id),
    }


def attached(organizations, known, account_id):
    """Which of the suite's guardrails are attached to the account directly."""
    arguments = {"TargetId": account_id, "Filter": "SERVICE_CONTROL_POLICY"}
    there = {policy["Id"] for policy in listed(organizations, "list_policies_for_target", "Policies", **arguments)}
    policies = known.get("guardrails", {})
    return [guardrail for guardrail in GUARDRAILS if policies.get(guardrail) in there]


def unit(organizations, known, account_id):
    """The unit that the account lies in; None below the root or in one that the suite does not know."""
    parent = next((one["Id"] for one in listed(organizations, "list_parents", "Parents", ChildId=account_id)), None)
    return next((path for path, unit_id in known["units"].items() if unit_id == parent), None)


def special(known, account_id):
    if account_id == known["managementAccount"]:
        return "management"
    return "delegated-administrator" if account_id in known.get("delegated", []) else None
