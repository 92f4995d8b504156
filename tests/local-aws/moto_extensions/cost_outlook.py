"""Cost Explorer beside what was spent: forecasts, commitments, anomalies
(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Cost_Explorer_Service.html).

moto has none of these calls. Here a test gives the figures of days, which are added up for the days or months that a
request is about; without any, the data is unavailable, as it is on AWS. Commitments are those of the organization:
requests with filters or groups are refused. Anomalies are told as AWS shows them.
"""

import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from . import cost_requests
from .cost_requests import Days, invalid, unavailable
from .organizations import MANAGEMENT_ACCOUNT

_METRICS = ("AMORTIZED_COST", "BLENDED_COST", "NET_AMORTIZED_COST", "NET_UNBLENDED_COST", "UNBLENDED_COST")
_MOST_MONTHS = {"DAILY": 3, "MONTHLY": 18}
_MONTHS_KEPT, _PAGE = 13, 20
_COMPARED = {"EQUAL": operator.eq, "GREATER_THAN": operator.gt, "GREATER_THAN_OR_EQUAL": operator.ge,
             "LESS_THAN": operator.lt, "LESS_THAN_OR_EQUAL": operator.le}
_FORECAST = ("mean", "lower", "upper")
_COMMITMENTS = ("covered", "onDemand", "reservedHours", "onDemandHours", "commitment", "used")
_NEEDED = ("AnomalyId", "AnomalyScore", "Impact", "MonitorArn")

# By account and day, and by day.
_forecasts: dict[tuple[str, date], dict[str, Decimal]] = {}
_commitments: dict[date, dict[str, Decimal]] = {}
_anomalies: dict[str, dict] = {}


def _sum(rows: list[dict[str, Decimal]], name: str) -> Decimal:
    return sum((row[name] for row in rows), Decimal())


def _account(kind: str, key: str | None) -> Callable[[str], str]:
    if (kind, key) != ("Dimensions", "LINKED_ACCOUNT"):
        raise invalid(f"A forecast by {kind} {key} is not played.")
    return lambda account: account


def get_cost_forecast(request: dict, account: str) -> dict:
    """The means of the accounts in the filter, of itself for a member account. The bounds of the prediction interval
    are there if they were given."""
    begin, end = cost_requests.time_period(request.get("TimePeriod"))
    granularity, today = request.get("Granularity"), cost_requests.today()
    if request.get("Metric") not in _METRICS or granularity not in _MOST_MONTHS:
        raise invalid(f"Metric must be among {', '.join(_METRICS)}, and Granularity DAILY or MONTHLY.")
    if begin < today or cost_requests.months_before(end, _MOST_MONTHS[granularity]) > today:
        raise invalid(f"A {granularity} forecast begins today or later, and ends at most {_MOST_MONTHS[granularity]} "
                      "months from now.")
    meant = cost_requests.matcher(request["Filter"], _account) if request.get("Filter") else lambda _: True
    figures = {(own, day): row for (own, day), row in _forecasts.items()
               if account in (own, MANAGEMENT_ACCOUNT) and meant(own) and begin <= day < end}
    if not figures:
        raise unavailable("Insufficient amount of historical data.")
    results = []
    for first, last in cost_requests.periods(granularity, (begin, end)):
        rows = [row for (_, day), row in figures.items() if first <= day < last]
        bounds = {f"PredictionInterval{name.capitalize()}Bound": str(_sum(rows, name)) for name in ("lower", "upper")
                  if all(name in row for row in rows)}
        mean = str(_sum(rows, "mean"))
        results.append({"TimePeriod": cost_requests.shown((first, last)), "MeanValue": mean, **bounds})
    return {"Total": {"Amount": str(_sum(list(figures.values()), "mean")), "Unit": "USD"},
            "ForecastResultsByTime": results}


def _percent(part: Decimal, whole: Decimal) -> str:
    return str(round(part / whole * 100, 4)) if whole else "0"


def _committed(request: dict, names: tuple[str, str]) -> list[tuple[Days, list[dict]]]:
    """The figures of these names in each period that is asked about."""
    begin, end = cost_requests.time_period(request.get("TimePeriod"))
    if begin < cost_requests.months_before(cost_requests.today(), _MONTHS_KEPT) or end > cost_requests.today():
        raise invalid("The start date must be within 13 months, and the end date before the current date.")
    if request.get("Granularity") not in (None, "DAILY", "MONTHLY"):
        raise invalid("Granularity must be DAILY or MONTHLY.")
    if request.get("GroupBy") or request.get("Filter"):
        raise invalid("Commitments by group or filter are not played.")
    rows = {day: row for day, row in _commitments.items() if begin <= day < end and all(name in row for name in names)}
    if not rows:
        raise unavailable("The requested data is unavailable.")
    periods = cost_requests.periods(request.get("Granularity"), (begin, end))
    return [((first, last), [row for day, row in rows.items() if first <= day < last]) for first, last in periods]


def get_savings_plans_coverage(request: dict, _account_id: str) -> dict:
    digest, begin = cost_requests.page_of(request, "NextToken")
    periods = _committed(request, ("covered", "onDemand"))
    end, listed = begin + request.get("MaxResults", _PAGE), []
    for days, rows in periods:
        covered, on_demand = (_sum(rows, name) for name in ("covered", "onDemand"))
        listed.append({"Attributes": {}, "TimePeriod": cost_requests.shown(days), "Coverage": {
            "SpendCoveredBySavingsPlans": str(covered), "OnDemandCost": str(on_demand),
            "TotalCost": str(covered + on_demand), "CoveragePercentage": _percent(covered, covered + on_demand)}})
    more = {"NextToken": f"{digest}:{end}"} if end < len(listed) else {}
    return {"SavingsPlansCoverages": listed[begin:end]} | more


def _hours(rows: list[dict[str, Decimal]]) -> dict:
    reserved, on_demand = (_sum(rows, name) for name in ("reservedHours", "onDemandHours"))
    return {"CoverageHours": {"ReservedHours": str(reserved), "OnDemandHours": str(on_demand),
                              "TotalRunningHours": str(reserved + on_demand),
                              "CoverageHoursPercentage": _percent(reserved, reserved + on_demand)}}


def get_reservation_coverage(request: dict, _account_id: str) -> dict:
    periods = _committed(request, ("reservedHours", "onDemandHours"))
    return {"CoveragesByTime": [{"TimePeriod": cost_requests.shown(days), "Groups": [], "Total": _hours(rows)}
                                for days, rows in periods],
            "Total": _hours([row for _, rows in periods for row in rows])}


def _utilization(rows: list[dict[str, Decimal]]) -> dict:
    commitment, used = (_sum(rows, name) for name in ("commitment", "used"))
    return {"Utilization": {"TotalCommitment": str(commitment), "UsedCommitment": str(used),
                            "UnusedCommitment": str(commitment - used),
                            "UtilizationPercentage": _percent(used, commitment)}}


def get_savings_plans_utilization(request: dict, _account_id: str) -> dict:
    periods = _committed(request, ("commitment", "used"))
    return {"SavingsPlansUtilizationsByTime": [{"TimePeriod": cost_requests.shown(days), **_utilization(rows)}
                                               for days, rows in periods],
            "Total": _utilization([row for _, rows in periods for row in rows])}


def _has_impact(anomaly: dict, asked: dict | None) -> bool:
    if asked is None:
        return True
    impact, start = anomaly["Impact"].get("TotalImpact", 0), asked["StartValue"]
    if asked["NumericOperator"] == "BETWEEN":
        return start <= impact <= asked["EndValue"]
    return _COMPARED[asked["NumericOperator"]](impact, start)


def get_anomalies(request: dict, _account_id: str) -> dict:
    """Those that ended, or were last seen, in the time that is asked about."""
    digest, begin = cost_requests.page_of(request)
    first, last = (request["DateInterval"].get(name) for name in ("StartDate", "EndDate"))
    found = [one for one in sorted(_anomalies.values(), key=operator.itemgetter("AnomalyId"))
             if first <= (one.get("AnomalyEndDate") or one["AnomalyStartDate"])[:10] <= (last or "9999")
             and request.get("MonitorArn") in (None, one["MonitorArn"])
             and request.get("Feedback") in (None, one.get("Feedback"))
             and _has_impact(one, request.get("TotalImpact"))]
    end = begin + request.get("MaxResults", _PAGE)
    return {"Anomalies": found[begin:end]} | ({"NextPageToken": f"{digest}:{end}"} if end < len(found) else {})


def _figures(told: dict, names: tuple[str, ...]) -> dict[str, Decimal]:
    try:
        return {name: Decimal(told[name]) for name in names if name in told}
    except InvalidOperation as error:
        raise ValueError(f"{', '.join(names)} are numbers") from error


def set_outlook(request: dict) -> dict:
    """`POST /_local/costs/outlook`: `forecasts` (account, date, mean, lower, upper), `commitments` of the organization
    (date, and pairs of covered and onDemand, reservedHours and onDemandHours, commitment and used), `anomalies`."""
    try:
        _forecasts.update({(one["account"], date.fromisoformat(one["date"])): _figures(one, _FORECAST)
                           for one in request.get("forecasts") or []})
        _commitments.update({date.fromisoformat(one["date"]): _figures(one, _COMMITMENTS)
                             for one in request.get("commitments") or []})
    except KeyError as error:
        raise ValueError(f"{error} is missing") from error
    anomalies = request.get("anomalies") or []
    if any(name not in one for one in anomalies for name in (*_NEEDED, "AnomalyStartDate")):
        raise ValueError(f"an anomaly has {', '.join(_NEEDED)} and AnomalyStartDate")
    _anomalies.update({one["AnomalyId"]: one for one in anomalies})
    return {"forecasts": len(_forecasts), "commitments": len(_commitments), "anomalies": len(_anomalies)}


def forget_outlook() -> dict:
    """`DELETE /_local/costs/outlook`."""
    for kept in (_forecasts, _commitments, _anomalies):
        kept.clear()
    return {}


def install() -> None:
    cost_requests.played(get_cost_forecast, ForecastResultsByTime=[])
    cost_requests.played(get_savings_plans_coverage, SavingsPlansCoverages=[])
    cost_requests.played(get_reservation_coverage, CoveragesByTime=[])
    cost_requests.played(get_savings_plans_utilization, SavingsPlansUtilizationsByTime=[], Total={"Utilization": {}})
    cost_requests.played(get_anomalies, Anomalies=[])
