"""What controls of the data services look at.

| service | what AWS does and moto 5.2.5 lacks |
|---|---|
| S3 | PutBucketPolicy answers nothing; moto answers True |
| Secrets Manager | RotateSecret keeps the function and rules that are there, and needs one; see below |
| OpenSearch | UpdateDomainConfig with DryRun says how it would be deployed, and changes nothing |
| Glue | UpdateJob, which replaces the definition of a job |
| Athena | UpdateWorkGroup |

Without RotateImmediately, RotateSecret only tests the function, and the versions of the secret stay. Nothing can be run
here: that the function is there has to do.
"""

import inspect
import json
import time
from datetime import datetime, timezone

from moto.athena.exceptions import AthenaClientError
from moto.athena.responses import AthenaResponse
from moto.awslambda.utils import get_backend
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.glue.exceptions import InvalidInputException
from moto.glue.models import FakeJob
from moto.glue.responses import GlueResponse
from moto.opensearch.responses import OpenSearchServiceResponse
from moto.s3.responses import S3Response
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

# What changes without new nodes
# (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-configuration-changes.html).
_DYNAMIC = {"AccessPolicies", "DomainEndpointOptions", "SnapshotOptions"}

_put_bucket_as_moto = S3Response._bucket_response_put
_rotate_as_moto = SecretsManagerBackend.rotate_secret
_update_domain_as_moto = OpenSearchServiceResponse.update_domain_config


def _put_bucket(self: S3Response, request, bucket_name: str, querystring: dict):
    answer = _put_bucket_as_moto(self, request, bucket_name, querystring)
    return (204, {}, "") if answer == "True" else answer


def _rotate(self: SecretsManagerBackend, secret_id: str, rotation_lambda_arn: str | None = None,
            rotation_rules: dict | None = None, rotate_immediately: bool = True, **more) -> str:
    secret = self.secrets.get(secret_id)
    if rotate_immediately or not isinstance(secret, FakeSecret) or secret.is_deleted():
        return _rotate_as_moto(self, secret_id, rotation_lambda_arn=rotation_lambda_arn,
                               rotation_rules=rotation_rules, rotate_immediately=rotate_immediately, **more)
    function = rotation_lambda_arn or secret.rotation_lambda_arn
    if not function:
        raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
    get_backend(self.account_id, self.region_name).get_function(function)
    days = (rotation_rules or {}).get("AutomaticallyAfterDays", secret.auto_rotate_after_days)
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn, secret.auto_rotate_after_days = function, days
    secret.next_rotation_date = int(time.time()) + days * 24 * 3600
    return secret.to_short_dict()


def _update_domain(self: OpenSearchServiceResponse) -> str:
    asked = json.loads(self.body)
    if not asked.get("DryRun"):
        return _update_domain_as_moto(self)
    domain = self.opensearch_backend.describe_domain(self._get_param("DomainName"))
    shown = domain.to_dict()
    changed = {name for name, value in asked.items() if name.endswith(("Options", "Policies", "Config"))
               and value != shown.get(name)}
    kind = "None" if not changed else "DynamicUpdate" if changed <= _DYNAMIC else "Blue/Green"
    return json.dumps({"DomainConfig": domain.to_config_dict(), "DryRunResults": {"DeploymentType": kind}})


def _update_job(self: GlueResponse) -> ActionResult:
    name, asked = self._get_param("JobName"), self._get_param("JobUpdate")
    before = self.glue_backend.get_job(name)
    if asked.get("MaxCapacity") and asked.get("WorkerType"):
        raise InvalidInputException("UpdateJob", "Do not set Max Capacity if using Worker Type and Number of Workers.")
    asked = {camelcase_to_underscores(member): value for member, value in asked.items()}
    members = [one for one in inspect.signature(FakeJob).parameters if one not in ("name", "tags", "backend")]
    job = FakeJob(name, tags={}, backend=self.glue_backend, **{member: asked.get(member) for member in members})
    job.created_on, job.job_runs, job.last_modified_on = before.created_on, before.job_runs, datetime.now(timezone.utc)
    self.glue_backend.jobs[name] = job
    return ActionResult({"JobName": name})


def _with_updates(before: dict, updates: dict) -> dict:
    after = dict(before)
    for member, value in updates.items():
        if member.startswith("Remove"):
            after = {name: one for name, one in after.items() if not value or name != member.removeprefix("Remove")}
        elif member.endswith("Updates"):
            name = member.removesuffix("Updates")
            after[name] = _with_updates(after.get(name) or {}, value)
        else:
            after[member] = value
    return after


def _update_work_group(self: AthenaResponse) -> str:
    group = self.athena_backend.work_groups.get(self._get_param("WorkGroup"))
    if group is None:
        raise AthenaClientError("INVALID_INPUT", "WorkGroup is not found.")
    group.configuration = _with_updates(group.configuration, self._get_param("ConfigurationUpdates") or {})
    group.description = self._get_param("Description") or group.description
    group.state = self._get_param("State") or group.state
    return "{}"


def install() -> None:
    S3Response._bucket_response_put = _put_bucket
    SecretsManagerBackend.rotate_secret = _rotate
    OpenSearchServiceResponse.update_domain_config = _update_domain
    GlueResponse.update_job = _update_job
    AthenaResponse.update_work_group = _update_work_group
