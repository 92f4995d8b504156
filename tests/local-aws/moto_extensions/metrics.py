"""CloudWatch's ListMetrics and GetMetricData
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).

moto lists a metric once for each value if it has no dimension or more than one, also years after its last value. The
data of a metric with dimensions come from every namespace, those of one without from all metrics of the name. There are
no pages and no trouble. Here a test plays the services that write metrics; it may as well call PutMetricData, which
takes the namespaces of AWS. Expressions are refused.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from moto.cloudwatch.exceptions import CloudWatchException, ValidationError
from moto.cloudwatch.models import MetricDatumBase, Statistics, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

_LISTED, _MOST_QUERIES, _MOST_POINTS = 500, 500, 100_800
_LISTED_FOR, _ACTIVE_FOR = timedelta(days=14), timedelta(hours=3)
# How far times are rounded down, by age.
_ROUNDED = ((timedelta(days=15), 60), (timedelta(days=63), 300), (timedelta.max, 3600))
_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_STATES = ("InternalError", "PartialData", "Forbidden")


@dataclass
class Trouble:
    """The next `times` GetMetricData of an account and Region, or of any, have results without values, with this state
    and these messages."""

    state: str
    account: str | None = None
    region: str | None = None
    messages: list[dict] = field(default_factory=list)
    times: int = 1

    def __post_init__(self) -> None:
        if self.state not in _STATES:
            raise ValueError(f"state must be one of {', '.join(_STATES)}")


_troubles: list[Trouble] = []

Name = tuple[str, str, frozenset[tuple[str, str]]]
Point = tuple[datetime, float]


def _name(datum: MetricDatumBase) -> Name:
    return datum.namespace, datum.name, frozenset((one.name, one.value) for one in datum.dimensions)


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _token(request: dict, size: int) -> str:
    same = {name: value for name, value in request.items() if name != "NextToken"}
    return f"{hashlib.sha256(json.dumps(same, default=str, sort_keys=True).encode()).hexdigest()}:{size}"


def _start(request: dict, refusal: str) -> int:
    """Where the page begins that a request asks for. A token is good for the request only that it was given to."""
    token = request.get("NextToken")
    if not token:
        return 0
    start = token.rpartition(":")[2]
    if not start.isdigit() or _token(request, int(start)) != token:
        raise CloudWatchException(refusal, "Request parameter NextToken is invalid")
    return int(start)


def list_metrics(self: CloudWatchResponse) -> ActionResult:
    request = self._get_params()
    filters = request.get("Dimensions") or []
    since = _now() - (_ACTIVE_FOR if request.get("RecentlyActive") else _LISTED_FOR)
    found: dict[Name, MetricDatumBase] = {}
    for datum in self.cloudwatch_backend.get_all_metrics():
        own = {one.name: one.value for one in datum.dimensions}
        if (_naive(datum.timestamp) >= since and request.get("Namespace") in (None, datum.namespace)
                and request.get("MetricName") in (None, datum.name)
                and all(one["Name"] in own and one.get("Value") in (None, own[one["Name"]]) for one in filters)):
            found.setdefault(_name(datum), datum)
    metrics = [found[name] for name in sorted(found, key=lambda name: (*name[:2], sorted(name[2])))]
    begin = _start(request, "InvalidParameterValue")
    end = begin + _LISTED
    more = {"NextToken": _token(request, end)} if end < len(metrics) else {}
    return ActionResult({"Metrics": metrics[begin:end], **more})


def _naive(at: datetime) -> datetime:
    """moto keeps some times with UTC and some without."""
    return at.astimezone(timezone.utc).replace(tzinfo=None) if at.tzinfo else at


def _rounded(at: datetime) -> datetime:
    seconds = next(seconds for age, seconds in _ROUNDED if _now() - at <= age)
    return at - (at - datetime.min) % timedelta(seconds=seconds)


def _by_name(data: list[MetricDatumBase]) -> dict[Name, list[MetricDatumBase]]:
    named: dict[Name, list[MetricDatumBase]] = {}
    for datum in data:
        named.setdefault(_name(datum), []).append(datum)
    return named


def _points(query: dict, data: dict[Name, list[MetricDatumBase]], begin: datetime, end: datetime) -> Iterator[Point]:
    """The value of each period that has one, oldest first. Periods follow one another from the start."""
    asked = query["MetricStat"]
    metric, length, unit = asked["Metric"], timedelta(seconds=int(asked["Period"])), asked.get("Unit")
    wanted = (metric.get("Namespace"), metric.get("MetricName"),
              frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions") or []))
    periods: dict[datetime, list[MetricDatumBase]] = {}
    for datum in data.get(wanted, []):
        at = _naive(datum.timestamp)
        if begin <= at < end and unit in (None, datum.unit):
            periods.setdefault(begin + (at - begin) // length * length, []).append(datum)
    for at, some in sorted(periods.items()):
        statistics = Statistics([asked["Stat"]], at)
        statistics.metric_data = some
        yield at, statistics.get_statistics_for_type(asked["Stat"])


def _check(queries: list[dict], begin: datetime, end: datetime) -> None:
    if not 1 <= len(queries) <= _MOST_QUERIES:
        raise ValidationError(f"The collection MetricDataQueries must have a size between 1 and {_MOST_QUERIES}.")
    if len({query.get("Id") for query in queries}) < len(queries):
        raise ValidationError("The values for parameter id in MetricDataQueries are not unique.")
    if begin >= end:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    for query in queries:
        asked = query.get("MetricStat")
        if asked is None:
            raise ValidationError("A query without MetricStat is not played.")
        if asked.get("Stat") not in _STATISTICS:
            raise ValidationError(f"Stat {asked.get('Stat')} is not played; {', '.join(_STATISTICS)} are.")
        if (period := int(asked.get("Period") or 0)) not in (1, 5, 10, 20, 30) and (period < 60 or period % 60):
            raise ValidationError("Period must be 1, 5, 10, 20, 30 or a multiple of 60.")


def _result(query: dict, points: list[Point], state: str, messages: Iterable[dict] = ()) -> dict:
    label = query.get("Label") or query["MetricStat"]["Metric"]["MetricName"]
    return {"Id": query["Id"], "Label": label, "Timestamps": [at for at, _ in points],
            "Values": [value for _, value in points], "StatusCode": state, "Messages": list(messages)}


def _page(request: dict, series: list[tuple[dict, list[Point]]]) -> dict:
    """The results that have values on the page, partial data if they go on; on the first also those without any."""
    begin, place, results = _start(request, "InvalidNextToken"), 0, []
    end = begin + int(request.get("MaxDatapoints") or _MOST_POINTS)
    for query, points in series:
        some = points[max(0, begin - place):max(0, end - place)]
        place += len(points)
        if some or not (points or begin):
            results.append(_result(query, some, "PartialData" if points and place > end else "Complete"))
    return {"MetricDataResults": results, **({"NextToken": _token(request, end)} if end < place else {})}


def get_metric_data(self: CloudWatchResponse) -> ActionResult:
    request = self._get_params()
    queries = request.get("MetricDataQueries") or []
    begin, end = (_naive(request[name]) for name in ("StartTime", "EndTime"))
    _check(queries, begin, end)
    shown = [query for query in queries if query.get("ReturnData", True)]
    trouble = next((one for one in _troubles if one.times > 0 and one.account in (None, self.current_account)
                    and one.region in (None, self.region)), None)
    if trouble:
        trouble.times -= 1
        return ActionResult({"MetricDataResults": [_result(query, [], trouble.state, trouble.messages)
                                                   for query in shown]})
    data = _by_name(self.cloudwatch_backend.get_all_metrics())
    order = 1 if request.get("ScanBy") == "TimestampAscending" else -1
    series = [(query, list(_points(query, data, _rounded(begin), end))[::order]) for query in shown]
    return ActionResult(_page(request, series))


def remember(request: dict) -> dict:
    """`POST /_local/metrics`: values that services wrote in an account and Region, as the MetricData of PutMetricData
    with ISO 8601 times."""
    try:
        backend = cloudwatch_backends[request["account"]][request["region"]]
        data = [one | ({"Timestamp": _naive(datetime.fromisoformat(one["Timestamp"]))} if "Timestamp" in one else {})
                for one in request["data"]]
        if any(not isinstance(one.get("MetricName"), str) for one in data):
            raise ValueError("a value has a MetricName")
        backend.put_metric_data(request["namespace"], data)
    except KeyError as error:
        raise ValueError(f"{error} is missing") from error
    except CloudWatchException as error:
        raise ValueError(error.message) from error
    return {"remembered": len(data)}


def forget() -> dict:
    """`DELETE /_local/metrics`: all that was written, everywhere, and troubles."""
    for regions in cloudwatch_backends.values():
        for backend in regions.values():
            backend.metric_data.clear()
    _troubles.clear()
    return {}


def plan_trouble(request: dict) -> dict:
    """`POST /_local/metrics/troubles`: one Trouble."""
    _troubles.append(Trouble(**request))
    return {"planned": sum(one.times > 0 for one in _troubles)}


def install() -> None:
    CloudWatchResponse.list_metrics = list_metrics
    CloudWatchResponse.get_metric_data = get_metric_data
