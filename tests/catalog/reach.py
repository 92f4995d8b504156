"""What the writes of a control reach beyond its resource (`reach.json`), and the session policies that come of it.

A session policy is put together as `shared/remediation/src/access.rs` does it: reads on everything, each entry with
actions by itself, and all other writes on the resource and the texts. What is too narrow is refused in somebody's
account, halfway through a plan; what is too long is refused before it begins.
"""

import json
import re
from collections.abc import Callable, Iterator

from rows import FREE_PARTS, PART

# The longest inline session policy (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
LONGEST_POLICY = 2048
# Actions that know no single resources, as the pages of their services say in
# https://docs.aws.amazon.com/service-authorization/latest/reference/.
EVERYWHERE = {
    "bedrock-agentcore:CreateBrowser",
    "bedrock-agentcore:CreateCodeInterpreter",
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:DisableEbsEncryptionByDefault",
    "ec2:EnableEbsEncryptionByDefault",
    "elasticmapreduce:PutBlockPublicAccessConfiguration",
    "iam:DeleteAccountPasswordPolicy",
    "iam:UpdateAccountPasswordPolicy",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:PutResourcePolicy",
    "s3:PutAccountPublicAccessBlock",
}
# A policy is measured where it is longest. Names are no longer than this, by the service of the resource.
PLACE = {"partition": "aws-us-gov", "region": "us-gov-west-1", "account": "111122223333", "finding": "0a1b2c3d"}
TIMES = dict.fromkeys(("now", "daysAgo14"), "2026-01-01T00:00:00Z")
NAMES = {"iam": 576, "logs": 512, "sagemaker": 63, "secretsmanager": 519}
OTHER_NAMES, SETTINGS = 256, 63
ARN = re.compile(rf"arn:{PLACE['partition']}:([a-z0-9-]+):[a-z0-9-]*:(\d{{12}}|\*|):.+")

Entry = str | dict[str, list[str]]
# Actions, and the patterns of what they are allowed on.
Statement = tuple[set[str], list[str]]


def faults(rows: list[dict], reach: dict, apis: dict, note: Callable[[str], object] = lambda _: None) -> list[str]:
    """What is wrong with the entries, given the tables of the APIs; `note` is told of the longest session policy."""
    found = [*_unnoticed(), *_problems(rows, reach, apis)]
    if not found:
        lengths = {row["control"]: _length(row, reach.get(row["control"], []), apis) for row in _changing(rows)}
        longest = max(lengths, key=lambda control: lengths[control])
        note(f"the longest session policy, of {longest}, has {lengths[longest]} of {LONGEST_POLICY} characters")
    return found


def _changing(rows: list[dict]) -> list[dict]:
    return [row for row in rows if row.get("steps")]


def _problems(rows: list[dict], reach: dict, apis: dict) -> Iterator[str]:
    changing = {row["control"]: row for row in _changing(rows)}
    yield from (f"reach.json {control}: is no control with steps" for control in reach if control not in changing)
    for control, row in changing.items():
        yield from (f"reach.json {control}: {what}" for what in _of_row(row, reach.get(control, []), apis))


def _of_row(row: dict, entries: list[Entry], apis: dict) -> Iterator[str]:
    if odd := [entry for entry in entries if not _is_entry(entry)]:
        yield f"{odd} are neither texts nor actions with resources"
        return
    writes = _actions(row, ("steps", "undo"), apis)
    rest, *own = _writes(row, entries, apis)
    for action in sorted(set().union(*(actions for actions, _ in own)) - writes):
        yield f"{action} is no action of its steps or undo"
    values = _values(row)
    patterns = [pattern for _, several in (rest, *own) for pattern in several]
    unknown = [(pattern, part) for pattern in patterns for part in PART.findall(pattern) if part not in values]
    yield from (f"{pattern}: {{{part}}} is no part that it has" for pattern, part in unknown)
    if unknown:
        return
    if "*" in rest[1]:
        yield "* is for actions of their own only"
    for statement in (rest, *own):
        yield from _misfits(statement, values, row["resource"])
    if (length := _length(row, entries, apis)) > LONGEST_POLICY:
        yield f"its session policy has {length} characters, not {LONGEST_POLICY} at most"


def _is_entry(entry: object) -> bool:
    lists = entry.values() if isinstance(entry, dict) and entry.keys() == {"actions", "resources"} else [[entry]]
    return all(several and all(isinstance(text, str) for text in several) for several in lists)


def _misfits(statement: Statement, values: dict[str, str], resource: str) -> Iterator[str]:
    """Where actions and patterns are not of the same services."""
    actions, patterns = statement
    arns = {pattern: ARN.fullmatch(_filled(pattern, values)) for pattern in patterns if pattern != "*"}
    services = {action.split(":")[0] for action in actions}
    for pattern, arn in arns.items():
        if not arn:
            yield f"{pattern}: is no ARN of the partition"
        elif arn[1] not in services and pattern != resource:
            yield f"{pattern}: none of its actions is of {arn[1]}"
    reached = {arn[1] for arn in arns.values() if arn}
    for action in sorted(actions):
        if "*" in patterns and action not in EVERYWHERE:
            yield f"{action}: takes an ARN in place of *"
        elif "*" not in patterns and action.split(":")[0] not in reached:
            yield f"{action}: reaches nothing"


def _actions(row: dict, fields: tuple[str, ...], apis: dict) -> set[str]:
    """The IAM actions of calls."""
    lists = [row.get(field, []) for field in fields]
    calls = [call for several in lists for call in (several.values() if isinstance(several, dict) else several)]
    found = set()
    for service, _, operation in (call["call"].partition(":") for call in calls if "call" in call):
        entry = apis.get(service, {})
        named = entry.get("operations", {}).get(operation, {}).get("permissions")
        found |= {*(named or [f"{entry.get('permissions', service)}:{operation}"])}
    return found


def _writes(row: dict, entries: list[Entry], apis: dict) -> list[Statement]:
    """First what is allowed on the resource and the texts, then the entries with actions."""
    own = [({*entry["actions"]}, entry["resources"]) for entry in entries if isinstance(entry, dict)]
    rest = _actions(row, ("steps", "undo"), apis).difference(*(actions for actions, _ in own))
    resource = [row["resource"]] if row["resource"].startswith("arn:") else []
    return [(rest, resource + [entry for entry in entries if isinstance(entry, str)]), *own]


def _values(row: dict) -> dict[str, str]:
    """Long values for the parts that the texts of a row may name."""
    name = "n" * NAMES.get(row["resource"].split(":")[2], OTHER_NAMES)
    values = dict.fromkeys(row.get("settings", []), "s" * SETTINGS) | dict.fromkeys(PART.findall(row["resource"]), name)
    for setting in [setting for setting in values if setting.endswith("Arn")]:
        service = re.match("[a-z]+", setting)[0]
        values[setting] = f"arn:{PLACE['partition']}:{service}:{PLACE['region']}:{PLACE['account']}:key/{'s' * 36}"
    return dict.fromkeys(FREE_PARTS, "") | values | PLACE | TIMES


def _filled(pattern: str, values: dict[str, str]) -> str:
    return PART.sub(lambda part: values[part[1]], pattern)


def _length(row: dict, entries: list[Entry], apis: dict) -> int:
    """Of the session policy under which a control's resource is read and changed."""
    values = _values(row)
    reads = _actions(row, ("describe",), apis) | {"tag:GetResources"}
    statements = [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": [_filled(pattern, values) for pattern in patterns]}
        for actions, patterns in [(reads, ["*"]), *_writes(row, entries, apis)]
        if actions and patterns
    ]
    return len(json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":")))


# Entries that are right, and what makes them wrong: it has to be noticed.
SAMPLE_APIS = {
    "ec2": {
        "operations": {"CreateFlowLogs": {"permissions": ["ec2:CreateFlowLogs", "logs:CreateLogDelivery"]}},
    },
    "glue": {"operations": {"UpdateJob": {"permissions": ["glue:UpdateJob", "iam:PassRole"]}}},
    "bedrock-agent": {
        "permissions": "bedrock",
        "operations": {"UpdateDataSource": {"permissions": ["bedrock:UpdateDataSource", "kms:DescribeKey"]}},
    },
}
SAMPLE_ROWS = [
    {"control": "EC2.1", "resource": "AWS::::Account:{account}", "steps": [{"call": "ec2:ModifySnapshotAttribute"}]},
    {
        "control": "EC2.6",
        "resource": "arn:{partition}:ec2:{region}:{account}:vpc/{id}",
        "describe": {"logs": {"call": "ec2:DescribeFlowLogs"}, "kept": {"value": 1}},
        "steps": [{"call": "ec2:CreateFlowLogs"}],
        "undo": [{"call": "ec2:DeleteFlowLogs"}],
    },
    {
        "control": "Glue.4",
        "resource": "arn:{partition}:glue:{region}:{account}:job/{name}",
        "steps": [{"call": "glue:UpdateJob"}],
    },
    {
        "control": "Bedrock.1",
        "resource": "arn:{partition}:bedrock:{region}:{account}:knowledge-base/{base}/data-source/{id}",
        "settings": ["kmsKeyArn"],
        "steps": [{"call": "bedrock-agent:UpdateDataSource"}],
    },
    {"control": "SageMaker.16", "resource": "arn:{partition}:sagemaker:{region}:{account}:model/{name}"},
]
SAMPLE_REACH = {
    "EC2.1": ["arn:{partition}:ec2:{region}::snapshot/*"],
    "EC2.6": [
        "arn:{partition}:ec2:{region}:{account}:vpc-flow-log/*",
        {"actions": ["logs:CreateLogDelivery"], "resources": ["*"]},
    ],
    "Glue.4": [{"actions": ["iam:PassRole"], "resources": ["arn:{partition}:iam::{account}:role/*"]}],
    "Bedrock.1": [
        "arn:{partition}:bedrock:{region}:{account}:knowledge-base/{base}",
        {"actions": ["kms:DescribeKey"], "resources": ["{kmsKeyArn}"]},
    ],
}
# What is replaced in the JSON of the entries, once, by what, and a piece of what is to be told.
BREAKS = [
    ('"EC2.1"', '"EC2.99"', "EC2.99: is no control with steps"),
    ('"EC2.1"', '"SageMaker.16"', "SageMaker.16: is no control with steps"),
    ('"EC2.1"', '"EC2.99"', "ec2:ModifySnapshotAttribute: reaches nothing"),
    ('"actions": ["iam:PassRole"], ', "", "neither texts nor"),
    ('["iam:PassRole"]', "[]", "neither texts nor"),
    ('["iam:PassRole"]', '["iam:PassRole", "iam:GetRole"]', "iam:GetRole is no action"),
    ('["iam:PassRole"]', '["glue:UpdateJob"]', "iam:PassRole: reaches nothing"),
    ('["kms:DescribeKey"]', '["bedrock:UpdateDataSource"]', "kms:DescribeKey: reaches nothing"),
    ("{account}:vpc-flow-log", "{owner}:vpc-flow-log", "{owner} is no part"),
    ("{base}", "{name}", "{name} is no part"),
    ("{kmsKeyArn}", "{dataKeyArn}", "{dataKeyArn} is no part"),
    ("{kmsKeyArn}", "arn:{partition}:iam::{account}:role/{id}", "none of its actions is of iam"),
    (":ec2:{region}:{account}:vpc-flow-log", ":ec3:{region}:{account}:vpc-flow-log", "none of its actions is of ec3"),
    ("arn:{partition}:ec2:{region}::snapshot", "arn:aws:ec2:{region}::snapshot", "no ARN"),
    ("arn:{partition}:iam::{account}:role/*", "role/*", "no ARN"),
    ("arn:{partition}:ec2:{region}::snapshot/*", "*", "* is for actions of their own"),
    ("arn:{partition}:iam::{account}:role/*", "*", "iam:PassRole: takes an ARN"),
    ("role/*", "role/" + "r" * LONGEST_POLICY, "not 2048 at most"),
]


def _unnoticed() -> Iterator[str]:
    """What is said of the sample as it is, and which breaks are not told."""
    text = json.dumps(SAMPLE_REACH)

    def problems(of: str) -> list[str]:
        return list(_problems(SAMPLE_ROWS, json.loads(of), SAMPLE_APIS))

    yield from (f"self-test: {problem}" for problem in problems(text))
    for before, after, told in BREAKS:
        if before not in text or not any(told in problem for problem in problems(text.replace(before, after, 1))):
            yield f"self-test: {before} => {after:.80} is not noticed"
