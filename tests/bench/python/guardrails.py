"""The service control policies that hold spending, as the Rust crate of the same name has them, kept as they should be."""

import json
import os

from landing_zone import ROOT
from suite import listed

KIND = "SERVICE_CONTROL_POLICY"
LAYERS = {
    name: json.loads((ROOT / f"shared/guardrails/data/{name}.json").read_text())["Statement"]
    for name in ("spend-restrict", "spend-freeze")
}
DENIALS = {"spend-restrict": LAYERS["spend-restrict"], "spend-freeze": LAYERS["spend-restrict"] + LAYERS["spend-freeze"]}
DESCRIPTIONS = {
    "spend-restrict": "Denies new AI and GPU spend. The AI Landing Zone attaches and detaches it.",
    "spend-freeze": "Denies inference and new AI and GPU spend. The AI Landing Zone attaches and detaches it.",
}
NAME_PREFIX = os.environ["NAME_PREFIX"]
ROLES = [f"{os.environ['MEMBER_ROLE_PREFIX']}-*", os.environ["MEMBER_ACCESS_ROLE"]]


def document(guardrail, partition):
    arns = [f"arn:{partition}:iam::*:role/{role}" for role in ROLES]
    policy = {"Version": "2012-10-17", "Statement": DENIALS[guardrail]}
    return filled(policy, arns)


def filled(value, arns):
    """The word for exempt roles becomes their ARNs."""
    if isinstance(value, dict):
        return {key: filled(inner, arns) for key, inner in value.items()}
    if isinstance(value, list):
        return [one for inner in value for one in (arns if inner == "${ExemptRoles}" else [filled(inner, arns)])]
    return value


def ensure(organizations, root, partition):
    """Ids by guardrail, those that were created, and those that were updated."""
    enable(organizations, root)
    there = policies(organizations)
    ids, created, updated = {}, [], []
    for guardrail in LAYERS:
        name, wanted = f"{NAME_PREFIX}-{guardrail}", document(guardrail, partition)
        if name not in there:
            try:
                ids[guardrail] = create(organizations, guardrail, name, wanted)
                created.append(guardrail)
                continue
            except organizations.exceptions.DuplicatePolicyException:
                there = policies(organizations)
                if name not in there:
                    raise
        ids[guardrail] = there[name]
        if keep(organizations, there[name], wanted):
            updated.append(guardrail)
    return ids, created, updated


def enable(organizations, root):
    types = {one["Type"]: one["Status"] for one in root.get("PolicyTypes", [])}
    if types.get(KIND) in ("ENABLED", "PENDING_ENABLE"):
        return
    try:
        organizations.enable_policy_type(RootId=root["Id"], PolicyType=KIND)
    except organizations.exceptions.PolicyTypeAlreadyEnabledException:
        pass


def policies(organizations):
    return {policy["Name"]: policy["Id"] for policy in listed(organizations, "list_policies", "Policies", Filter=KIND)}


def create(organizations, guardrail, name, wanted):
    answer = organizations.create_policy(
        Type=KIND, Name=name, Description=DESCRIPTIONS[guardrail], Content=json.dumps(wanted, separators=(",", ":"))
    )
    return answer["Policy"]["PolicySummary"]["Id"]


def keep(organizations, policy_id, wanted):
    """Gives a policy that is there its content back. True where it had another."""
    content = organizations.describe_policy(PolicyId=policy_id)["Policy"].get("Content", "")
    if parsed(content) == wanted:
        return False
    organizations.update_policy(PolicyId=policy_id, Content=json.dumps(wanted, separators=(",", ":")))
    return True


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None
