"""What AI cost until now: what was metered times the price list, as the Rust crate `finops` has it."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from finops import plain, start_of
from prices import NAMES, Unpriced, cost, measures

DAY = timedelta(days=1)
# The kind of workload that the bill shows under EC2 and not under an AI service.
EC2 = "gpu-instance"
UNITS = {"image": "images", "request": "requests"}
UNIT_ORDER = ["tokens", "images", "requests", "hours"]
METERED_DAYS, KEPT_DAYS = 4, 40


def metered_from(time):
    """The first day that a look meters: it meters four, today among them."""
    return time.date() - (METERED_DAYS - 1) * DAY


class Estimate:
    def __init__(self, prices, time):
        self.prices, self.time = prices, time
        first = metered_from(time)
        self.days = [first + day * DAY for day in range((time.date() - first).days + 1)]
        self.by_day, self.ai_services, self.blind = {}, {}, []
        self.models = defaultdict(lambda: defaultdict(Decimal))
        self.used, self.unpriced = defaultdict(Decimal), defaultdict(Decimal)

    def add(self, part):
        """Prices what was metered in a Region, or a part of it."""
        if part["blind"]:
            self.blind.append(f"{part['region']}: {part['blind']}")
            return
        for day in self.days:
            self.by_day.setdefault(day, Decimal(0))
            self.ai_services.setdefault(day, Decimal(0))
        for usage in part["models"]:
            if usage["day"] in self.days:
                self.model(usage, part["region"])
        for running in part["running"]:
            self.running(running, part["region"])

    def model(self, usage, region):
        what, counted = f"model {usage['model']}", measures(usage)
        matters = {measure: count for measure, count in counted.items() if measure != "request" or len(counted) == 1}
        for measure, count in matters.items():
            self.used[UNITS.get(measure, "tokens")] += count
        try:
            rates = self.prices.rates(usage["model"], region)
        except Unpriced as why:
            for measure, count in matters.items():
                self.unpriced[what, str(why), UNITS.get(measure, "tokens")] += count
            return
        amount, unpriced = cost(rates, usage)
        for measure, count in unpriced.items():
            why = f"the price list has no price for its {NAMES[measure]}"
            self.unpriced[what, why, UNITS.get(measure, "tokens")] += count
        if amount:
            self.models[usage["day"]][usage["model"]] += amount
            self.line(usage["day"], amount, True)

    def running(self, running, region):
        kind, count = running["kind"], running["count"]
        on = f" on {running['instanceType']}" if running["instanceType"] else ""
        what = f"{kind} {running['name']}{on}"
        hourly = self.prices.hourly(kind, running["instanceType"], region)
        for day in self.days:
            hours = hours_of(day, running["since"], self.time)
            self.used["hours"] += hours * count
            if hourly is not None:
                self.line(day, hours * count * hourly, kind != EC2)
            elif hours:
                why = "it is not in the price list"
                if count == 0:
                    why = "it shows no machines: it is billed by use that no metric tells, or runs on none now"
                self.unpriced[what, why, "hours"] += hours * count

    def line(self, day, amount, of_ai_service):
        self.by_day[day] += amount
        if of_ai_service:
            self.ai_services[day] += amount

    def unpriced_share(self):
        """How much of all use has no price, by the unit of which it is most."""
        of_unit = defaultdict(Decimal)
        for (_, _, unit), quantity in self.unpriced.items():
            of_unit[unit] += quantity
        return max((of_unit[unit] / used for unit, used in self.used.items() if used), default=Decimal(0))

    def unpriced_list(self):
        order = sorted(self.unpriced.items(), key=lambda pair: (*pair[0][:2], UNIT_ORDER.index(pair[0][2])))
        return [
            {"what": what, "why": why, "quantity": plain(quantity), "unit": unit}
            for (what, why, unit), quantity in order
        ]


def hours_of(day, since, time):
    """How many hours of a day something ran that runs since `since`."""
    begin, end = max(since, start_of(day)), min(time, start_of(day + DAY))
    return Decimal(max(int((end - begin).total_seconds()), 0)) / 3600


def after(estimate, before):
    """What was metered, with what was before: a day never cost less than what was seen of it once."""
    today = estimate.time.date()
    oldest, first = str(today - KEPT_DAYS * DAY), str(metered_from(estimate.time))
    by_day = {str(day): amount for day, amount in estimate.by_day.items()}
    ai_services = {str(day): amount for day, amount in estimate.ai_services.items()}
    models = {str(day): dict(of_day) for day, of_day in estimate.models.items()}
    before = before or {}
    keep(by_day, {day: amount for day, amount in before.get("byDay", {}).items() if day >= oldest})
    keep(ai_services, {day: amount for day, amount in before.get("aiServices", {}).items() if day >= oldest})
    for day, of_day in before.get("models", {}).items():
        if day >= first:
            keep(models.setdefault(day, {}), of_day)
    return {
        "byDay": texts(by_day),
        "aiServices": texts(ai_services),
        "models": {day: texts(of_day) for day, of_day in sorted(models.items())},
    }


def keep(known, before):
    for key, amount in before.items():
        known[key] = max(known.get(key, Decimal(amount)), Decimal(amount))


def texts(amounts):
    return {key: plain(amount) for key, amount in sorted(amounts.items())}
