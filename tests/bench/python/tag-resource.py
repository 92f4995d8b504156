"""Tags what people create: a batch of CloudTrail events from a queue, each settled on its own."""

import json
import os
import time

from botocore.exceptions import ClientError

from landing_zone import CLASSIFICATIONS, ROOT
from ledger import Ledger
from suite import CONFIG, aws_fault, class_of, client, emit, listed, member_session, serves
from tagging import classify, expand, resource_tags

POLICY = json.loads(os.environ.get("TAG_POLICY") or (ROOT / "shared/tagging/data/policy.json").read_text())
FAILURES = json.loads((ROOT / "functions/tagging/tag-resource/data/failures.json").read_text())
MOST_ARNS, MOST_TAGS, MOST_ENTRIES = 20, 50, 10
LONGEST_SECONDS, NEW_SECONDS = 900, 600

ledger = Ledger()
organizations = client("organizations")
sts = client("sts")
queue = client("sqs")
events = client("events")
attempts = int(os.environ["ATTEMPTS"])
first_seconds = int(os.environ["RETRY_SECONDS"])
bus = os.environ["EVENT_BUS"]
account_tags = {}
sessions = {}


@serves
def handler(event):
    messages = [read(record) for record in event["Records"]]
    groups = {}
    for message in messages:
        for creation in message["creations"]:
            groups.setdefault((creation["account"], region_of(creation)), []).append((message, creation))
    results = [done for (account, region), group in groups.items() for done in work(account, region, group)]
    measure(results)
    announced = announce(results)
    failures = []
    for message in messages:
        if not settle(message, [done for done in results if done["message"] is message], announced):
            failures.append({"itemIdentifier": message["id"]})
    return {"batchItemFailures": failures}


# --- Reading events --------------------------------------------------------------------------------------------------


def read(record):
    message = {
        "id": record["messageId"],
        "receipt": record["receiptHandle"],
        "body": record["body"],
        "attempt": int(record["attributes"]["ApproximateReceiveCount"]),
        "creations": [],
        "rejected": None,
    }
    try:
        document = json.loads(record["body"])
    except ValueError as why:
        return {**message, "rejected": f"no JSON: {why}"}
    for found in records(document):
        try:
            creation = classify(found)
        except LookupError as why:
            message["rejected"] = str(why)
        else:
            if creation:
                message["creations"].append(creation)
    return message


def records(document):
    if isinstance(document, list):
        return [found for one in document for found in records(one)]
    if not isinstance(document, dict):
        return []
    if isinstance(document.get("Records"), list):
        return records(document["Records"])
    if document.get("Type") == "Notification":
        return records(json.loads(document["Message"]))
    return [document["detail"]] if "detail-type" in document else [document]


def region_of(creation):
    return "us-east-1" if creation["rule"]["source"] == "iam" else creation["region"]


# --- Tagging ---------------------------------------------------------------------------------------------------------


def work(account, region, group):
    try:
        tags = tags_of(account)
        session = enter(account)
        found = look_up(session, region, [creation for _, creation in group])
    except ClientError as error:
        kind = "failed" if class_of(error) == "Invalid" else "later"
        return [done(message, creation, kind, str(aws_fault(error))) for message, creation in group]
    results, calls = [], {}
    for message, creation in group:
        result = done(message, creation, "right", None)
        results.append(result)
        for arn in creation["resources"]:
            wanted = plan(creation, tags, found, found.get(arn, {}))
            if wanted:
                calls.setdefault(tuple(sorted(wanted.items())), {}).setdefault(arn, []).append(result)
    client_of = session.client("resourcegroupstaggingapi", region_name=region, config=CONFIG)
    for wanted, arns in calls.items():
        listed_arns = list(arns)
        for start in range(0, len(listed_arns), MOST_ARNS):
            some = listed_arns[start : start + MOST_ARNS]
            write(client_of, dict(wanted), {arn: arns[arn] for arn in some})
    return results


def done(message, creation, outcome, why):
    outcomes = {arn: (outcome, why) for arn in creation["resources"]}
    return {"message": message, "creation": creation, "outcomes": outcomes, "tags": {}}


def tags_of(account):
    until, tags = account_tags.get(account, (0, None))
    if time.time() >= until:
        tags = {tag["Key"]: tag["Value"] for tag in listed(organizations, "list_tags_for_resource", "Tags", ResourceId=account)}
        account_tags[account] = (time.time() + 300, tags)
    return tags


def enter(account):
    until, session = sessions.get(account, (0, None))
    if time.time() >= until:
        role = f"{os.environ['MEMBER_ROLE_PREFIX']}-tagging"
        session = member_session(sts, account, "aws", role, "ai-landing-zone-tag-resource")
        sessions[account] = (time.time() + 600, session)
    return session


def look_up(session, region, creations):
    arns = sorted({arn for creation in creations for arn in creation["resources"] + creation["data"]})
    return resource_tags(session.client("resourcegroupstaggingapi", region_name=region, config=CONFIG), arns)


def normal(text):
    return "".join(c if c.isalnum() or c in " _.:/=+-@" else "-" for c in text.strip())[:256].strip()


def plan(creation, account, found, carried):
    existing = {**creation["request_tags"], **carried}
    if creation["rule"].get("repeats") and any(wanted["key"] in existing for wanted in POLICY):
        return {}
    principal = creation["principal"]
    context = {
        "account": account,
        "principal": principal,
        "event": {"date": creation["time"].date().isoformat(), "name": creation["rule"]["event"]},
        "rule": {"data-classification": creation["rule"].get("dataClassification")},
        "data": {
            "classifications": [
                found[arn]["data-classification"]
                for arn in creation["data"]
                if "data-classification" in found.get(arn, {})
            ]
        },
    }
    count = sum(not key.startswith("aws:") for key in existing)
    wanted_tags = {}
    for wanted in POLICY:
        key = wanted["key"]
        values = [normal(text) for template in wanted["values"] for text in expand(template, {}, context)]
        there = existing.get(key) or next((v for k, v in existing.items() if k.lower() == key.lower()), None)
        if wanted["merge"] == "enforce":
            value = values[0] if values else None
        elif wanted["merge"] == "keep":
            value = there or (values[0] if values else None)
        else:
            rank = lambda text: CLASSIFICATIONS.index(text) if text in CLASSIFICATIONS else -1
            value = max([v for v in (there, *values) if v], key=rank, default=None)
        if value is None or existing.get(key) == value or (key not in existing and count >= MOST_TAGS):
            continue
        count += key not in existing
        wanted_tags[key] = value
    return wanted_tags


def write(tagging, wanted, arns):
    try:
        failed = tagging.tag_resources(ResourceARNList=list(arns), Tags=wanted)["FailedResourcesMap"]
    except ClientError as error:
        failed = {arn: {"ErrorCode": error.response["Error"]["Code"], "ErrorMessage": str(error)} for arn in arns}
    for arn, results in arns.items():
        for result in results:
            if arn in failed:
                result["outcomes"][arn] = refusal(failed[arn], result["creation"])
            else:
                result["outcomes"][arn] = ("tagged", None)
                result["tags"].update(wanted)


def refusal(failure, creation):
    code, message = failure.get("ErrorCode", ""), failure.get("ErrorMessage", "")
    row = next((row for row in FAILURES if row.get("code", "") in code and row.get("message", "") in message), None)
    if not row or row["means"] == "refused":
        return "failed", f"{code}: {message}"
    if row["means"] == "missing" and time.time() - creation["time"].timestamp() > NEW_SECONDS:
        return "gone", None
    return "later", f"{code}: {message}"


# --- What becomes of a message ---------------------------------------------------------------------------------------


def settle(message, results, announced):
    """True when SQS may delete the message."""
    outcomes = [outcome for result in results for outcome in result["outcomes"].values()]
    later = next((why for kind, why in outcomes if kind == "later"), None)
    failed = message["rejected"] or next((why for kind, why in outcomes if kind == "failed"), None)
    if (later and message["attempt"] < attempts) or (not announced and results):
        seconds = min(first_seconds * 2 ** (message["attempt"] - 1), LONGEST_SECONDS)
        queue.change_message_visibility(
            QueueUrl=os.environ["EVENT_QUEUE_URL"], ReceiptHandle=message["receipt"], VisibilityTimeout=seconds
        )
        return False
    if later or failed:
        text = lambda value: {"DataType": "String", "StringValue": value[:1000]}
        queue.send_message(
            QueueUrl=os.environ["DEAD_LETTER_QUEUE_URL"],
            MessageBody=message["body"],
            MessageAttributes={"reason": text(later or failed), "function": text("tag-resource")},
        )
    return True


def announce(results):
    entries = []
    for result in results:
        creation = result["creation"]
        tagged = [arn for arn, (kind, _) in result["outcomes"].items() if kind == "tagged"]
        if not tagged:
            continue
        detail = {
            "eventId": creation["id"],
            "accountId": creation["account"],
            "region": creation["region"],
            "service": creation["rule"]["source"],
            "call": creation["rule"]["event"],
            "resources": tagged,
            "tags": result["tags"],
            "createdBy": creation["principal"]["name"],
            "lagSeconds": int(time.time() - creation["time"].timestamp()),
        }
        kinds = ["Resource Tagged"] + ([] if creation["principal"]["person"] else ["Owner Unknown"])
        entries += [
            {"EventBusName": bus, "Source": "ai-landing-zone.tagging", "DetailType": kind, "Detail": json.dumps(detail)}
            for kind in kinds
        ]
    told = True
    for start in range(0, len(entries), MOST_ENTRIES):
        told &= events.put_events(Entries=entries[start : start + MOST_ENTRIES])["FailedEntryCount"] == 0
    return told


def measure(results):
    services = {}
    for result in results:
        counts = services.setdefault(result["creation"]["rule"]["source"], {})
        for kind, _ in result["outcomes"].values():
            counts[kind] = counts.get(kind, 0) + 1
    names = {"tagged": "ResourcesTagged", "right": "ResourcesRight", "later": "ResourcesRetried", "failed": "ResourcesFailed"}
    for source, counts in services.items():
        emit([(name, "Count", counts.get(kind, 0)) for kind, name in names.items()], {"source": source})
