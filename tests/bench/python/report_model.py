"""What is reported, computed from what is known. What is not known is told among the gaps, and is never a zero."""

from decimal import Decimal

from estimate import metered_from
from finops import add_months, is_ai_service, window
from report_accounts import STANDINGS, rows
from report_figures import amount_of, days_of, through, total_of, whole_through
from report_rest import gaps, idleness, idling, tags, unpriced, waiting
from report_shares import days, models, services, shares


def model(facts):
    today = facts["now"].date()
    month = window("monthly", today)
    before = (add_months(month[0], -1), month[0])
    accounts = rows(facts, month, before)
    counts_in = {row["account"] for row in accounts if row["uncounted"] is None}
    counted = [costs for costs in facts["costs"] if costs["account"] in counts_in]
    in_use, reports = idleness(facts)
    models_from = metered_from(facts["now"])
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
        "modelsFrom": models_from,
        "models": models(facts["observed"], models_from),
        "billed": facts["billed"],
        "waiting": waiting(facts, accounts),
        "idle": idling(in_use, reports),
        "tags": tags(facts["sweeps"], accounts),
        "commitments": facts["commitments"],
        "unpriced": unpriced(facts["observed"]),
        "gaps": gaps(facts, accounts, in_use, reports),
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
