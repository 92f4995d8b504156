"""Finds what events missed in one Region of one account, and counts what carries its tags."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from ledger import Ledger
from suite import CONFIG, class_of, client, emit, governed_regions, listed, member_session, serves
from tagging import TABLE, add, classify, missing, requirement, resource_tags, tag_map

BUDGET, SHOWN_AFTER, SLICE = timedelta(minutes=8), timedelta(minutes=15), timedelta(hours=6)
EPOCH = datetime.fromtimestamp(0, UTC)
MOST_MARKS = 1000
TAGGED_SERVICES = {rule["action"].partition(":")[0] for rule in TABLE.values() if "action" in rule}

ledger = Ledger()
organizations = client("organizations")
sts = client("sts")
queue = client("sqs")
look_back = timedelta(days=int(os.environ["LOOK_BACK_DAYS"]))
pause = int(os.environ["LOOKUP_PAUSE_MILLISECONDS"]) / 1000
settle = timedelta(seconds=int(os.environ["SETTLE_SECONDS"]))


@serves
def handler(event):
    return plan() if event["action"] == "plan" else sweep(event["accountId"], event["region"])


def plan():
    accounts = [one["Id"] for one in listed(organizations, "list_accounts", "Accounts") if one["State"] == "ACTIVE"]
    members = [account for account in accounts if account != os.environ["MANAGEMENT_ACCOUNT"]]
    return {"targets": [{"accountId": id, "region": region} for id in members for region in governed_regions()]}


def sweep(account, region):
    began = datetime.now(UTC)
    tags = tag_map(listed(organizations, "list_tags_for_resource", "Tags", ResourceId=account))
    demanded = requirement(tags)
    before = ledger.kept(f"coverage#{account}#{region}") or {}
    swept = {
        "accountId": account,
        "region": region,
        **{name: tags[tag] for name, tag in NAMES.items() if tag in tags},
        "state": "sweeping",
        "sweptAt": before.get("sweptAt", text(began)),
        "searchedTo": before.get("searchedTo", text(EPOCH)),
        "replayed": before["replayed"] if before.get("state") == "sweeping" else 0,
        "graceDays": demanded["graceDays"],
        "action": demanded["action"],
        "coverage": before.get("coverage", empty()),
    }
    role = f"{os.environ['MEMBER_ROLE_PREFIX']}-tag-audit"
    try:
        session = member_session(sts, account, os.environ["PARTITION"], role, "ai-landing-zone-sweep")
    except ClientError as error:
        if class_of(error) != "Denied":
            raise
        store(swept | {"state": "unreachable", "sweptAt": text(began)})
        return {"done": True}
    until = began - SHOWN_AFTER
    tagging = session.client("resourcegroupstaggingapi", region_name=region, config=CONFIG)
    trail = session.client("cloudtrail", region_name=region, config=CONFIG)
    start = max(datetime.fromisoformat(swept["searchedTo"]), until - look_back)
    while start < until and datetime.now(UTC) < began + BUDGET:
        end = min(start + SLICE, until)
        for record in untold(tagging, demanded, look_up(trail, start, end)):
            send(record)
            swept["replayed"] += 1
        start = end
    swept["searchedTo"] = text(start)
    if start < until:
        store(swept)
        return {"done": False, "waitSeconds": 1}
    count(tagging, demanded, swept)
    return {"done": True}


NAMES = {"environment": "environment", "accountType": "account-type", "owner": "owner"}


def text(time):
    return time.isoformat().replace("+00:00", "Z")


def empty():
    return {"total": {"resources": 0, "complete": 0}, "services": {}, "keys": {}, "againstTagPolicy": 0}


def send(body):
    queue.send_message(QueueUrl=os.environ["EVENT_QUEUE_URL"], MessageBody=body)


def store(swept):
    ledger.keep(f"coverage#{swept['accountId']}#{swept['region']}", swept, "coverage")


def look_up(trail, start, end):
    """Every call of the time that made something, with its record."""
    found, more = [], {}
    while True:
        answer = trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
            StartTime=start,
            EndTime=end,
            MaxResults=50,
            **more,
        )
        for event in answer.get("Events", []):
            record = event.get("CloudTrailEvent", "{}")
            try:
                creation = classify(json.loads(record))
            except (LookupError, ValueError):
                continue
            if creation:
                found.append((creation, record))
        time.sleep(pause)
        if "NextToken" not in answer:
            return found
        more = {"NextToken": answer["NextToken"]}


def untold(tagging, demanded, calls):
    """The records of calls whose resources lack tags, or cannot be shown."""
    shown = [creation for creation, _ in calls if creation["rule"].get("via", "tagging-api") == "tagging-api"]
    tags = resource_tags(tagging, [arn for creation in shown for arn in creation["resources"]])

    def told(creation):
        carried = [tags.get(arn) for arn in creation["resources"]]
        complete = all(one is not None and not missing(demanded, one) for one in carried)
        return creation["rule"].get("via", "tagging-api") == "tagging-api" and complete

    return [record for creation, record in calls if not told(creation)]


def count(tagging, demanded, swept):
    now = datetime.now(UTC)
    coverage, lacking = empty(), []
    pages = listed(
        tagging, "get_resources", "ResourceTagMappingList", ResourcesPerPage=100, IncludeComplianceDetails=True
    )
    for mapping in pages:
        arn, tags = mapping["ResourceARN"], tag_map(mapping["Tags"])
        if tags.get("managed-by") == "ai-landing-zone":
            continue
        lacks = missing(demanded, tags)
        one = {"resources": 1, "complete": int(not lacks)}
        add(coverage["total"], one)
        add(coverage["services"].setdefault(arn.split(":")[2], {}), one)
        for key in demanded["keys"]:
            add(coverage["keys"].setdefault(key, {}), {"resources": 1, "complete": int(key not in lacks)})
        coverage["againstTagPolicy"] += mapping.get("ComplianceDetails", {}).get("ComplianceStatus") is False
        if lacks:
            lacking.append((arn, lacks))
    place = f"{swept['accountId']}#{swept['region']}"
    since = {mark["arn"]: mark["since"] for mark in ledger.kept(f"untagged#{place}") or []}
    marks = [{"arn": arn, "since": since.get(arn, text(now)), "missing": lacks} for arn, lacks in lacking]
    marks = sorted(marks, key=lambda mark: (mark["since"], mark["arn"]))[:MOST_MARKS]
    overlooked = [mark["arn"] for mark in marks if is_overlooked(mark, now)]
    for arn in overlooked:
        found = {"resource": arn, "accountId": swept["accountId"], "region": swept["region"], "foundAt": text(now)}
        send(json.dumps({"source": "ai-landing-zone.tagging", "detail-type": "Resource Found", "detail": found}))
    ledger.keep(f"untagged#{place}", marks)
    store(swept | {"coverage": coverage, "state": "swept", "sweptAt": text(now)})
    metrics = {
        "ResourcesSwept": coverage["total"]["resources"],
        "ResourcesLackingTags": len(lacking),
        "ResourcesAgainstTagPolicy": coverage["againstTagPolicy"],
        "EventsReplayed": swept["replayed"],
        "ResourcesOverlooked": len(overlooked),
    }
    place = {"account": swept["accountId"], "region": swept["region"]}
    emit([(name, "Count", value) for name, value in metrics.items()], properties=place)


def is_overlooked(mark, now):
    since = datetime.fromisoformat(mark["since"])
    return since < now and now - since >= settle and mark["arn"].split(":")[2] in TAGGED_SERVICES
