"""What the sweeps come to: measured after each, written to the owners of accounts once a week."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ledger import Ledger
from suite import client, emit, fault, serves
from tagging import add, percent

MOST_RESOURCES, MOST_NAMED, DAYS = 100, 50, 14
WORDS = {"notify": "reported", "restrict": "restricted", "stop": "stopped"}

ledger = Ledger()
events = client("events")
sns = client("sns")
costs = client("ce", region="us-east-1")


@serves
def handler(event):
    sweeps = ledger.all_kept("coverage")
    return write(sweeps) if event["action"] == "write" else measure(sweeps, event["targets"], event["startedAt"])


def marks_of(swept):
    return ledger.kept(f"untagged#{swept['accountId']}#{swept['region']}") or []


def time(text):
    return datetime.fromisoformat(text)


def due(swept, mark):
    return time(mark["since"]) + timedelta(days=int(swept["graceDays"]))


def put(detail_type, detail):
    entry = {
        "EventBusName": os.environ["EVENT_BUS"],
        "Source": "ai-landing-zone.tagging",
        "DetailType": detail_type,
        "Detail": json.dumps(detail, default=int),
    }
    failed = events.put_events(Entries=[entry])["FailedEntryCount"]
    if failed:
        raise fault("Retryable", f"EventBridge did not take {failed} events", "Nothing; it is tried again.")


# --- After a sweep ---------------------------------------------------------------------------------------------------


def measure(sweeps, targets, started_at):
    known = {(swept["accountId"], swept["region"]): swept for swept in sweeps}
    current = [known.get((target["accountId"], target["region"])) for target in targets]
    current = [
        swept
        for swept in current
        if swept and time(swept["sweptAt"]) >= time(started_at) and swept["state"] != "sweeping"
    ]
    reached = [swept for swept in current if swept["state"] == "swept"]
    overdue = sum(tell_overdue(swept) for swept in reached)
    summary = summarize(reached)
    unreachable = [swept["accountId"] for swept in current if swept["state"] == "unreachable"]
    put("Tag Coverage Measured", {**summary, "unreachable": sorted(set(unreachable))})
    unfinished = len(targets) - len(current)
    counts = {
        "AccountsUnreachable": len(set(unreachable)),
        "SweepsUnfinished": unfinished,
        "ResourcesOverdue": overdue,
    }
    metrics = [("TagCoverage", "Percent", summary["percent"])]
    emit(metrics + [(name, "Count", value) for name, value in counts.items()])
    for environment, total in summary["environments"].items():
        emit([("TagCoverage", "Percent", total["percent"])], {"environment": environment})
    return {
        "swept": len(reached),
        "unreachable": len(unreachable),
        "unfinished": unfinished,
        "overdue": overdue,
    }


def tell_overdue(swept):
    """Tells of resources whose time of grace is over."""
    now = datetime.now(UTC)
    over = [{**mark, "due": due(swept, mark).isoformat()} for mark in marks_of(swept) if due(swept, mark) <= now]
    about = ("accountId", "region", "owner", "environment", "accountType", "action")
    for start in range(0, len(over), MOST_RESOURCES):
        some = over[start : start + MOST_RESOURCES]
        put("Tags Overdue", {**{name: swept.get(name) for name in about}, "resources": some})
    return len(over)


def summarize(reached):
    total, groups, against = {"resources": 0, "complete": 0}, {"environments": {}, "accountTypes": {}, "keys": {}}, 0
    for swept in reached:
        count = swept["coverage"]["total"]
        add(total, count)
        add(groups["environments"].setdefault(swept.get("environment", "core"), {}), count)
        add(groups["accountTypes"].setdefault(swept.get("accountType", "other"), {}), count)
        for key, of_key in swept["coverage"]["keys"].items():
            add(groups["keys"].setdefault(key, {}), of_key)
        against += swept["coverage"]["againstTagPolicy"]
    for count in [total, *(count for group in groups.values() for count in group.values())]:
        count["percent"] = float(percent(count))
    sweeps = [swept["sweptAt"] for swept in reached]
    return {"sweptAt": min(sweeps, key=time, default=None), **total, "againstTagPolicy": against, **groups}


# --- Letters ---------------------------------------------------------------------------------------------------------


def write(sweeps):
    owners = {}
    for swept in sweeps:
        if swept["state"] != "unreachable" and "owner" in swept:
            owners.setdefault(swept["owner"], []).append((swept, marks_of(swept)))
    for owner, accounts in owners.items():
        lacking = sorted({swept["accountId"] for swept, marks in accounts if marks})
        known = monthly(lacking) if lacking and os.environ["WITH_COSTS"] == "true" else None
        subject, text = letter(accounts, known)
        sns.publish(
            TopicArn=os.environ["REPORT_TOPIC"],
            Subject=subject,
            Message=text,
            MessageAttributes={"owner": {"DataType": "String", "StringValue": owner}},
        )
    return {"letters": len(owners)}


def monthly(accounts):
    """USD a month by resource; None where Cost Explorer does not know."""
    today = datetime.now(UTC).date()
    request = {
        "TimePeriod": {"Start": str(today - timedelta(days=DAYS)), "End": str(today)},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "Filter": {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": accounts}},
        "GroupBy": [{"Type": "DIMENSION", "Key": "RESOURCE_ID"}],
    }
    sums = {}
    while True:
        try:
            answer = costs.get_cost_and_usage_with_resources(**request)
        except costs.exceptions.DataUnavailableException:
            return None
        for group in [group for day in answer["ResultsByTime"] for group in day["Groups"]]:
            amount = Decimal(group["Metrics"]["UnblendedCost"]["Amount"])
            sums[group["Keys"][0]] = sums.get(group["Keys"][0], 0) + amount
        if "NextPageToken" not in answer:
            return {resource: round(amount * 30 / DAYS, 2) for resource, amount in sums.items()}
        request["NextPageToken"] = answer["NextPageToken"]


def letter(accounts, known):
    lacking = [(swept, mark) for swept, marks in accounts for mark in marks]
    lines = []
    for swept, _ in accounts:
        total = swept["coverage"]["total"]
        kind = ", ".join(swept[name] for name in ("accountType", "environment") if name in swept)
        lines.append(
            f"{swept['accountId']} {swept['region']} ({kind}): {total['complete']} of {total['resources']} resources "
            f"carry every required tag ({percent(total)} %)."
        )
    cost_of = lambda arn: (known or {}).get(arn, (known or {}).get(arn.replace("/", ":").rpartition(":")[2]))
    lacking.sort(key=lambda one: (-(cost_of(one[1]["arn"]) or 0), one[1]["since"]))
    if lacking:
        lines.append("\nThese lack tags, the most expensive first. Tag them, or delete what nobody needs:\n")
    for swept, mark in lacking[:MOST_NAMED]:
        cost = cost_of(mark["arn"])
        about = "" if cost is None else f"; about {cost:.2f} USD a month"
        end = f"{WORDS[swept['action']]} on {due(swept, mark).date()}"
        lines.append(f"{mark['arn']}\n  lacks {', '.join(mark['missing'])}{about}; {end}")
    if len(lacking) > MOST_NAMED:
        lines.append(f"\n{len(lacking) - MOST_NAMED} more: GET /v1/tags/coverage?accountId=...")
    if lacking and known is None:
        lines.append("\nWhat each costs is not known: Cost Explorer's data of single resources is not enabled.")
    count = {0: "all complete", 1: "1 resource lacks some"}.get(len(lacking), f"{len(lacking)} resources lack some")
    return f"Tags of your AWS accounts, {datetime.now(UTC).date()}: {count}", "\n".join([*lines, ""])
