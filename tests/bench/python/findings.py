"""Findings of Security Hub in their two formats, and what becomes of each, as the Rust crate `remediation` has it."""

import re
from datetime import UTC, datetime

from documents import each
from landing_zone import ACCOUNT_ID, ACCOUNT_TYPES, ENVIRONMENTS
from remediation import CONTROLS, EXEMPTION_TAG, SETTINGS, is_exempt, mode_of, resource_parts
from templates import NOTHING, pointer, time

REGION = re.compile(r"[a-z0-9]*(-[a-z0-9]*){2,}")
COMPLIANCE_FINDING = 2003
WORKFLOWS = [None, "NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED"]


def read_all(document):
    """Every finding in an event, in a list, or alone; one that cannot be used is the words that say why."""
    if isinstance(document, list):
        return [found for one in document for found in read_all(one)]
    if not isinstance(document, dict):
        return []
    inner = pointer(document, "/detail/findings")
    inner = document.get("findings", NOTHING) if inner is NOTHING else inner
    if inner is not NOTHING:
        return read_all(inner)
    for fields, read in ((("ProductArn", "AwsAccountId", "Resources"), asff), (("class_uid", "finding_info"), ocsf)):
        if all(field in document for field in fields):
            try:
                return [read(document)]
            except LookupError as why:
                return [f"{why.args[0]} is missing or cannot be read"]
    return []


def text_at(record, path):
    found = pointer(record, path)
    return found if isinstance(found, str) and found else None


def first(record, *paths):
    return next((found for path in paths if (found := text_at(record, path))), None)


def need(record, path):
    found = text_at(record, path)
    if found is None:
        raise LookupError(path)
    return found


def account_of(text):
    if not ACCOUNT_ID.fullmatch(text or ""):
        raise LookupError("the account")
    return text


def region_of(*texts):
    found = next((text for text in texts if isinstance(text, str) and REGION.fullmatch(text)), None)
    if found is None:
        raise LookupError("the Region")
    return found


def is_time(text):
    try:
        return bool(time(text))
    except (TypeError, ValueError):
        return False


def check_time(text, path):
    if not is_time(text):
        raise LookupError(path)
    return text


# --- ASFF ------------------------------------------------------------------------------------------------------------


def asff(record):
    key = {"format": "asff", "id": need(record, "/Id"), "productArn": need(record, "/ProductArn")}
    entries = record["Resources"] if isinstance(record["Resources"], list) else []
    resources = [asff_resource(record, at, entry) for at, entry in enumerate(entries)]
    if not any(resource["ids"] for resource in resources):
        raise LookupError("/Resources")
    product_region = (key["productArn"].split(":") + [""] * 4)[3]
    workflow = first(record, "/Workflow/Status", "/WorkflowState") or "NEW"
    return {
        "key": key,
        "controls": control_names(record),
        "account": account_of(text_at(record, "/AwsAccountId")),
        "region": region_of(text_at(record, "/Resources/0/Region"), text_at(record, "/Region"), product_region),
        "resources": resources,
        "compliance": text_at(record, "/Compliance/Status"),
        "active": text_at(record, "/RecordState") != "ARCHIVED",
        "workflow": workflow,
        "updatedAt": check_time(text_at(record, "/UpdatedAt"), "/UpdatedAt"),
        "sample": record.get("Sample") is True,
        "own": key["productArn"].endswith("product/aws/securityhub"),
    }


def asff_resource(record, at, entry):
    other = (record.get("ProductFields") or {}).get(f"Resources:{at}/Id")
    tags = entry.get("Tags") or {}
    return {
        "ids": [id for id in (entry.get("Id"), other) if isinstance(id, str) and id],
        "tags": {key: value for key, value in tags.items() if isinstance(value, str)},
    }


def control_names(record):
    """`S3.8`; `PCI.S3.1` of a single standard; `CIS 1.2.0 1.3` where that has numbers only."""
    names = [first(record, "/Compliance/SecurityControlId", "/ProductFields/ControlId")]
    generator = text_at(record, "/GeneratorId") or ""
    if rule := text_at(record, "/ProductFields/RuleId"):
        of = generator or text_at(record, "/ProductFields/StandardsGuideArn") or ""
        names.append(f"CIS {of.partition('/v/')[2].partition('/')[0]} {rule}")
    last = generator.rpartition("/")[2]
    names.append(last if "." in last else None)
    return list(dict.fromkeys(name for name in names if name))


# --- OCSF ------------------------------------------------------------------------------------------------------------


def ocsf(record):
    key = {
        "format": "ocsf",
        "cloudAccountUid": need(record, "/cloud/account/uid"),
        "findingInfoUid": need(record, "/finding_info/uid"),
        "metadataProductUid": need(record, "/metadata/product/uid"),
    }
    entries = record["resources"] if isinstance(record.get("resources"), list) else each(record.get("resource"))
    resources = [ocsf_resource(entry) for entry in entries]
    if not any(resource["ids"] for resource in resources):
        raise LookupError("/resources")
    named = ("/compliance/control", "/metadata/event_code", "/finding_info/types/0")
    controls = [text_at(record, path) for path in named]
    status, compliance = record.get("status_id"), (text_at(record, "/compliance/status") or "").lower()
    of_resource = first(record, "/resources/0/region", "/resource/region")
    is_known = isinstance(status, int) and 0 < status < len(WORKFLOWS)
    return {
        "key": key,
        "controls": [name for name in controls if name],
        "account": account_of(key["cloudAccountUid"]),
        "region": region_of(of_resource, text_at(record, "/cloud/region")),
        "resources": resources,
        "compliance": {"pass": "PASSED", "passed": "PASSED", "fail": "FAILED", "failed": "FAILED"}.get(compliance),
        "active": status != 5,
        "workflow": WORKFLOWS[status] if is_known else "NEW" if status is None else "OTHER",
        "updatedAt": ocsf_time(record),
        "sample": False,
        "own": record["class_uid"] == COMPLIANCE_FINDING
        and key["metadataProductUid"].endswith("productv2/aws/securityhub"),
    }


def ocsf_resource(entry):
    """`uid` is often no ARN; then another field has it."""
    ids = [id for name in ("uid", "uid_alt", "name") if isinstance(id := entry.get(name), str) and id]
    tags = {tag.get("name"): tag.get("value") for tag in entry.get("tags") or []}
    return {
        "ids": sorted(ids, key=lambda id: not id.startswith("arn:")),
        "tags": {name: value for name, value in tags.items() if isinstance(name, str) and isinstance(value, str)},
    }


def ocsf_time(record):
    """As a text or in milliseconds since 1970."""
    for path in ("/finding_info/modified_time_dt", "/finding_info/created_time_dt", "/time_dt"):
        if is_time(found := text_at(record, path)):
            return found
    for path in ("/finding_info/modified_time", "/finding_info/created_time", "/time"):
        found = pointer(record, path)
        if isinstance(found, int):
            return datetime.fromtimestamp(found / 1000, UTC).isoformat().replace("+00:00", "Z")
    raise LookupError("/finding_info/modified_time")


# --- What becomes of them --------------------------------------------------------------------------------------------


def verdicts(finding, account, asked_at):
    """A word for each resource of a finding, with the reason, the report, or both."""
    if why := ignored(finding):
        return [("ignored", why, None)]
    row = next((CONTROLS[name] for name in finding["controls"] if name in CONTROLS), None)
    if row is None:
        return [("ignored", "a control without a row", None)]
    return [verdict(finding, row, resource, account, asked_at) for resource in finding["resources"]]


def ignored(finding):
    reasons = {
        "another product": not finding["own"],
        "a sample": finding["sample"],
        "archived": not finding["active"],
        "passed": finding["compliance"] == "PASSED",
        "not known whether it failed": finding["compliance"] != "FAILED",
        "suppressed, or settled already": finding["workflow"] not in ("NEW", "NOTIFIED"),
    }
    return next((why for why, holds in reasons.items() if holds), None)


def verdict(finding, row, resource, account, asked_at):
    id = next((id for id in resource["ids"] if resource_parts(row, id) is not None), None)
    if id is None:
        return "rejected", f"the control is not about {', '.join(resource['ids'])}", None
    if resource_parts(row, id).get("account", finding["account"]) != finding["account"]:
        return "rejected", f"{id} is not in the account of the finding", None
    told = report(finding, row, id, resource, account, asked_at)
    try:
        if is_exempt(row, [text for text in [resource["tags"].get(EXEMPTION_TAG)] if text is not None]):
            return "ignored", "exempt", None
        missing = next((name for name in row.get("settings", []) if name not in SETTINGS), None)
        hold = missing and f"the setting {missing} is missing"
    except ValueError as why:
        hold = f"an exemption cannot be read: {why}"
    return ("held", hold, told | {"hold": hold}) if hold else ("planned", None, told)


def report(finding, row, id, resource, account, asked_at):
    """A problem to work on; control, resource, account and Region tell it from every other."""
    environment, account_type = known_tags(account)
    told = {
        "problem": f"{row['control']}#{id}#{finding['account']}#{finding['region']}",
        "control": row["control"],
        "resource": id,
        "accountId": finding["account"],
        "region": finding["region"],
        "mode": mode_of(row, environment, account_type),
        "finding": finding["key"],
        "failedAt": finding["updatedAt"],
        "owner": resource["tags"].get("owner"),
        "told": finding["workflow"] == "NOTIFIED",
        "asked": asked_at is not None,
        "askedAt": asked_at,
    }
    return {name: value for name, value in told.items() if value is not None}


def known_tags(account):
    """Environment and type of an account, as far as they are known."""
    environment, account_type = account.get("environment"), account.get("account-type")
    return (
        environment if environment in ENVIRONMENTS else None,
        account_type if account_type in ACCOUNT_TYPES else None,
    )
