"""What is reported, computed from what is known. What is not known is told among the gaps, and is never a zero."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from estimate import UNIT_ORDER, metered_from
from finops import STAGES, add_months, budget, changed, day_total, instant, is_ai_service, is_core, window

DAY, WHOLE_AFTER = timedelta(days=1), timedelta(days=2)
BILL_HOLDS, METER_HOLDS, IDLE_HOLDS = timedelta(hours=36), timedelta(hours=3), timedelta(hours=48)
STANDINGS = ["over", "expected-over", "within", "unknown"]
TENTH = Decimal("0.1")


class Percent(Decimal):
    """A share; unlike an amount it is written with as many decimals as it has."""


def percent(part, whole):
    if not whole:
        return None
    share = part * 100 / whole
    return Percent(share.quantize(TENTH, ROUND_HALF_UP) if share.as_tuple().exponent < -1 else share)


def total_of(amounts):
    """The sum of what is known; None where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def amount_of(signal):
    return Decimal(signal["amount"]) if signal["state"] == "known" else None


def through(costs):
    return costs["through"] and date.fromisoformat(costs["through"])


def whole_through(costs):
    """The last day that is whole: Cost Explorer is a day late, and the day itself has to end."""
    last = through(costs)
    return last and min(last, instant(costs["readAt"]).date() - WHOLE_AFTER)


def days_of(costs, start, end):
    return [(day, spent) for day, spent in costs["days"].items() if str(start) <= day < str(end)]


def model(facts):
    today = facts["now"].date()
    month = window("monthly", today)
    before = (add_months(month[0], -1), month[0])
    accounts = rows(facts, month, before)
    counts_in = {row["account"] for row in accounts if row["uncounted"] is None}
    counted = [costs for costs in facts["costs"] if costs["account"] in counts_in]
    return {
        "at": facts["now"],
        "currency": facts["policy"]["currency"],
        "mode": facts["policy"].get("mode", "report"),
        "month": month,
        "before": before,
        "through": max(filter(None, map(through, counted)), default=None),
        "wholeThrough": min(filter(None, map(whole_through, counted)), default=None),
        "total": total(accounts, counted, month),
        "days": days(accounts, counted, before[0]),
        "environments": shares(accounts, "environment"),
        "accountTypes": shares(accounts, "accountType"),
        "owners": shares(accounts, "owner"),
        "costCenters": shares(accounts, "costCenter"),
        "services": services(counted, month, before),
        "metered": sum(seen["inPlace"] is not None for seen in facts["observed"]),
        "modelsFrom": metered_from(facts["now"]),
        "models": models(facts["observed"]),
        "waiting": waiting(facts, accounts),
        "idle": idling(facts["idle"]),
        "tags": tags(facts["sweeps"], accounts),
        "commitments": facts["commitments"],
        "unpriced": unpriced(facts["observed"]),
        "gaps": gaps(facts, accounts),
        "accounts": accounts,
    }


def total(accounts, counted, month):
    known = [row for row in accounts if row["uncounted"] is None]
    begun = [days_of(costs, *month) for costs in counted if costs["through"] and through(costs) >= month[0]]
    forecasts = [amount_of(row["forecast"]) if row["window"] == month else None for row in known]
    stands = {standing: sum(row["standing"] == standing for row in accounts) for standing in STANDINGS}
    return {
        "thisMonth": total_of(row["thisMonth"] for row in known),
        "lastMonth": total_of(row["lastMonth"] for row in known),
        "ai": total_of(sum((ai_of(day) for _, day in spent), Decimal(0)) for spent in begun),
        "credits": total_of(sum((Decimal(day.get("credits", 0)) for _, day in spent), Decimal(0)) for spent in begun),
        "forecast": total_of(forecasts),
        "withoutForecast": len(accounts) - sum(forecast is not None for forecast in forecasts),
        "over": stands["over"],
        "expectedOver": stands["expected-over"],
        "within": stands["within"],
        "unknown": stands["unknown"],
    }


def ai_of(day):
    return sum((Decimal(amount) for name, amount in day["services"].items() if is_ai_service(name)), Decimal(0))


# --- Accounts --------------------------------------------------------------------------------------------------------


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


# --- Shares ----------------------------------------------------------------------------------------------------------


def shares(accounts, key):
    groups = defaultdict(list)
    for row in accounts:
        groups[row[key] if row[key] and row[key].strip() else None].append(row)

    def share(name, members):
        counted = [row for row in members if row["uncounted"] is None]
        return {
            "name": name,
            "accounts": len(members),
            "unknown": sum(row["uncounted"] is not None or row["thisMonth"] is None for row in members),
            "thisMonth": total_of(row["thisMonth"] for row in counted),
            "lastMonth": total_of(row["lastMonth"] for row in counted),
        }

    named = sorted(groups.items(), key=lambda pair: pair[0] or "")
    return with_percent([share(name, members) for name, members in named])


def services(counted, month, before):
    """By service, as bills name them. One that is not in a bill cost nothing, as far as the bill goes."""
    found = {}
    for costs in counted:
        for day, spent in days_of(costs, before[0], month[1]):
            for service, amount in spent["services"].items():
                of = found.setdefault(service, {"accounts": set(), "thisMonth": None, "lastMonth": Decimal(0)})
                of["accounts"].add(costs["account"])
                period = "thisMonth" if day >= str(month[0]) else "lastMonth"
                of[period] = (of[period] or 0) + Decimal(amount)
    begun = any(costs["through"] and through(costs) >= month[0] for costs in counted)
    none = Decimal(0) if begun else None
    return with_percent(
        [
            {
                "name": name,
                "accounts": len(of["accounts"]),
                "unknown": 0,
                "thisMonth": none if of["thisMonth"] is None else of["thisMonth"],
                "lastMonth": of["lastMonth"],
            }
            for name, of in sorted(found.items())
        ]
    )


def with_percent(found):
    def order(share):
        return [Decimal(-1) if share[name] is None else share[name] for name in ("thisMonth", "lastMonth")]

    total = sum((share["thisMonth"] for share in found if share["thisMonth"] is not None), Decimal(0))
    for share in found:
        share["percent"] = None if share["thisMonth"] is None else percent(share["thisMonth"], total)
    return sorted(found, key=order, reverse=True)


def days(accounts, counted, start):
    """Every day since `start` as far as bills go."""
    last = max(filter(None, map(through, counted)), default=None)
    whole = min(filter(None, map(whole_through, counted)), default=None)
    if last is None:
        return []
    environments = {row["account"]: row["environment"] for row in accounts}
    sums = {str(start + number * DAY): defaultdict(Decimal) for number in range((last - start).days + 1)}
    for costs in counted:
        for day, spent in days_of(costs, start, last + DAY):
            sums[day][environments[costs["account"]]] += day_total(spent)
    told = sums.items()
    return [{"day": day, "whole": whole is not None and day <= str(whole), "environments": of} for day, of in told]


def models(observed):
    found = defaultdict(lambda: [0, Decimal(0)])
    for seen in observed:
        for name, amount in seen.get("byModel", {}).items():
            found[name][0] += 1
            found[name][1] += Decimal(amount)
    total = sum((amount for _, amount in found.values()), Decimal(0))
    told = [
        {"model": name, "accounts": accounts, "amount": amount, "percent": percent(amount, total)}
        for name, (accounts, amount) in sorted(found.items())
    ]
    return sorted(told, key=lambda one: -one["amount"])


# --- The rest --------------------------------------------------------------------------------------------------------


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


def idling(reports):
    """What nobody uses, the most expensive first."""
    found = [{"account": report["account"], **idle} for report in reports for idle in report["found"]]
    for one in found:
        one["monthlySaving"] = None if one["monthlySaving"] is None else Decimal(one["monthlySaving"])
    found.sort(key=lambda one: (-(one["monthlySaving"] if one["monthlySaving"] is not None else -1), one["arn"]))
    # What is stopped saves already.
    running = [one["monthlySaving"] for one in found if one["state"] != "stopped"]
    unknown = sum(saving is None for saving in running)
    return {"accounts": len(reports), "found": found, "saving": total_of(running), "unpriced": unknown}


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
    counted = [row for row in accounts if row["uncounted"] is None and row["thisMonth"] is not None]
    sums = {
        name: sum((row["thisMonth"] for row in counted if field is None or row[field] is None), Decimal(0))
        for name, field in (("all", None), ("owner", "owner"), ("costCenter", "costCenter"))
    }
    told = {name: sums[name] if counted else None for name in ("owner", "costCenter")}
    share = {name: percent(sums[name], sums["all"]) if counted else None for name in told}
    return {
        "sweptAt": min((swept["sweptAt"] for swept in reached), key=instant, default=None),
        "resources": resources,
        "untagged": untagged,
        "untaggedPercent": percent(Decimal(untagged), resources),
        "keys": sorted(lacking.items()),
        "unreachable": len(unreachable),
        "withoutOwner": told["owner"],
        "withoutOwnerPercent": share["owner"],
        "withoutCostCenter": told["costCenter"],
        "withoutCostCenterPercent": share["costCenter"],
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


def gaps(facts, accounts):
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
    if not facts["idle"]:
        found["Idle resources were not looked for yet."]
    looked = {report["account"] for report in facts["idle"]}
    for row in accounts if facts["idle"] else []:
        if row["state"] == "ACTIVE" and row["account"] not in looked:
            found["Idle resources were not looked for."].add(row["account"])
    for report in facts["idle"]:
        if now - instant(report["at"]) > IDLE_HOLDS:
            found["Idle resources were looked for more than 48 hours ago."].add(report["account"])
        for blind in report["blind"]:
            found[f"Could not be judged as idle or not: {blind}."].add(report["account"])
    if not facts["sweeps"]:
        found["No resources were swept for tags: the untagged share of resources is not known."]
    for name, field in (("Savings Plans", "savingsPlans"), ("reservations", "reservations")):
        if facts["commitments"][field]["state"] == "unavailable":
            found[f"The coverage by {name} is not known: {facts['commitments'][field]['why']}."]
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
