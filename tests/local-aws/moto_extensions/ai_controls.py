"""What controls of SageMaker, Bedrock and AgentCore look at.

| of | what AWS does and moto 5.2.5 lacks |
|---|---|
| notebooks | UpdateNotebookInstance, for one that is stopped; the platform; root access is enabled by default |
| models | EnableNetworkIsolation; Search finds models, each with the endpoints that serve it |
| endpoints | UpdateEndpoint, which may retain the instances and weights of the variants |
| definitions of monitoring jobs | DescribeModelExplainabilityJobDefinition shows the stopping condition |
| app image configurations, images, monitoring schedules, inference experiments | all of them |
| data sources of knowledge bases | all of them; what an update leaves out is gone |
| AgentCore: browsers, code interpreters | all of them |
| AgentCore: gateways, runtimes | what an update leaves out is gone; an update comes to an end |

What takes time on AWS is done at once.
"""

import json
from datetime import datetime, timezone

from moto.bedrockagent.exceptions import ResourceNotFoundException as NoSource
from moto.bedrockagent.models import AgentsforBedrockBackend
from moto.bedrockagent.responses import AgentsforBedrockResponse
from moto.bedrockagentcorecontrol.exceptions import ConflictException as NameTaken
from moto.bedrockagentcorecontrol.exceptions import ResourceNotFoundException as NoTool
from moto.bedrockagentcorecontrol.models import AgentRuntime, BedrockAgentCoreControlBackend, Gateway
from moto.bedrockagentcorecontrol.responses import BedrockAgentCoreControlResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import camelcase_to_underscores
from moto.moto_api._internal import mock_random
from moto.sagemaker.exceptions import ConflictException, ResourceInUseException, ResourceNotFound, ValidationError
from moto.sagemaker.models import (
    FakeSagemakerNotebookInstance,
    ModelExplainabilityJobDefinition,
    SageMakerModelBackend,
)
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemaker.utils import arn_formatter

_make_backend_as_moto = SageMakerModelBackend.__init__
_resource_as_moto = SageMakerModelBackend._get_resource_from_arn
_search_as_moto = SageMakerModelBackend.search
_create_notebook_as_moto = SageMakerResponse.create_notebook_instance
_show_notebook_as_moto = FakeSagemakerNotebookInstance.to_dict
_create_model_as_moto = SageMakerResponse.create_model
_show_explainability_as_moto = ModelExplainabilityJobDefinition.describe
_make_knowledge_as_moto = AgentsforBedrockBackend.__init__
_make_agentcore_as_moto = BedrockAgentCoreControlBackend.__init__

# What moto does not have: the kind in its ARN, and the member that names it.
_KINDS = {"AppImageConfig": ("app-image-config", "AppImageConfigName"), "Image": ("image", "ImageName"),
          "MonitoringSchedule": ("monitoring-schedule", "MonitoringScheduleName"),
          "InferenceExperiment": ("inference-experiment", "Name")}


class _Kept:
    """One of them: what is shown of it, and its tags."""

    def __init__(self, arn: str, shown: dict, tags: list[dict]) -> None:
        self.arn, self.shown, self.tags = arn, shown, tags


def _make_backend(self: SageMakerModelBackend, *arguments, **named) -> None:
    _make_backend_as_moto(self, *arguments, **named)
    self.kept = {kind: {} for kind, _ in _KINDS.values()}


def _resource(self: SageMakerModelBackend, arn: str):
    kind, _, name = arn.split(":")[-1].partition("/")
    return self.kept[kind].get(name) if kind in self.kept else _resource_as_moto(self, arn)


def _find(self: SageMakerResponse, what: str) -> _Kept:
    kind, member = _KINDS[what]
    name = self._get_param(member)
    if name not in self.sagemaker_backend.kept[kind]:
        raise ResourceNotFound(f"{what} {name} does not exist.")
    return self.sagemaker_backend.kept[kind][name]


def _create(what: str, first) -> object:
    """`first` is what is shown beside what was given."""
    kind, member = _KINDS[what]

    def create(self: SageMakerResponse) -> ActionResult:
        shown = dict(self._get_params())
        tags, name, now = list(shown.pop("Tags", None) or []), shown[member], datetime.now(timezone.utc)
        known = self.sagemaker_backend.kept[kind]
        if name in known:
            raise ResourceInUseException(f"{what} {name} already exists.")
        arn = arn_formatter(kind, name, self.current_account, self.region)
        shown |= {f"{what}Arn": arn, "Arn": arn, "CreationTime": now, "LastModifiedTime": now, **first(shown, now)}
        known[name] = _Kept(arn, shown, tags)
        return ActionResult({f"{what}Arn": arn})

    return create


def _describe(what: str) -> object:
    return lambda self: ActionResult(_find(self, what).shown)


def _set(what: str, **members) -> object:
    """Sets these members, and what is given; an experiment changes while it is created or runs."""

    def update(self: SageMakerResponse) -> ActionResult:
        kept = _find(self, what)
        if kept.shown.get("Status", "Created") not in ("Created", "Running"):
            raise ConflictException(f"The experiment is {kept.shown['Status']}.")
        kept.shown |= self._get_params() | members | {"LastModifiedTime": datetime.now(timezone.utc)}
        return ActionResult({f"{what}Arn": kept.arn})

    return update


def _delete_schedule(self: SageMakerResponse) -> EmptyResult:
    name = _find(self, "MonitoringSchedule").shown["MonitoringScheduleName"]
    del self.sagemaker_backend.kept["monitoring-schedule"][name]
    return EmptyResult()


def _first_of_schedule(shown: dict, _) -> dict:
    return {"MonitoringScheduleStatus": "Scheduled",
            "MonitoringType": shown["MonitoringScheduleConfig"].get("MonitoringType")}


def _first_of_experiment(shown: dict, now: datetime) -> dict:
    """One that begins later is created; any other runs."""
    start = (shown.get("Schedule") or {}).get("StartTime")
    endpoint = {"EndpointName": shown["EndpointName"], "EndpointStatus": "InService"}
    return {"Status": "Created" if start and start.timestamp() > now.timestamp() else "Running",
            "EndpointMetadata": endpoint,
            "ModelVariants": [{**one, "Status": "InService"} for one in shown["ModelVariants"]]}


def _list_schedules(self: SageMakerResponse) -> ActionResult:
    definition = self._get_param("MonitoringJobDefinitionName")
    shown = [{**one.shown, "MonitoringJobDefinitionName":
              one.shown["MonitoringScheduleConfig"].get("MonitoringJobDefinitionName")}
             for one in self.sagemaker_backend.kept["monitoring-schedule"].values()]
    return ActionResult({"MonitoringScheduleSummaries":
                         [one for one in shown if definition in (None, one["MonitoringJobDefinitionName"])]})


def _create_notebook(self: SageMakerResponse) -> ActionResult:
    answer = _create_notebook_as_moto(self)
    notebook = self.sagemaker_backend.get_notebook_instance(self._get_param("NotebookInstanceName"))
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateNotebookInstance.html
    notebook.platform_identifier = self._get_param("PlatformIdentifier", "notebook-al2023-v1")
    notebook.root_access = notebook.root_access or "Enabled"
    return answer


def _show_notebook(self: FakeSagemakerNotebookInstance) -> dict:
    return _show_notebook_as_moto(self) | {"PlatformIdentifier": getattr(self, "platform_identifier", None)}


def _update_notebook(self: SageMakerResponse) -> EmptyResult:
    notebook = self.sagemaker_backend.get_notebook_instance(self._get_param("NotebookInstanceName"))
    if notebook.status != "Stopped":
        raise ValidationError(f"Status ({notebook.status}) not in ([Stopped]). Unable to transition to (Updating) for "
                              f"Notebook Instance ({notebook.arn})")
    for name in ("InstanceType", "RoleArn", "LifecycleConfigName", "VolumeSizeInGB", "RootAccess",
                 "PlatformIdentifier"):
        if (value := self._get_param(name)) is not None:
            setattr(notebook, camelcase_to_underscores(name), value)
    return EmptyResult()


def _create_model(self: SageMakerResponse) -> ActionResult:
    answer = _create_model_as_moto(self)
    model = self.sagemaker_backend.describe_model(self._get_param("ModelName"))
    model.enable_network_isolation = bool(self._get_param("EnableNetworkIsolation"))
    return answer


def _search(self: SageMakerModelBackend, resource=None, search_expression=None) -> dict:
    if resource != "Model":
        return _search_as_moto(self, resource=resource, search_expression=search_expression)
    filters = (search_expression or {}).get("Filters") or []
    if odd := [one["Name"] for one in filters if (one["Name"], one.get("Operator")) != ("Model.ModelName", "Equals")]:
        raise ValidationError(f"Unknown property name: {odd[0]}")
    models = [one for one in self._models.values() if all(one.model_name == item["Value"] for item in filters)]
    serving = {one.endpoint_name: {variant.get("ModelName") for variant in
                                   self.endpoint_configs[one.endpoint_config_name].production_variants}
               for one in self.endpoints.values() if one.endpoint_config_name in self.endpoint_configs}
    return {"Results": [{"Model": {
        "Model": model.response_object,
        "Endpoints": [self.endpoints[name].summary() for name, served in serving.items() if model.model_name in served],
    }} for model in models]}


def _update_endpoint(self: SageMakerResponse) -> ActionResult:
    backend, name = self.sagemaker_backend, self._get_param("EndpointConfigName")
    backend.describe_endpoint(self._get_param("EndpointName"))
    endpoint = backend.endpoints[self._get_param("EndpointName")]
    config = backend.describe_endpoint_config(name)
    before = {one["VariantName"]: one for one in endpoint.production_variants}
    endpoint.production_variants = endpoint._process_production_variants(config["ProductionVariants"])
    if self._get_param("RetainAllVariantProperties"):
        for one in endpoint.production_variants:
            one |= before.get(one["VariantName"], {})
    endpoint.endpoint_config_name, endpoint.last_modified_time = name, datetime.now(timezone.utc)
    return ActionResult({"EndpointArn": endpoint.arn})


def _show_explainability(self: ModelExplainabilityJobDefinition) -> dict:
    return _show_explainability_as_moto(self) | {"StoppingCondition": self.stopping_condition}


def _make_knowledge(self: AgentsforBedrockBackend, *arguments, **named) -> None:
    _make_knowledge_as_moto(self, *arguments, **named)
    self.data_sources = {}


def _source(self: AgentsforBedrockResponse) -> dict:
    """The data source that the path names, such as /knowledgebases/A/datasources/B."""
    parts = self.path.rstrip("/").split("/")
    found = self.bedrockagent_backend.data_sources.get((parts[-3], parts[-1]))
    if not found:
        raise NoSource(f"DataSource with id {parts[-1]} is not found.")
    return found


def _show_source(source: dict) -> str:
    return json.dumps({"dataSource": source})


def _create_source(self: AgentsforBedrockResponse) -> str:
    base = self.path.rstrip("/").split("/")[-2]
    self.bedrockagent_backend.get_knowledge_base(base)
    own, now = mock_random.get_random_string(10).upper(), datetime.now(timezone.utc).isoformat()
    source = {"dataDeletionPolicy": "DELETE", **json.loads(self.body), "knowledgeBaseId": base, "dataSourceId": own,
              "status": "AVAILABLE", "createdAt": now, "updatedAt": now}
    source.pop("clientToken", None)
    self.bedrockagent_backend.data_sources[base, own] = source
    return _show_source(source)


def _update_source(self: AgentsforBedrockResponse) -> str:
    source = _source(self)
    kept = {name: source[name] for name in ("knowledgeBaseId", "dataSourceId", "status", "createdAt")}
    source.clear()
    source |= {"dataDeletionPolicy": "DELETE", **json.loads(self.body), **kept,
               "updatedAt": datetime.now(timezone.utc).isoformat()}
    return _show_source(source)


def _make_agentcore(self: BedrockAgentCoreControlBackend, *arguments, **named) -> None:
    _make_agentcore_as_moto(self, *arguments, **named)
    self.tools = {"browser": {}, "codeInterpreter": {}}


def _tool(self: BedrockAgentCoreControlResponse, what: str) -> dict:
    own = self._get_param(f"{what}Id")
    if own not in self.backend.tools[what]:
        raise NoTool(f"{what} {own} was not found.")
    return self.backend.tools[what][own]


def _create_tool(what: str, kind: str) -> object:
    """A browser or a code interpreter, with the kind in its ARN."""

    def create(self: BedrockAgentCoreControlResponse) -> ActionResult:
        shown, known, now = dict(self._get_params()), self.backend.tools[what], datetime.now(timezone.utc)
        if any(one["name"] == shown["name"] for one in known.values()):
            raise NameTaken(f"{what} {shown['name']} already exists.")
        own = f"{shown['name']}-{mock_random.get_random_string(10)}"
        arn = f"arn:{self.partition}:bedrock-agentcore:{self.region}:{self.current_account}:{kind}/{own}"
        self.backend.tag_resource(arn, shown.pop("tags", None) or {})
        known[own] = shown | {f"{what}Id": own, f"{what}Arn": arn, "status": "READY", "createdAt": now,
                              "lastUpdatedAt": now}
        return ActionResult(known[own])

    return create


def _delete_tool(what: str) -> object:

    def delete(self: BedrockAgentCoreControlResponse) -> ActionResult:
        tool = self.backend.tools[what].pop(_tool(self, what)[f"{what}Id"])
        return ActionResult(tool | {"status": "DELETING"})

    return delete


def _can_end(make) -> object:
    """In moto what is being updated never gets ready again."""

    def begin(self, **given) -> None:
        make(self, **given)
        self._transitions = [*self._transitions, ("UPDATING", "READY")]

    return begin


def _replace(update) -> object:
    """An update that does not keep what it leaves out."""

    def replace(self, **given) -> None:
        update(self, **given)
        for name, value in given.items():
            if value is None:
                setattr(self, name, None)

    return replace


def install() -> None:
    SageMakerModelBackend.__init__ = _make_backend
    SageMakerModelBackend._get_resource_from_arn = _resource
    SageMakerModelBackend.search = _search
    FakeSagemakerNotebookInstance.to_dict = _show_notebook
    ModelExplainabilityJobDefinition.describe = _show_explainability
    calls = {
        "create_notebook_instance": _create_notebook,
        "update_notebook_instance": _update_notebook,
        "create_model": _create_model,
        "update_endpoint": _update_endpoint,
        "create_app_image_config": _create("AppImageConfig", lambda _, __: {}),
        "describe_app_image_config": _describe("AppImageConfig"),
        "create_image": _create("Image", lambda _, __: {"ImageStatus": "CREATED"}),
        "describe_image": _describe("Image"),
        "create_monitoring_schedule": _create("MonitoringSchedule", _first_of_schedule),
        "describe_monitoring_schedule": _describe("MonitoringSchedule"),
        "list_monitoring_schedules": _list_schedules,
        "update_monitoring_schedule": _set("MonitoringSchedule"),
        "stop_monitoring_schedule": _set("MonitoringSchedule", MonitoringScheduleStatus="Stopped"),
        "delete_monitoring_schedule": _delete_schedule,
        "create_inference_experiment": _create("InferenceExperiment", _first_of_experiment),
        "describe_inference_experiment": _describe("InferenceExperiment"),
        "update_inference_experiment": _set("InferenceExperiment"),
    }
    for name, call in calls.items():
        setattr(SageMakerResponse, name, call)
    AgentsforBedrockBackend.__init__ = _make_knowledge
    AgentsforBedrockResponse.create_data_source = _create_source
    AgentsforBedrockResponse.get_data_source = lambda self: _show_source(_source(self))
    AgentsforBedrockResponse.update_data_source = _update_source
    BedrockAgentCoreControlBackend.__init__ = _make_agentcore
    for one in (AgentRuntime, Gateway):
        one.__init__, one.update = _can_end(one.__init__), _replace(one.update)
    for what, name, kind in (("browser", "browser", "browser-custom"),
                             ("codeInterpreter", "code_interpreter", "code-interpreter-custom")):
        setattr(BedrockAgentCoreControlResponse, f"create_{name}", _create_tool(what, kind))
        setattr(BedrockAgentCoreControlResponse, f"get_{name}", lambda self, what=what: ActionResult(_tool(self, what)))
        setattr(BedrockAgentCoreControlResponse, f"delete_{name}", _delete_tool(what))
