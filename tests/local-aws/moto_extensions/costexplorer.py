"""Cost Explorer's GetCostAndUsageWithResources: what single resources cost in the last 14 days, where the organization
has opted in
(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsageWithResources.html).

moto has no such call. Here a test says what a resource costs a day, and whether the organization has opted in. Costs
are told apart by account, service and resource; there are no quantities.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from . import cost_requests
from .cost_requests import invalid, unavailable
from .organizations import MANAGEMENT_ACCOUNT

_DAYS, _GROUPS_OF_A_PAGE = 14, 500
_METRICS = ("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost")
_FORMATS = {"DAILY": "%Y-%m-%d", "MONTHLY": "%Y-%m-%d", "HOURLY": "%Y-%m-%dT%H:%M:%SZ"}
_HOURLY_SERVICE = "Amazon Elastic Compute Cloud - Compute"

# USD a day, by the values of these dimensions.
_DIMENSIONS = ("LINKED_ACCOUNT", "SERVICE", "RESOURCE_ID")
_costs: dict[tuple[str, str, str], Decimal] = {}
_opted_in = False

Period = tuple[datetime, datetime]


def _dimension(key: str | None) -> int:
    if key not in _DIMENSIONS:
        raise invalid(f"Dimension {key} is invalid. Valid values here are {', '.join(_DIMENSIONS)}")
    return _DIMENSIONS.index(key)


def _reader(kind: str, key: str | None) -> Callable[[tuple], str]:
    if kind != "Dimensions":
        raise invalid(f"Costs have no {kind} here")
    position = _dimension(key)
    return lambda place: place[position]


def _periods(granularity: str, asked: dict) -> Iterator[Period]:
    """The days, hours or calendar months of the request's time. Tomorrow has no costs yet."""
    try:
        begin, end = (datetime.strptime(asked.get(name) or "", _FORMATS[granularity]).replace(tzinfo=timezone.utc)
                      for name in ("Start", "End"))
    except (KeyError, ValueError) as error:
        raise invalid("Granularity must be DAILY, MONTHLY or HOURLY, and the time period must fit it") from error
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    if begin >= end:
        raise invalid("Start date (and hour) should be before end date (and hour)")
    if begin < today - timedelta(days=_DAYS):
        raise invalid(f"Start date is more than {_DAYS} days ago. Please adjust start date.")
    end = min(end, today + timedelta(days=1))
    while begin < end:
        month = (begin.replace(day=1) + timedelta(days=32)).replace(day=1)
        after = {"DAILY": begin + timedelta(days=1), "HOURLY": begin + timedelta(hours=1), "MONTHLY": month}
        yield begin, min(after[granularity], end)
        begin = after[granularity]


def _sums(request: dict, account: str) -> list[tuple[tuple[str, ...], Decimal]]:
    """What each group costs a day. The management account sees all accounts, another only itself."""
    groups = request.get("GroupBy") or []
    positions = [_dimension(group.get("Key")) for group in groups]
    wanted = cost_requests.matcher(request.get("Filter"), _reader)
    if _dimension("RESOURCE_ID") not in positions and '"RESOURCE_ID"' not in json.dumps(request["Filter"]):
        raise invalid("You must either group by or filter by RESOURCE_ID")
    sums: dict[tuple[str, ...], Decimal] = {}
    for place, daily in list(_costs.items()):
        hourly = request["Granularity"] != "HOURLY" or place[1] == _HOURLY_SERVICE
        if hourly and account in (place[0], MANAGEMENT_ACCOUNT) and wanted(place):
            keys = tuple(place[position] for position in positions)
            sums[keys] = sums.get(keys, Decimal()) + daily
    return sorted(sums.items())


def _result(request: dict, period: Period, sums: list[tuple[tuple[str, ...], Decimal]]) -> dict:
    """One entry of ResultsByTime: the groups of a period, or their total if the request does not group."""
    days = Decimal(int((period[1] - period[0]).total_seconds())) / (24 * 60 * 60)
    start, end = (at.strftime(_FORMATS[request["Granularity"]]) for at in period)
    groups = [{"Keys": list(keys), "Metrics": {name: {"Amount": f"{(daily * days).normalize():f}", "Unit": "USD"}
                                               for name in request["Metrics"]}} for keys, daily in sums]
    grouped = bool(request.get("GroupBy"))
    return {"TimePeriod": {"Start": start, "End": end}, "Groups": groups if grouped else [], "Estimated": True,
            "Total": {} if grouped or not groups else groups[0]["Metrics"]}


def get_cost_and_usage_with_resources(request: dict, account: str) -> dict:
    if not _opted_in:
        raise unavailable("Data is not available. Resource-level data is an opt-in only feature, which you can enable "
                          "from the Cost Explorer settings page.")
    if not request.get("Metrics") or not set(request["Metrics"]) <= set(_METRICS):
        raise invalid(f"Metrics must be among {', '.join(_METRICS)}")
    digest, offset = cost_requests.page_of(request)
    periods = list(_periods(request.get("Granularity"), request.get("TimePeriod") or {}))
    rows = list(itertools.product(periods, _sums(request, account)))
    end = offset + _GROUPS_OF_A_PAGE
    shown = {period: [row[1] for row in some]
             for period, some in itertools.groupby(rows[offset:end], key=lambda row: row[0])}
    answer = {"ResultsByTime": [_result(request, *one) for one in (shown or dict.fromkeys(periods, [])).items()],
              "GroupDefinitions": request.get("GroupBy") or [], "DimensionValueAttributes": []}
    if end < len(rows):
        answer["NextPageToken"] = f"{digest}:{end}"
    return answer


def set_costs(request: dict) -> dict:
    """`POST /_local/costs/resources`: what resources cost a day; `optedIn` says whether Cost Explorer knows it."""
    global _opted_in
    try:
        _costs.update({(item["account"], item["service"], item["resource"]): Decimal(item["daily"])
                       for item in request.get("costs") or []})
    except (KeyError, InvalidOperation) as error:
        raise ValueError("a cost has an account, a resource, a service and a number as daily") from error
    _opted_in = request.get("optedIn", _opted_in)
    return {"costs": len(_costs), "optedIn": _opted_in}


def install() -> None:
    cost_requests.played(get_cost_and_usage_with_resources, ResultsByTime=[], GroupDefinitions=[],
                    DimensionValueAttributes=[])
