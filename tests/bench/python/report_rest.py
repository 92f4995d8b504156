"""What would have happened, what is idle, what is not tagged, what has no price, and what is not known at all."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from estimate import UNIT_ORDER
from finops import STAGES, instant, is_ai_account
from report_accounts import title
from report_figures import percent, total_of

BILL_HOLDS, METER_HOLDS, IDLE_HOLDS = timedelta(hours=36), timedelta(hours=3), timedelta(hours=48)


def waiting(facts, accounts):
    """Steps that would have been taken, wait for people, or are held."""
    known, found = {row["account"]: row for row in accounts}, []
    for decision in facts["decisions"]:
        step, row = decision["step"], known.get(decision["account"])
        if not step or not row or decision["outcome"] not in ("would", "approval", "held"):
            continue
        found.append(
            {
                "account": decision["account"],
                "title": title(row),
                "environment": row["environment"],
                "step": step["id"],
                "direction": step["direction"],
                "to": step["to"],
                "outcome": decision["outcome"],
                "at": decision["at"],
                "because": because(decision["rules"], step["to"]),
                "heldBy": [f"{rail['name']}: {rail['because']}" for rail in decision["rails"] if rail["holds"]],
            }
        )
    return sorted(found, key=lambda one: (-STAGES.index(one["to"]), one["account"]))


def because(rules, to):
    """The conditions for a stage that hold; those of further stages that come to the same are not told again."""
    told = {}
    for rule in rules:
        if rule["holds"] and STAGES.index(rule["stage"]) >= STAGES.index(to):
            told.setdefault(rule["because"], rule["condition"])
    return [f"{condition} ({why})" for why, condition in told.items()]


def idleness(facts):
    """The AI accounts that are in use, and their reports; what is left of other accounts counts nowhere."""
    accounts = {seen["account"]["id"] for seen in facts["observed"] if is_ai_account(seen["account"])}
    return accounts, [report for report in facts["idle"] if report["account"] in accounts]


def idling(accounts, reports):
    """What nobody uses, the most expensive first."""
    found = [{"account": report["account"], **idle} for report in reports for idle in report["found"]]
    for one in found:
        one["monthlySaving"] = None if one["monthlySaving"] is None else Decimal(one["monthlySaving"])
    found.sort(key=lambda one: (-(one["monthlySaving"] if one["monthlySaving"] is not None else -1), one["arn"]))
    # What is stopped saves already.
    running = [one["monthlySaving"] for one in found if one["state"] != "stopped"]
    unpriced = sum(saving is None for saving in running)
    unseen = len(accounts) - sum(not report["blind"] for report in reports)
    saving = Decimal(0) if reports and not running and not unseen else total_of(running)
    return {"accounts": len(reports), "unseen": unseen, "found": found, "saving": saving, "unpriced": unpriced}


def tags(sweeps, accounts):
    """How much cannot be attributed."""
    unreachable = {swept["accountId"] for swept in sweeps if swept["state"] == "unreachable"}
    reached = [swept for swept in sweeps if swept["state"] != "unreachable"]
    totals = [swept["coverage"]["total"] for swept in reached]
    resources = int(sum(count["resources"] for count in totals))
    untagged = resources - int(sum(count["complete"] for count in totals))
    lacking = defaultdict(int)
    for key, count in (pair for swept in reached for pair in swept["coverage"]["keys"].items()):
        lacking[key] += int(count["resources"] - count["complete"])
    # An account that was not looked into may well name an owner.
    looked = [row for row in accounts if row["name"] is not None]
    of = lambda rows: total_of(row["thisMonth"] for row in rows if row["uncounted"] is None)
    every = of(looked)
    parts = {}
    for name, field in (("withoutOwner", "owner"), ("withoutCostCenter", "costCenter")):
        rows = [row for row in looked if row[field] is None]
        part = of(rows) if rows or every is None else Decimal(0)
        parts |= {name: part, f"{name}Percent": None if part is None or every is None else percent(part, every)}
    return {
        "sweptAt": min((swept["sweptAt"] for swept in reached), key=instant, default=None),
        "resources": resources,
        "untagged": untagged,
        "untaggedPercent": percent(Decimal(untagged), resources),
        "keys": sorted(lacking.items()),
        "unreachable": len(unreachable),
        **parts,
    }


def unpriced(observed):
    """What was used and has no price."""
    found = defaultdict(lambda: [Decimal(0), set()])
    for seen in observed:
        for used in seen.get("unpriced", []):
            of = found[used["what"], used["why"], used["unit"]]
            of[0] += Decimal(used["quantity"])
            of[1].add(seen["account"]["id"])
    told = [
        {"what": what, "why": why, "quantity": round(quantity, 2), "unit": unit, "accounts": len(accounts)}
        for (what, why, unit), (quantity, accounts) in sorted(found.items())
    ]
    return sorted(told, key=lambda one: (UNIT_ORDER.index(one["unit"]), -one["quantity"]))


# --- Gaps ------------------------------------------------------------------------------------------------------------


def gaps(facts, accounts, in_use, reports):
    """What is not seen, is old, or cannot be added up: of everything first, then of most accounts."""
    found, now = defaultdict(set), facts["now"]
    if not accounts:
        found["Accounts: no bill was read yet, and no account was looked into."]
    for row in accounts:
        for what in gaps_of(row, now):
            found[what].add(row["account"])
    billed = {costs["account"] for costs in facts["costs"]}
    for costs in facts["costs"]:
        if costs["through"] is None:
            found["Cost Explorer shows no costs at all."].add(costs["account"])
        elif now - instant(costs["readAt"]) > BILL_HOLDS:
            found["Its bill was read more than 36 hours ago."].add(costs["account"])
    for seen in facts["observed"]:
        account = seen["account"]["id"]
        if account not in billed:
            found["Its bill was not read yet."].add(account)
        if now - instant(seen["at"]) > METER_HOLDS:
            found["Was metered more than 3 hours ago."].add(account)
        for blind in seen.get("blind", []):
            found[f"The meter saw nothing: {blind}."].add(account)
    if not reports and (in_use or not facts["observed"]):
        found["Idle resources were not looked for yet."]
    for account in in_use - {report["account"] for report in reports} if reports else ():
        found["Idle resources were not looked for."].add(account)
    for report in reports:
        if now - instant(report["at"]) > IDLE_HOLDS:
            found["Idle resources were looked for more than 48 hours ago."].add(report["account"])
        for blind in report["blind"]:
            found[f"Could not be judged as idle or not: {blind}."].add(report["account"])
    if not facts["sweeps"]:
        found["No resources were swept for tags: the untagged share of resources is not known."]
    for name, field in (("Savings Plans", "savingsPlans"), ("reservations", "reservations")):
        if facts["commitments"][field]["state"] == "unavailable":
            found[f"The coverage by {name} is not known: {facts['commitments'][field]['why']}."]
    found[f"What each model was billed is not known: {facts['billed']['why']}."]
    told = [{"what": what, "accounts": sorted(accounts)} for what, accounts in sorted(found.items())]
    return sorted(told, key=lambda gap: (bool(gap["accounts"]), -len(gap["accounts"])))


def gaps_of(row, now):
    if row["uncounted"]:
        yield f"In no sum and no chart: {row['uncounted']}."
    if row["name"] is None:
        yield "Was not looked into yet: its name, tags, use and limit are not known."
    if row["decidedAt"] is None:
        yield "Nothing was decided about it yet: what it spent of its limit is not known."
    elif now - row["decidedAt"] > METER_HOLDS:
        yield "The last decision about it is more than 3 hours old, and so is its status."
