"""SageMaker: what runs and costs by the hour, and how it stops and starts.

| of | what AWS does and moto 5.2.5 lacks |
|---|---|
| jobs | run until somebody stops them, which takes two minutes: StopTrainingJob, StopTransformJob and so on |
| executions of pipelines | run and stop like jobs: StopPipelineExecution; ListPipelineExecutions has pages |
| Studio apps | all of them; one takes a minute to start and to go, and is shown for a day after that |
| endpoints | names are unique; one takes a minute to go, and its scaling goes with it; no inference components |
| tags | AddTags overwrites |
| notebooks | the time of the last change |
"""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound, ValidationError
from moto.sagemaker.models import FakeSagemakerNotebookInstance, SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemaker.utils import arn_formatter, get_pipeline_from_name

from .capacity import forget_endpoint
from .due import later, settled

# Seconds on AWS. A job gets two minutes to end by itself
# (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html).
_GRACE, _MINUTE, _DAY = 120, 60, 86_400

# Where moto keeps jobs, and what they are called.
_JOBS = {
    "training_job": ("training_jobs", "TrainingJobName", "training_end_time"),
    "processing_job": ("processing_jobs", "ProcessingJobName", "processing_end_time"),
    "transform_job": ("transform_jobs", "TransformJobName", "transform_end_time"),
    "hyper_parameter_tuning_job":
        ("hyper_parameter_tuning_jobs", "HyperParameterTuningJobName", "hyper_parameter_tuning_end_time"),
    "auto_ml_job": ("auto_ml_jobs", "AutoMLJobName", "end_time"),
}

def _now() -> datetime:
    return datetime.now(timezone.utc)


def _page(listed: list, most, token) -> tuple[list, str | None]:
    if not str(token or "0").isdigit() or int(token or 0) > len(listed):
        raise ValidationError("Invalid pagination token.")
    start, end = int(token or 0), int(token or 0) + int(most)
    return listed[start:end], str(end) if end < len(listed) else None


# --- Jobs of SageMaker -----------------------------------------------------------------------------------------------


def _begin(create: Callable, job: str) -> Callable:
    kept, member, end = _JOBS[job]

    def begin(self: SageMakerResponse):
        answer = create(self)
        made = getattr(self.sagemaker_backend, kept)[self._get_param(member)]
        setattr(made, f"{job}_status", "InProgress")
        setattr(made, end, None)
        if job == "training_job":
            made.secondary_status = "Training"
        if job == "processing_job":
            made.processing_resources = self._get_param("ProcessingResources")
        return answer

    return begin


def _end(job, kind: str, end: str) -> None:
    setattr(job, f"{kind}_status", "Stopped")
    setattr(job, end, _now())


def _stop(kind: str) -> Callable:
    kept, member, end = _JOBS[kind]

    def stop(self: SageMakerResponse) -> EmptyResult:
        job = getattr(self.sagemaker_backend, kept).get(self._get_param(member))
        if job is None:
            raise ResourceNotFound("Requested resource not found.")
        status = getattr(job, f"{kind}_status")
        if status not in ("InProgress", "Stopping"):
            words = kind.replace("_", " ")
            raise ValidationError(f"The request was rejected because the {words} is in status {status}.")
        if status == "InProgress":
            setattr(job, f"{kind}_status", "Stopping")
            later(_GRACE, lambda: _end(job, kind, end))
        return EmptyResult()

    return stop


def _start_execution(self: SageMakerResponse) -> ActionResult:
    answer = _start_execution_as_moto(self)
    _execution(self, answer.result["PipelineExecutionArn"]).pipeline_execution_status = "Executing"
    return answer


def _execution(self: SageMakerResponse, arn: str):
    found = [one.pipeline_executions[arn] for one in self.sagemaker_backend.pipelines.values()
             if arn in one.pipeline_executions]
    if not found:
        raise ResourceNotFound(f"Pipeline execution with ARN {arn} does not exist.")
    return found[0]


def _describe_execution(self: SageMakerResponse) -> ActionResult:
    _execution(self, self._get_param("PipelineExecutionArn"))
    return _describe_execution_as_moto(self)


def _list_executions(self: SageMakerResponse) -> ActionResult:
    pipeline = get_pipeline_from_name(self.sagemaker_backend.pipelines, self._get_param("PipelineName"))
    listed = [{"PipelineExecutionArn": one.arn, "StartTime": one.start_time,
               "PipelineExecutionStatus": one.pipeline_execution_status}
              for one in reversed(pipeline.pipeline_executions.values())]
    shown, token = _page(listed, self._get_param("MaxResults", 10), self._get_param("NextToken"))
    return ActionResult({"PipelineExecutionSummaries": shown, "NextToken": token})


def _stop_execution(self: SageMakerResponse) -> ActionResult:
    if not 32 <= len(self._get_param("ClientRequestToken") or "") <= 128:
        raise ValidationError("ClientRequestToken has 32 to 128 characters.")
    execution = _execution(self, self._get_param("PipelineExecutionArn"))
    status = execution.pipeline_execution_status
    if status not in ("Executing", "Stopping"):
        raise ValidationError(f"Only executions that run can be stopped; this one is {status}.")
    if status == "Executing":
        execution.pipeline_execution_status = "Stopping"
        later(_GRACE, lambda: setattr(execution, "pipeline_execution_status", "Stopped"))
    return ActionResult({"PipelineExecutionArn": execution.arn})


# --- Studio apps -----------------------------------------------------------------------------------------------------


class _App:
    def __init__(self, arn: str, shown: dict, tags: list[dict]) -> None:
        self.arn, self.shown, self.tags = arn, shown, tags


def _apps(backend: SageMakerModelBackend) -> dict[tuple, _App]:
    return backend.__dict__.setdefault("apps", {})


def _key(self: SageMakerResponse) -> tuple:
    user, space = self._get_param("UserProfileName"), self._get_param("SpaceName")
    if bool(user) == bool(space):
        raise ValidationError("Exactly one of UserProfileName and SpaceName has to be given.")
    domain = self._get_param("DomainId")
    if domain not in {one.id for one in self.sagemaker_backend.domains.values()}:
        raise ResourceNotFound(f"Domain [{domain}] does not exist.")
    return domain, user, space, self._get_param("AppType"), self._get_param("AppName")


def _app(self: SageMakerResponse) -> _App:
    found = _apps(self.sagemaker_backend).get(_key(self))
    if found is None:
        raise ResourceNotFound(f"App {self._get_param('AppName')} does not exist.")
    return found


def _create_app(self: SageMakerResponse) -> ActionResult:
    apps, key = _apps(self.sagemaker_backend), _key(self)
    if key in apps and apps[key].shown["Status"] not in ("Deleted", "Failed"):
        raise ResourceInUseException(f"App {key[-1]} already exists.")
    domain, user, space, kind, name = key
    arn = arn_formatter("app", f"{domain}/{user or space}/{kind.lower()}/{name}", self.current_account, self.region)
    given = {member: self._get_param(member) for member in (
        "DomainId", "UserProfileName", "SpaceName", "AppType", "AppName", "ResourceSpec", "RecoveryMode")}
    shown = {member: value for member, value in given.items() if value is not None}
    app = _App(arn, shown | {"AppArn": arn, "Status": "Pending", "CreationTime": _now()},
               list(self._get_param("Tags") or []))
    apps[key] = app
    later(_MINUTE, lambda: app.shown["Status"] == "Pending" and app.shown.update(Status="InService"))
    return ActionResult({"AppArn": arn})


def _delete_app(self: SageMakerResponse) -> EmptyResult:
    apps, app, key = _apps(self.sagemaker_backend), _app(self), _key(self)
    if app.shown["Status"] == "Deleted":
        raise ResourceNotFound(f"App {key[-1]} does not exist.")
    app.shown["Status"] = "Deleting"
    later(_MINUTE, lambda: app.shown.update(Status="Deleted"))
    later(_DAY, lambda: apps.get(key) is app and apps.pop(key))
    return EmptyResult()


def _list_apps(self: SageMakerResponse) -> ActionResult:
    members = ("DomainId", "UserProfileName", "SpaceName", "AppType", "AppName", "Status", "CreationTime",
               "ResourceSpec")
    wanted = {name: self._get_param(f"{name}Equals") for name in members[:3]}
    listed = [{name: one.shown[name] for name in members if name in one.shown}
              for one in _apps(self.sagemaker_backend).values()
              if all(value in (None, one.shown.get(name)) for name, value in wanted.items())]
    shown, token = _page(listed, self._get_param("MaxResults", 10), self._get_param("NextToken"))
    return ActionResult({"Apps": shown, "NextToken": token})


# --- Endpoints, notebooks, tags --------------------------------------------------------------------------------------


def _create_endpoint(self: SageMakerResponse) -> ActionResult:
    if found := self.sagemaker_backend.endpoints.get(self._get_param("EndpointName")):
        raise ValidationError(f'Cannot create already existing endpoint "{found.arn}".')
    return _create_endpoint_as_moto(self)


def _delete_endpoint(self: SageMakerResponse) -> EmptyResult:
    backend, name = self.sagemaker_backend, self._get_param("EndpointName")
    backend.describe_endpoint(name)
    endpoint = backend.endpoints[name]
    if endpoint.endpoint_status == "Deleting":
        raise ValidationError(f'Cannot update in-progress endpoint "{endpoint.arn}".')
    endpoint.endpoint_status = "Deleting"
    forget_endpoint(self.current_account, self.region, name)
    later(_MINUTE, lambda: backend.endpoints.pop(name, None))
    return EmptyResult()


def age(request: dict) -> dict:
    """`POST /_local/workloads`: an endpoint was made that many days earlier than it was."""
    try:
        endpoints = sagemaker_backends[request["account"]][request["region"]].endpoints
        endpoint = endpoints[request["endpoint"]]
        endpoint.creation_time -= timedelta(days=request["days"])
    except KeyError as error:
        raise ValueError(f"{error} is missing") from error
    return {"CreationTime": endpoint.creation_time.isoformat()}


def _changed(change: Callable) -> Callable:
    def changed(self: FakeSagemakerNotebookInstance) -> None:
        change(self)
        self.last_modified_time = _now()

    return changed


def _resource(self: SageMakerModelBackend, arn: str):
    apps = [app for app in _apps(self).values() if app.arn == arn]
    found = apps[0] if apps else _resource_as_before(self, arn)
    if found is None:
        raise ValidationError(f"Could not find {arn}.")
    found.tags = found.tags or []
    return found


def _add_tags(self: SageMakerModelBackend, arn: str, tags: list[dict[str, str]]) -> list[dict[str, str]]:
    resource = self._get_resource_from_arn(arn)
    resource.tags = list({tag["Key"]: tag for tag in [*resource.tags, *tags]}.values())
    return resource.tags


def install() -> None:
    """After `ai_controls`, whose resources have tags too."""
    global _start_execution_as_moto, _describe_execution_as_moto, _create_endpoint_as_moto, _resource_as_before
    _start_execution_as_moto = SageMakerResponse.start_pipeline_execution
    _describe_execution_as_moto = SageMakerResponse.describe_pipeline_execution
    _create_endpoint_as_moto = SageMakerResponse.create_endpoint
    _resource_as_before = SageMakerModelBackend._get_resource_from_arn
    for job in _JOBS:
        create = f"create_{job}" + ("_v2" if job == "auto_ml_job" else "")
        setattr(SageMakerResponse, create, _begin(getattr(SageMakerResponse, create), job))
        setattr(SageMakerResponse, f"stop_{job}", _stop(job))
    calls = {
        "start_pipeline_execution": _start_execution,
        "describe_pipeline_execution": _describe_execution,
        "list_pipeline_executions": _list_executions,
        "stop_pipeline_execution": _stop_execution,
        "create_app": _create_app,
        "describe_app": lambda self: ActionResult(_app(self).shown),
        "delete_app": _delete_app,
        "list_apps": _list_apps,
        "create_endpoint": _create_endpoint,
        "delete_endpoint": _delete_endpoint,
        "list_inference_components": lambda _: ActionResult({"InferenceComponents": []}),
    }
    for name, call in calls.items():
        setattr(SageMakerResponse, name, call)
    SageMakerResponse.sagemaker_backend = settled(sagemaker_backends)
    SageMakerModelBackend._get_resource_from_arn = _resource
    SageMakerModelBackend.add_tags = _add_tags
    for name in ("start", "stop"):
        setattr(FakeSagemakerNotebookInstance, name, _changed(getattr(FakeSagemakerNotebookInstance, name)))
