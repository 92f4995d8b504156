"""What CloudWatch measured in an account and Region, as the Rust crate `aws` reads it."""

import boto3

from suite import fault

MOST_QUERIES = 500


def cloudwatch(member):
    """A client that speaks the query protocol as the Rust one does, for the bench plays one answer to both: by itself
    boto3 would speak CBOR."""
    loader = boto3._get_default_session()._session.get_component("data_loader")
    loader.load_service_model("cloudwatch", "service-2")["metadata"]["protocols"] = ["query"]
    return member.client("cloudwatch")


def metrics(client, namespace):
    """The metrics of a namespace that got data in the last two weeks, as (name, dimensions)."""
    pages = client.get_paginator("list_metrics").paginate(Namespace=namespace)
    listed = (metric for page in pages for metric in page.get("Metrics", []))
    return [(one["MetricName"], {each["Name"]: each["Value"] for each in one.get("Dimensions", [])}) for one in listed]


def sums(client, wanted, start, end, seconds):
    """What each of (namespace, name, dimensions) came to in each period, by its beginning."""
    points = [{} for _ in wanted]
    for first in range(0, len(wanted), MOST_QUERIES):
        some, open_ones = wanted[first : first + MOST_QUERIES], set()
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[query(at, *metric, seconds) for at, metric in enumerate(some)],
            StartTime=start.replace(microsecond=0),
            EndTime=end.replace(microsecond=0),
        )
        for result in (result for page in pages for result in page["MetricDataResults"]):
            status = result.get("StatusCode")
            if status in ("InternalError", "Forbidden"):
                raise unfinished(status, result["Id"])
            (open_ones.add if status == "PartialData" else open_ones.discard)(result["Id"])
            at = first + int(result["Id"].removeprefix("m"))
            points[at] |= zip(result.get("Timestamps", []), result.get("Values", []))
        if open_ones:
            raise unfinished("PartialData", min(open_ones))
    return points


def query(at, namespace, name, dimensions, seconds):
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
    return {"Id": f"m{at}", "MetricStat": {"Metric": metric, "Period": seconds, "Stat": "Sum"}}


def unfinished(status, query_id):
    """CloudWatch answered, and not all of it: what is missing is not zero."""
    reason = f"cloudwatch:GetMetricData failed: {status}: {query_id} is not whole"
    return fault("Retryable" if status == "InternalError" else f"Invalid.{status}", reason)
