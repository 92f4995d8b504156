"""Bedrock: what runs and costs beside single calls.

moto has no batch inference jobs, no provisioned throughput and no inference profiles of accounts. A customization job
takes two minutes to stop, is found by its name and by its ARN, and has times in ISO 8601.
"""

import json
from collections.abc import Callable
from datetime import datetime, timezone

from moto.bedrock import models as bedrock
from moto.bedrock.exceptions import BedrockClientError, ValidationException
from moto.bedrock.exceptions import ResourceNotFoundException as NoJob
from moto.bedrock.responses import BedrockResponse
from moto.moto_api._internal import mock_random

from .due import later, settled

# Seconds on AWS.
_GRACE = 120

_make_bedrock_as_moto = bedrock.BedrockBackend.__init__
_arns_as_moto = bedrock.BedrockBackend._list_arns
_make_customization_as_moto = bedrock.ModelCustomizationJob.__init__
_get_customization_as_moto = bedrock.BedrockBackend.get_model_customization_job


def _make_bedrock(self: bedrock.BedrockBackend, *arguments, **named) -> None:
    _make_bedrock_as_moto(self, *arguments, **named)
    self.batches, self.throughputs, self.profiles = {}, {}, {}


def _arns(self: bedrock.BedrockBackend) -> list[str]:
    return [*_arns_as_moto(self), *self.batches, *self.throughputs, *self.profiles]


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _make_customization(self: bedrock.ModelCustomizationJob, *arguments, **named) -> None:
    _make_customization_as_moto(self, *arguments, **named)
    self.creation_time = self.last_modified_time = _now()
    self.end_time = self.failure_message = None


def _get_customization(self: bedrock.BedrockBackend, job_identifier: str) -> bedrock.ModelCustomizationJob:
    return _get_customization_as_moto(self, job_identifier.rpartition("/")[2])


def _conflict(message: str) -> BedrockClientError:
    return BedrockClientError("ConflictException", message)


def _stop_customization(self: bedrock.BedrockBackend, job_identifier: str) -> None:
    job = self.get_model_customization_job(job_identifier)
    if job.status not in ("InProgress", "Stopping"):
        raise _conflict(f"The job is {job.status}.")
    if job.status == "InProgress":
        job.status = "Stopping"
        later(_GRACE, lambda: setattr(job, "status", "Stopped"))


def _create(kept: str, kind: str, first: Callable[[dict], dict], arn: str, status: str) -> Callable:
    def create(self: BedrockResponse) -> str:
        asked, backend = json.loads(self.body), self.bedrock_backend
        own = f"arn:{self.partition}:bedrock:{self.region}:{self.current_account}:{kind}/" \
            f"{mock_random.get_random_string(12, lower_case=True)}"
        tags = asked.pop("tags", None)
        asked.pop("clientRequestToken", None)
        getattr(backend, kept)[own] = asked | first(asked) | {arn: own, "status": status, "lastModifiedTime": _now()}
        if tags:
            backend.tag_resource(own, tags)
        return json.dumps({arn: own})

    return create


def _foundation(asked: dict) -> dict:
    model = asked.pop("modelId")
    name = f"arn:aws:bedrock:::foundation-model/{model}"
    return {"modelArn": name, "desiredModelArn": name, "foundationModelArn": name,
            "desiredModelUnits": asked["modelUnits"], "creationTime": _now()}


def _copied(asked: dict) -> dict:
    return {"models": [{"modelArn": asked.pop("modelSource")["copyFrom"]}], "type": "APPLICATION", "createdAt": _now()}


def _list(kept: str, member: str) -> Callable:
    def listed(self: BedrockResponse) -> str:
        status = self._get_param("statusEquals")
        found = [one for one in getattr(self.bedrock_backend, kept).values() if status in (None, one["status"])]
        token = self._get_param("nextToken") or "0"
        if not token.isdigit() or int(token) > len(found):
            raise ValidationException("The token is not valid.")
        end = int(token) + int(self._get_param("maxResults", 100))
        shown = {member: found[int(token):end]}
        return json.dumps(shown | {"nextToken": str(end)} if end < len(found) else shown)

    return listed


def _profiles(self: BedrockResponse) -> str:
    """Those of the account; those of AWS are not here."""
    if self._get_param("type") != "APPLICATION":
        raise ValidationException("Only profiles of the type APPLICATION are listed here.")
    listed = json.loads(_list("profiles", "inferenceProfileSummaries")(self))
    for profile in listed["inferenceProfileSummaries"]:
        profile["inferenceProfileId"] = profile["inferenceProfileArn"].rpartition("/")[2]
    return json.dumps(listed)


def _batch(self: BedrockResponse) -> dict:
    wanted = self._get_param("jobIdentifier").rpartition("/")[2]
    for own, job in self.bedrock_backend.batches.items():
        if own.endswith(f"/{wanted}"):
            return job
    raise NoJob(f"The batch inference job {wanted} was not found.")


def _stop_batch(self: BedrockResponse) -> str:
    job = _batch(self)
    if job["status"] in ("Completed", "Failed", "Stopped", "Expired", "PartiallyCompleted"):
        raise _conflict(f"The job is {job['status']}.")
    if job["status"] != "Stopping":
        job["status"] = "Stopping"
        later(_GRACE, lambda: job.update(status="Stopped", endTime=_now()))
    return "{}"


def install() -> None:
    bedrock.BedrockBackend.__init__ = _make_bedrock
    bedrock.BedrockBackend._list_arns = _arns
    bedrock.ModelCustomizationJob.__init__ = _make_customization
    bedrock.BedrockBackend.get_model_customization_job = _get_customization
    bedrock.BedrockBackend.stop_model_customization_job = _stop_customization
    BedrockResponse.bedrock_backend = settled(bedrock.bedrock_backends)
    submitted = lambda _: {"submitTime": _now()}  # noqa: E731
    calls = {
        "get_model_customization_job": lambda self: json.dumps(
            self.bedrock_backend.get_model_customization_job(self._get_param("jobIdentifier")).to_dict()),
        "stop_model_customization_job": lambda self: json.dumps(
            self.bedrock_backend.stop_model_customization_job(self._get_param("jobIdentifier")) or {}),
        "create_model_invocation_job": _create("batches", "model-invocation-job", submitted, "jobArn", "Submitted"),
        "get_model_invocation_job": lambda self: json.dumps(_batch(self)),
        "list_model_invocation_jobs": _list("batches", "invocationJobSummaries"),
        "stop_model_invocation_job": _stop_batch,
        "create_provisioned_model_throughput":
            _create("throughputs", "provisioned-model", _foundation, "provisionedModelArn", "InService"),
        "list_provisioned_model_throughputs": _list("throughputs", "provisionedModelSummaries"),
        "create_inference_profile":
            _create("profiles", "application-inference-profile", _copied, "inferenceProfileArn", "ACTIVE"),
        "list_inference_profiles": _profiles,
    }
    for name, call in calls.items():
        setattr(BedrockResponse, name, call)
