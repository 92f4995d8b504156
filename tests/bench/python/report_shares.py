"""The spending of counted accounts, told apart by day, by who they are, by service and by model."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from finops import day_total
from report_figures import days_of, percent, through, total_of, whole_through

DAY = timedelta(days=1)


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


def models(observed, first):
    """By model, as metered since that day."""
    found = defaultdict(lambda: [set(), Decimal(0)])
    for seen in observed:
        recent = [models for day, models in seen.get("models", {}).items() if day >= str(first)]
        for name, amount in (pair for models in recent for pair in models.items()):
            found[name][0].add(seen["account"]["id"])
            found[name][1] += Decimal(amount)
    total = sum((amount for _, amount in found.values()), Decimal(0))
    told = [
        {"model": name, "accounts": len(accounts), "amount": amount, "percent": percent(amount, total)}
        for name, (accounts, amount) in sorted(found.items())
    ]
    return sorted(told, key=lambda one: -one["amount"])
