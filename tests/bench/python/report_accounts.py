"""One row for each account: who it is, what it spent, how it stands against its limit."""

from datetime import date
from decimal import Decimal

from finops import budget, changed, day_total, instant, is_core, window
from report_figures import amount_of, days_of, percent, through

STANDINGS = ["over", "expected-over", "within", "unknown"]


def rows(facts, month, before):
    """All accounts that anything is known of, those that spent most of their limit first."""
    by_account = {
        "costs": {costs["account"]: costs for costs in facts["costs"]},
        "observed": {seen["account"]["id"]: seen for seen in facts["observed"]},
        "decision": {decision["account"]: decision for decision in facts["decisions"]},
        "record": {record["account"]: record for record in facts["records"]},
    }
    ids = by_account["costs"].keys() | by_account["observed"].keys() | by_account["decision"].keys()
    known = [{name: of.get(id) for name, of in by_account.items()} for id in sorted(ids)]
    found = [row(facts, id, month, before, **one) for id, one in zip(sorted(ids), known, strict=True)]

    def order(row):
        return STANDINGS.index(row["standing"]), -(row["usedPercent"] or -1), -(row["thisMonth"] or -1)

    return sorted(found, key=order)


def row(facts, id, month, before, costs, observed, decision, record):
    policy, account = facts["policy"], observed["account"] if observed else {}
    foreign = next((one for one in costs["currencies"] if one != policy["currency"]), None) if costs else None
    allowed = None
    if observed:
        allowed = budget(policy, (id, account["accountType"], account["environment"]))
        allowed = changed(allowed, (record or {}).get("change"), facts["now"])
    unknown = {"state": "unavailable", "why": "nothing was decided about the account yet"}
    signals = decision["signals"] if decision else dict.fromkeys(("reported", "estimated", "forecast"), unknown)
    doubted = decision.get("doubted") if decision else None
    uncounted = f"the figures of {doubted} cannot be believed" if doubted else None
    limit = Decimal(decision["limit"]) if decision else allowed and allowed["limit"]
    period = None
    if decision:
        period = tuple(date.fromisoformat(decision["window"][end]) for end in ("start", "end"))
    elif allowed:
        period = window(allowed["period"], facts["now"].date())
    core = account.get("accountType") is not None and is_core(account["accountType"])
    found = {
        "account": id,
        "name": account.get("name"),
        "environment": account.get("environment") or ("core" if core else "unknown"),
        "accountType": account.get("accountType"),
        "owner": account.get("owner"),
        "costCenter": account.get("costCenter"),
        "state": account.get("state"),
        "thisMonth": None if foreign else spent_in(costs, month),
        "lastMonth": None if foreign else spent_in(costs, before),
        "uncounted": f"the bill has amounts in {foreign}" if foreign else uncounted,
        "window": period,
        "limit": limit,
        "reported": signals["reported"],
        "estimated": signals["estimated"],
        "forecast": signals["forecast"],
        "usedPercent": None,
        "standing": "unknown",
        "decidedAt": decision and instant(decision["at"]),
        "stage": record["stage"] if record else "none",
        "desired": decision and decision["desired"],
        "outcome": decision and decision["outcome"],
        "direction": decision["step"]["direction"] if decision and decision["step"] else None,
        "doubted": doubted,
        "notes": notes(facts, record),
    }
    if found["uncounted"] is None and spent(found) is not None and limit is not None:
        found["usedPercent"], found["standing"] = percent(spent(found), limit), standing(found)
    return found


def spent_in(costs, period):
    if not costs or not costs["through"] or through(costs) < period[0]:
        return None
    return sum((day_total(day) for _, day in days_of(costs, *period)), Decimal(0))


def spent(row):
    """What was spent of the limit: with what the meter saw, where that is known."""
    estimated = amount_of(row["estimated"])
    return amount_of(row["reported"]) if estimated is None else estimated


def standing(row):
    if spent(row) >= row["limit"]:
        return "over"
    forecast = amount_of(row["forecast"])
    return "expected-over" if forecast is not None and forecast >= row["limit"] else "within"


def notes(facts, record):
    found, record = [], record or {}
    change, failure = record.get("change"), record.get("failure")
    if change and facts["now"] < instant(change["until"]):
        found.append(f"another limit until {change['until'][:10]} by {change['by']}: {change['reason']}")
    if failure:
        found.append(f"the last step failed: {failure['reason']}")
    return found


def title(row):
    return f"{row['name']} ({row['account']})" if row["name"] else row["account"]
