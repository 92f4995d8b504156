"""What every twin needs, as the shared Rust crates have it: clients, faults by class, metrics."""

import functools
import json
import os
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

SERVICE = os.environ["POWERTOOLS_SERVICE_NAME"]
CONFIG = Config(
    connect_timeout=3,
    read_timeout=8,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent_appid=SERVICE,
)
CREATE_ONCE = Config(retries={"total_max_attempts": 1})
RESUMES = "Send the same request again; it resumes where it stopped."

THROTTLED = {
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "SlowDown",
    "LimitExceededException",
    "EC2ThrottledException",
}
RETRYABLE = {
    "ConcurrentModificationException",
    "PolicyChangesInProgressException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "ServiceException",
}
NOT_READY = {"FinalizingOrganizationException", "SubscriptionRequiredException", "OptInRequired"}
DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "AccessDeniedForDependencyException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "AuthFailure",
}


class Fault(Exception):
    """An error with its class; Lambda reports the name of the type."""


def fault(error_type, reason, advice=RESUMES):
    """An error of the type that the state machine matches, such as `Conflict.NameTaken`."""
    return type(error_type, (Fault,), {})(f"{reason}\n{advice}")


def code(error):
    return error.response["Error"]["Code"]


def class_of(error):
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if code(error) in THROTTLED or status == 429:
        return "Throttled"
    if code(error) in NOT_READY:
        return "NotReady"
    if code(error) in RETRYABLE or status >= 500:
        return "Retryable"
    return "Denied" if code(error) in DENIED else "Invalid"


def aws_fault(error):
    kind = class_of(error)
    reason = f"{error.operation_name} failed: {code(error)}: {error.response['Error'].get('Message')}"
    return fault(f"{kind}.{code(error)}" if kind in ("Denied", "Invalid") else kind, reason)


def client(service, session=boto3, config=CONFIG, region=None, **keys):
    return session.client(service, config=config, region_name=region, **keys)


def governed_regions():
    """The Region of the suite and those that are configured beside it."""
    configured = [name.strip() for name in os.environ.get("GOVERNED_REGIONS", "").split(",") if name.strip()]
    return list(dict.fromkeys([os.environ["AWS_REGION"], *configured]))


def listed(service, operation, field, **arguments):
    """Everything that a paged operation lists in `field`."""
    for page in service.get_paginator(operation).paginate(**arguments):
        yield from page[field]


def member_session(sts, account_id, partition, role, session_name):
    """A session in a member account, with the shortest life AWS gives."""
    keys = sts.assume_role(
        RoleArn=f"arn:{partition}:iam::{account_id}:role/{role}",
        RoleSessionName=session_name,
        DurationSeconds=900,
    )["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def emit(metrics, dimensions=None, properties=None):
    """Writes metrics in the CloudWatch embedded format; `metrics` are (name, unit, value)."""
    dimensions = dimensions or {}
    definitions = [{"Name": name, "Unit": unit} for name, unit, _ in metrics]
    line = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": os.environ["POWERTOOLS_METRICS_NAMESPACE"],
                    "Dimensions": [["service", *dimensions]],
                    "Metrics": definitions,
                }
            ],
        },
        "service": SERVICE,
        **dimensions,
        **(properties or {}),
        **{name: value for name, _, value in metrics},
    }
    print(json.dumps(line))


def back_off(check, first, longest):
    """Waits `first` seconds at check 0, half as long again at each further one."""
    seconds = first
    for _ in range(check):
        seconds += -(-seconds // 2)
        if seconds >= longest:
            break
    return {"done": False, "waitSeconds": min(seconds, longest)}


def serves(handle):
    """The life of an invocation: cold start counted, AWS errors reported by class."""
    cold = True

    @functools.wraps(handle)
    def handler(event, context):
        nonlocal cold
        if cold:
            emit([("ColdStart", "Count", 1)], {"function_name": context.function_name})
            cold = False
        try:
            return handle(event)
        except ClientError as error:
            raise aws_fault(error) from error
        except BotoCoreError as error:
            raise fault("Retryable", f"no answer: {error}") from error

    return handler
