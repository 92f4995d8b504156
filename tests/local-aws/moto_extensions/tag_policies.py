"""Compliance with tag policies: tags whose keys have another case than the effective policy wants, or values that it
does not list (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies.html). A
tag that a resource lacks is no violation.

moto keeps policies and evaluates none. Here the policies of the root, of the units above the account and of the account
itself are merged in this order, each field as its operators say. Operators for child policies are not read, nor is
`report_required_tag_for`, and every resource type is evaluated.
"""

import json
from dataclasses import dataclass

from . import organizations


@dataclass
class Rule:
    """What the effective policy says about one tag: the key as it has to be written, and the values, if only some."""

    key: str
    values: list[str]


def _merged(field: dict, inherited):
    """A field of a policy over what it inherits (orgs_manage_policies_inheritance_mgmt)."""
    value = field.get("@@assign", inherited)
    if "@@append" in field:
        value = value + [item for item in field["@@append"] if item not in value]
    return [item for item in value if item not in field["@@remove"]] if "@@remove" in field else value


def effective(account_id: str) -> dict[str, Rule]:
    """The rules for an account, by the tag's key in lower case."""
    backend = organizations.backend()
    units = {unit.id: unit for unit in backend.ou}
    root = units[backend.org.root_id]
    target = next((account for account in backend.accounts if account.id == account_id), None)
    path = []
    while target is not None and {"Type": "TAG_POLICY", "Status": "ENABLED"} in root.policy_types:
        path.insert(0, target)
        target = units.get(target.parent_id)
    rules: dict[str, Rule] = {}
    for policy in (policy for target in path for policy in target.attached_policies if policy.type == "TAG_POLICY"):
        for key, said in json.loads(policy.content).get("tags", {}).items():
            rule = rules.setdefault(key.lower(), Rule(key.lower(), []))
            rule.key = _merged(said.get("tag_key", {}), rule.key)
            rule.values = _merged(said.get("tag_value", {}), rule.values)
    return rules


def _matches(pattern: str, value: str) -> bool:
    """A value may have one `*`, which stands for any text."""
    head, wildcard, tail = pattern.partition("*")
    if not wildcard:
        return value == pattern
    return value.startswith(head) and value.endswith(tail) and len(value) >= len(head) + len(tail)


def details(rules: dict[str, Rule], tags: dict[str, str]) -> dict:
    """ComplianceDetails of a resource."""
    known = [(key, value, rules[key.lower()]) for key, value in tags.items() if key.lower() in rules]
    keys = [key for key, _, rule in known if key != rule.key]
    values = [key for key, value, rule in known
              if key == rule.key and rule.values and not any(_matches(item, value) for item in rule.values)]
    return {"NoncompliantKeys": keys, "KeysWithNoncompliantValues": values, "ComplianceStatus": not keys and not values}
