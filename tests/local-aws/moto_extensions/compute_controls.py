"""What controls of compute, network and operations look at.

| service | what AWS does and moto 5.2.5 lacks |
|---|---|
| EC2 | DescribeSnapshots has the parameters Owner and RestorableBy; moto lists the snapshots of everybody |
| ECR | BatchGetRepositoryScanningConfiguration shows the repository's own scanOnPush; moto always shows false |
| EKS | the network of a cluster has defaults; UpdateClusterConfig keeps what is not given; logs are shown as on and off |
| EMR | block public access can be switched off; moto takes false for true |
| Lambda | ListFunctionUrlConfigs, and PutResourcePolicy, which replaces a function's policy |
| API Gateway | UpdateStage removes the settings of a method, such as those at `/*/*` |
| SSM | service settings: GetServiceSetting, UpdateServiceSetting, ResetServiceSetting |
"""

import json
from urllib.parse import unquote

from moto.apigateway.models import Stage
from moto.awslambda import urls as lambda_urls
from moto.awslambda.responses import LambdaResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ecr.models import ECRBackend
from moto.eks.models import Cluster, EKSBackend
from moto.emr.responses import ElasticMapReduceResponse
from moto.ssm.responses import SimpleSystemManagerResponse

# https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")

# https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigRequest.html
_NETWORK = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}

# What a setting is that nobody changed. There are more of them on AWS
# (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetServiceSetting.html).
_SETTINGS = {"/ssm/documents/console/public-sharing-permission": "Enable"}

_patch_stage_as_moto = Stage.apply_operations
_scanning_as_moto = ECRBackend.batch_get_repository_scanning_configuration
_make_cluster_as_moto = Cluster.__init__
_update_cluster_as_moto = EKSBackend.update_cluster_config


def _describe_snapshots(self: ElasticBlockStore) -> ActionResult:
    found = self.ec2_backend.describe_snapshots(
        snapshot_ids=self._get_param("SnapshotIds", []), filters=self._filters_from_querystring())
    if owners := self._get_param("OwnerIds", []):
        owners = [self.current_account if owner == "self" else owner for owner in owners]
        found = [one for one in found if one.owner_id in owners]
    for who in self._get_param("RestorableByUserIds", []):
        account = self.current_account if who == "self" else who
        found = [one for one in found if who in one.create_volume_permission_groups
                 or account in {one.owner_id, *one.create_volume_permission_userids}]
    return ActionResult({"Snapshots": found})


def _scanning(self: ECRBackend, names: list[str]) -> tuple[list[dict], list[str]]:
    found, missing = _scanning_as_moto(self, names)
    own = {name: repository.image_scanning_configuration for name, repository in self.repositories.items()}
    return [{**one, "scanOnPush": own[one["repositoryName"]].get("scanOnPush", False)} for one in found], missing


def _logging(before: dict | None, asked: dict | None) -> dict:
    on = set()
    for given in (before or {}, asked or {}):
        for setup in given.get("clusterLogging", []):
            types = set(setup.get("types", []))
            on = on | types if setup.get("enabled") else on - types
    shown = [([log for log in _LOGS if (log in on) == enabled], enabled) for enabled in (True, False)]
    return {"clusterLogging": [{"types": types, "enabled": enabled} for types, enabled in shown if types]}


def _make_cluster(self: Cluster, *arguments, resources_vpc_config: dict, logging: dict | None = None, **more) -> None:
    network, logs = {**_NETWORK, **resources_vpc_config}, _logging(None, logging)
    _make_cluster_as_moto(self, *arguments, resources_vpc_config=network, logging=logs, **more)


def _update_cluster(
        self: EKSBackend, name: str, resources_vpc_config: dict | None, logging: dict | None = None, **more) -> Cluster:
    if (cluster := self.clusters.get(name)) is not None:
        resources_vpc_config = resources_vpc_config and {**cluster.resources_vpc_config, **resources_vpc_config}
        logging = logging and _logging(cluster.logging, logging)
    return _update_cluster_as_moto(self, name, resources_vpc_config, logging, **more)


def _put_block(self: ElasticMapReduceResponse) -> EmptyResult:
    asked = self._get_params().get("BlockPublicAccessConfiguration") or {}
    self.backend.put_block_public_access_configuration(
        block_public_security_group_rules=asked.get("BlockPublicSecurityGroupRules"),
        rule_ranges=asked.get("PermittedPublicSecurityGroupRuleRanges"))
    return EmptyResult()


def _function_urls(self: LambdaResponse) -> str:
    function = self.backend.get_function(unquote(self.path.split("/")[-2]))
    return json.dumps({"FunctionUrlConfigs": [function.url_config.to_dict()] if function.url_config else []})


def _put_resource_policy(self: LambdaResponse) -> str:
    policy = self.backend.get_function(unquote(self.path.split("/resource-policy/")[1])).policy
    policy.statements = json.loads(self.json_body["Policy"])["Statement"]
    return policy.wire_format()


def _patch_stage(self: Stage, operations: list[dict]) -> Stage:
    for one in operations:
        if one["op"] == "remove":
            self.method_settings.pop(one["path"].removeprefix("/"), None)
    return _patch_stage_as_moto(self, operations)


def _setting(self: SimpleSystemManagerResponse) -> tuple[str, dict[str, str]]:
    name = self._get_param("SettingId")
    if name not in _SETTINGS:
        raise ServiceException("ServiceSettingNotFound", f"The setting {name} was not found.")
    return name, self.ssm_backend.__dict__.setdefault("service_settings", {})


def _get_setting(self: SimpleSystemManagerResponse) -> ActionResult:
    name, changed = _setting(self)
    arn = f"arn:aws:ssm:{self.region}:{self.current_account}:servicesetting{name}"
    status = "Customized" if name in changed else "Default"
    value = changed.get(name, _SETTINGS[name])
    return ActionResult({"ServiceSetting": {"SettingId": name, "SettingValue": value, "ARN": arn, "Status": status}})


def _update_setting(self: SimpleSystemManagerResponse) -> EmptyResult:
    name, changed = _setting(self)
    changed[name] = self._get_param("SettingValue")
    return EmptyResult()


def _reset_setting(self: SimpleSystemManagerResponse) -> ActionResult:
    name, changed = _setting(self)
    changed.pop(name, None)
    return _get_setting(self)


def install() -> None:
    ElasticBlockStore.describe_snapshots = _describe_snapshots
    ECRBackend.batch_get_repository_scanning_configuration = _scanning
    Cluster.__init__ = _make_cluster
    EKSBackend.update_cluster_config = _update_cluster
    ElasticMapReduceResponse.put_block_public_access_configuration = _put_block
    LambdaResponse.list_function_url_configs = _function_urls
    LambdaResponse.put_resource_policy = _put_resource_policy
    lambda_urls.url_paths.update({
        "{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[^/]+)/urls$": LambdaResponse.dispatch,
        "{0}/(?P<api_version>[^/]+)/resource-policy/(?P<resource_arn>.+)$": LambdaResponse.dispatch,
    })
    Stage.apply_operations = _patch_stage
    SimpleSystemManagerResponse.get_service_setting = _get_setting
    SimpleSystemManagerResponse.update_service_setting = _update_setting
    SimpleSystemManagerResponse.reset_service_setting = _reset_setting
