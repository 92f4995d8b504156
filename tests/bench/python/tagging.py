"""What CloudTrail's records tell of, and which tags must be there, as the Rust crate of the same name has it."""

import json
import os
import re
from datetime import datetime

from landing_zone import ROOT

RULES = json.loads((ROOT / "shared/tagging/data/rules.json").read_text())
DEMANDS = json.loads(os.environ.get("TAG_COMPLIANCE") or (ROOT / "shared/tagging/data/compliance.json").read_text())
MOST_READ, LONGEST_DAYS = 100, 366
ACTIONS = ["notify", "restrict", "stop"]


def plain_name(name):
    return re.sub(r"\d{8}(v\d+)?$", "", name).lower()


TABLE = {
    (rule["source"], plain_name(name)): rule for rule in RULES for name in (rule["event"], *rule.get("alsoNamed", []))
}

def child(value, name):
    if not isinstance(value, dict):
        return None
    for fields in (value, *(inner for key, inner in value.items() if key.endswith("Response") and isinstance(inner, dict))):
        for key, inner in fields.items():
            if key.lower() == name.lower():
                return inner
    return None


def find(value, path):
    if not path:
        return [str(value)] if isinstance(value, (str, int)) and value != "" else []
    step, *rest = path
    inner = child(value, step.removesuffix("[]"))
    if step.endswith("[]") and isinstance(inner, list):
        return [found for one in inner for found in find(one, rest)]
    return find(inner, rest) if inner is not None else []


def expand(template, names, root):
    texts = [""]
    for index, part in enumerate(re.split(r"[{}]", template)):
        values = [part]
        if index % 2:
            path, _, how = part.partition("|")
            values = [names[path]] if path in names else find(root, path.split("."))
            if how == "lower":
                values = [value.lower() for value in values]
            elif how == "bucket":
                values = [value.removeprefix("s3://").split("/")[0] for value in values]
        texts = [text + value for text in texts for value in values]
    return [text for text in texts if text]


def classify(record):
    """The creation that a record tells of; None for what is none of our business."""
    source, name = record.get("eventSource", ""), record.get("eventName", "")
    rule = TABLE.get((source.removesuffix(".amazonaws.com"), plain_name(name)))
    principal = principal_of(record)
    if not rule or record.get("errorCode") or (principal["session"] or "").startswith("ai-landing-zone-"):
        return None
    account, region = record.get("recipientAccountId"), record.get("awsRegion")
    if not re.fullmatch(r"\d{12}", account or ""):
        raise LookupError("recipientAccountId is missing or cannot be read")
    names = {"partition": "aws", "region": region, "account": account}
    main = next((found for template in rule["arn"] if (found := expand(template, names, record))), None)
    if not main:
        raise LookupError("the record does not name what was made")
    along = [arn for template in rule.get("companions", []) for arn in expand(template, names, record)]
    return {
        "rule": rule,
        "id": record.get("eventID", ""),
        "time": datetime.fromisoformat(record["eventTime"].replace("Z", "+00:00")),
        "account": account,
        "region": region,
        "resources": list(dict.fromkeys(main + along)),
        "data": [arn for template in rule.get("data", []) for arn in expand(template, names, record)],
        "principal": principal,
        "request_tags": request_tags(record),
    }


def principal_of(record):
    identity = record.get("userIdentity") or {}
    role, _, session = identity.get("arn", "").partition(":assumed-role/")[2].partition("/")
    person = (identity.get("sessionContext") or {}).get("sourceIdentity")
    if not person and identity.get("type") == "AssumedRole":
        person = session if "@" in session or role.startswith("AWSReservedSSO_") else None
    elif not person:
        person = identity.get("userName")
    name = f"{role}/{session}" if session else identity.get("userName") or identity.get("invokedBy")
    return {"person": person, "name": name, "role": role or None, "session": session or None}


def request_tags(record):
    tags = (record.get("requestParameters") or {}).get("tags") or []
    if isinstance(tags, dict):
        return tags
    return {child(tag, "key"): child(tag, "value") for tag in tags}


def resource_tags(tagging, arns):
    """The tags that resources carry, by ARN."""
    found = {}
    for start in range(0, len(arns), MOST_READ):
        answer = tagging.get_resources(ResourceARNList=arns[start : start + MOST_READ])
        found |= {mapping["ResourceARN"]: tag_map(mapping["Tags"]) for mapping in answer["ResourceTagMappingList"]}
    return found


def tag_map(tags):
    return {tag["Key"]: tag["Value"] for tag in tags}


def requirement(account):
    """What is demanded in an account with such tags."""

    def fits(demand):
        return all(
            not demand.get(field) or account.get(tag) in demand[field]
            for field, tag in (("environments", "environment"), ("accountTypes", "account-type"))
        )

    demands = [demand for demand in DEMANDS if fits(demand)]
    return {
        "keys": sorted({key for demand in demands for key in demand["keys"]}),
        "graceDays": min((demand["graceDays"] for demand in demands if "graceDays" in demand), default=LONGEST_DAYS),
        "action": max((demand["action"] for demand in demands if "action" in demand), key=ACTIONS.index, default="notify"),
    }


def missing(demanded, tags):
    return [key for key in demanded["keys"] if not tags.get(key)]


def percent(count):
    return count["complete"] * 1000 // count["resources"] / 10 if count["resources"] else 100.0


def add(total, count):
    for name in ("resources", "complete"):
        total[name] = total.get(name, 0) + count[name]
