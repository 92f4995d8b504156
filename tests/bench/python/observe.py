"""Looks into one account: where it lies, which guardrails are attached to it, which models it used, what runs in it."""

import os
from collections import defaultdict

from botocore.exceptions import BotoCoreError, ClientError

import placement
from documents import Member
from estimate import Estimate, after, metered_from
from finops import instant, now, plain, start_of, written
from metrics import cloudwatch, metrics, sums
from prices import read_prices
from spend_ledger import SpendLedger
from suite import Fault, aws_fault, class_of, client, emit, governed_regions, serves
from templates import Undescribed
from workloads import KINDS, Unreadable, running

DAY_SECONDS = 86_400
NO_COUNTS = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "images", "invocations"), 0)
# The API, its namespace, the dimension that has the model, and which count each metric is.
SOURCES = [
    (
        "bedrock",
        "AWS/Bedrock",
        "ModelId",
        {
            "Invocations": "invocations",
            "InputTokenCount": "input",
            "OutputTokenCount": "output",
            "CacheReadInputTokens": "cacheRead",
            "CacheWriteInputTokens": "cacheWrite",
            "OutputImageCount": "images",
        },
    ),
    (
        "mantle",
        "AWS/BedrockMantle",
        "Model",
        {"Inferences": "invocations", "TotalInputTokens": "input", "TotalOutputTokens": "output"},
    ),
]

ledger = SpendLedger()
organizations = client("organizations")
sts = client("sts")
prices = read_prices()


@serves
def handler(event):
    time, account_id = now(), event["accountId"]
    known = ledger.organization()
    account = placement.account(organizations, known, account_id)
    guardrails = placement.attached(organizations, known, account_id)
    member, why = enter(account)
    looks = [look(member.in_region(region), account, time) for region in governed_regions()] if member else []
    estimate = Estimate(prices, time)
    metered = [part for parts, _, _ in looks for part in parts]
    for part in metered:
        estimate.add(part)
    before = ledger.content(f"observed#{account_id}")
    runs = [run | {"since": written(run["since"])} for part in metered for run in part["running"]]
    in_place = {"guardrails": guardrails, "running": sum(stoppable for _, stoppable, _ in looks)}
    observed = {
        "account": account,
        "at": written(time),
        "inPlace": in_place if member else None,
        **after(estimate, before),
        "blind": ([why] if why else []) + estimate.blind,
        "running": runs,
        "unpriced": estimate.unpriced_list(),
        "unpricedShare": plain(estimate.unpriced_share()),
    }
    # A look that began later and was stored meanwhile saw more.
    stored = ledger.store_newer(f"observed#{account_id}", "spend-observed", observed, time)
    requested = sum(count for _, _, count in looks)
    measure(observed, estimate, requested)
    return {
        "accountId": account_id,
        "entered": member is not None,
        "running": len(runs),
        "blind": observed["blind"],
        "metricsRequested": requested,
        "stored": stored,
    }


def enter(account):
    """A session in the account, or why there is none."""
    if account["special"] == "management":
        return None, "the suite does not enter the management account"
    if account["state"] != "ACTIVE":
        return None, f"the account is {account['state']}"
    role = f"{os.environ['MEMBER_ROLE_PREFIX']}-spend-observation"
    try:
        return Member(sts, account["id"], role, "ai-landing-zone-observe", governed_regions()[0]), None
    except ClientError as error:
        if class_of(error) != "Denied":
            raise
        return None, "the suite has no role in the account"


def look(member, account, time):
    """What a Region showed in its parts, how much of it the stage *stop* would stop, and how many metrics were asked
    for. What cannot be read leaves a part of it blind."""
    parts, requested = [], 0
    try:
        models, requested = used(member, time)
        parts.append(seen(member, models=models))
    except (Fault, ClientError, BotoCoreError) as error:
        parts.append(seen(member, blind=reason(error)))
    found, unlisted = [], {}
    for kind in KINDS:
        try:
            found += running(member, account["id"], kind)
        except (ClientError, BotoCoreError, Undescribed, Unreadable) as error:
            unlisted[kind] = reason(error)
    # Where no kind could be listed, it is not known that nothing runs.
    if len(unlisted) < len(KINDS):
        parts.append(seen(member, running=[run for workload in found for run in runs_of(workload)]))
    if unlisted:
        parts.append(seen(member, blind=f"{', '.join(unlisted)}: {next(iter(unlisted.values()))}"))
    return parts, sum(stops(workload, account["environment"]) for workload in found), requested


def seen(member, blind=None, models=(), running=()):
    return {"region": member.region, "blind": blind, "models": models, "running": running}


def reason(error):
    return str(aws_fault(error) if isinstance(error, ClientError) else error).partition("\n")[0]


def stops(workload, environment):
    """True for what the stage *stop* stops: what serves applications goes on in production."""
    row = KINDS[workload["kind"]]
    serves_production = row["serves"] and environment == "prod"
    return workload["exempt"] is None and row.get("reason") is None and not serves_production


def runs_of(workload):
    """A workload once for each type that it runs on, and once without any where it runs on none."""
    told = {name: workload[name] for name in ("kind", "arn", "name")}
    return [
        {**told, "instanceType": instance_type, "count": count, "since": workload["since"]}
        for instance_type, count in workload["machines"] or [("", 0)]
    ]


# --- Models ----------------------------------------------------------------------------------------------------------


def used(member, time):
    """What each model was used for on each day, and how many metrics were asked for."""
    client = cloudwatch(member)
    wanted = [
        (api, field, dimensions[dimension], (namespace, name, dimensions))
        for api, namespace, dimension, fields in SOURCES
        for name, field, dimensions in series(metrics(client, namespace), dimension, fields)
    ]
    start = start_of(metered_from(time))
    points = sums(client, [metric for *_, metric in wanted], start, time, DAY_SECONDS)
    counted = defaultdict(lambda: dict(NO_COUNTS))
    for (api, field, model, _), of_metric in zip(wanted, points, strict=True):
        for at, count in of_metric.items():
            counted[api, model, at.date()][field] += round(max(count, 0))
    usage = [
        {"model": model, "api": api, "day": day, "counts": counts}
        for (api, model, day), counts in sorted(counted.items())
        if any(counts.values())
    ]
    return usage, len(wanted)


def series(listed, dimension, fields):
    """Which of the listed metrics are read. A count may be there for the model alone and again for parts of it: it is
    read from the smallest set of dimensions that there is, and so each use once."""
    for name, field in fields.items():
        by_model = defaultdict(list)
        for metric, dimensions in listed:
            if metric == name and dimension in dimensions:
                by_model[dimensions[dimension]].append(dimensions)
        for _, sets in sorted(by_model.items()):
            smallest = min((sorted(dimensions) for dimensions in sets), key=lambda names: (len(names), names))
            yield from ((name, field, dimensions) for dimensions in sets if sorted(dimensions) == smallest)


def measure(observed, estimate, requested):
    figures = [
        ("MeterBlind", "Count", float(bool(observed["blind"]))),
        ("UnpricedShare", "Percent", float(estimate.unpriced_share() * 100)),
        ("MetricsRequested", "Count", requested),
    ]
    environment = observed["account"]["environment"] or "none"
    emit(figures, {"environment": environment}, {"account_id": observed["account"]["id"]})
