"""The Resource Groups Tagging API as AWS answers it.

In moto one resource that does not exist fails the whole TagResources call, calls of any size are taken, and a list of
ARNs is read in pages. A page of GetResources can be read once and ends at 100 tags, every Region lists the buckets of
all, Glue lists what has been deleted, and nobody evaluates tag policies.
"""

import base64
from collections.abc import Iterator
from dataclasses import replace

from moto.core.exceptions import ServiceException
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse
from moto.s3.models import s3_backends

from moto.sagemaker.models import SageMakerModelBackend

from . import tag_policies

# https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html, API_GetResources.html
_MOST_WRITTEN, _MOST_READ, _MOST_LISTED, _PAGE, _MOST_TAGS = 20, 100, 100, 50, 50


def _invalid(message: str) -> ResourceGroupsTaggingAPIError:
    return ResourceGroupsTaggingAPIError("InvalidParameterException", message)


def _refusal(service, known: dict[str, dict], arn: str, tags: dict[str, str]) -> tuple[int, str, str] | None:
    """Tags one resource, or says why the service refuses it."""
    # moto's Glue shows what has tags only.
    if arn not in known and not (arn.split(":")[2] == "glue" and _glue_has(service, arn)):
        return 400, "InvalidParameterException", f"The resource {arn} could not be found."
    if len({key for key in {**known.get(arn, {}), **tags} if not key.startswith("aws:")}) > _MOST_TAGS:
        return 400, "InvalidParameterException", "The resource has more than 50 tags."
    try:
        service.tag_resource(arn, tags)
    except ServiceException as error:
        return 400, error.code or "InvalidParameterException", error.message
    return None


def _glue_has(service, arn: str) -> bool:
    kind, _, name = arn.split(":", 5)[5].partition("/")
    kept = {"job": "jobs", "crawler": "crawlers", "database": "databases", "trigger": "triggers",
            "workflow": "workflows", "session": "sessions"}.get(kind)
    return bool(service and kept) and name in getattr(service, kept, {})


def _is_here(backend: ResourceGroupsTaggingAPIBackend, arn: str) -> bool:
    """Whether a resource exists in the Region: a bucket in its own, what is global in us-east-1."""
    _, _, service, region, _, name = arn.split(":", 5)
    if service == "s3" and not region:
        bucket = s3_backends[backend.account_id]["aws"].buckets.get(name)
        region = bucket.region_name if bucket else None
    if (region or "us-east-1") != backend.region_name:
        return False
    return service != "glue" or _glue_has(backend._get_backend_for_resource(arn), arn)


def _after(token: str | None) -> str:
    """The last ARN of the page before."""
    if not token:
        return ""
    try:
        arn = base64.b64decode(token, validate=True).decode()
    except ValueError:
        arn = ""
    if not arn.startswith("arn:"):
        raise ResourceGroupsTaggingAPIError("PaginationTokenExpiredException", "The PaginationToken is not valid.")
    return arn


def _page(listed: list[dict], most: int, most_tags: int | None) -> dict:
    """The first of what is listed. A resource without tags counts as one tag."""
    size, tags = 0, 0
    while size < min(most, len(listed)):
        tags += max(1, len(listed[size]["Tags"]))
        if most_tags is not None and tags > most_tags:
            break
        size += 1
    more = base64.b64encode(listed[size - 1]["ResourceARN"].encode()).decode() if size < len(listed) else ""
    return {"ResourceTagMappingList": listed[:size], "PaginationToken": more}


def get_resources(self: ResourceGroupsTaggingAPIResponse) -> ActionResult:
    arns, filters, types = (self._get_param(name) or []
                            for name in ("ResourceARNList", "TagFilters", "ResourceTypeFilters"))
    token, most, most_tags = (self._get_param(name) for name in ("PaginationToken", "ResourcesPerPage", "TagsPerPage"))
    detailed, lacking = (self._get_param(name) for name in ("IncludeComplianceDetails", "ExcludeCompliantResources"))
    if len(arns) > _MOST_READ:
        raise _invalid(f"ResourceARNList must have at most {_MOST_READ} entries.")
    if arns and (filters or types or token or most is not None or most_tags is not None):
        raise _invalid("ResourceARNList cannot be specified with filters or pagination parameters.")
    if most is not None and not 1 <= most <= _MOST_LISTED:
        raise _invalid(f"ResourcesPerPage must be between 1 and {_MOST_LISTED}.")
    if most_tags is not None and not 100 <= most_tags <= 500:
        raise _invalid("TagsPerPage must be between 100 and 500.")
    if lacking and not detailed:
        raise _invalid("ExcludeCompliantResources needs IncludeComplianceDetails.")
    after = _after(token)
    found = {item.arn: item.tags for item in self.backend._get_resources_generator(filters, types, set(arns))
             if item.arn > after and _is_here(self.backend, item.arn)}
    listed = [{"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
              for arn, tags in sorted(found.items())]
    if detailed:
        rules = tag_policies.effective(self.current_account)
        for item in listed:
            item["ComplianceDetails"] = tag_policies.details(rules, found[item["ResourceARN"]])
        listed = [item for item in listed if not (lacking and item["ComplianceDetails"]["ComplianceStatus"])]
    return ActionResult(_page(listed, len(arns) or most or _PAGE, most_tags))


def tag_resources(self: ResourceGroupsTaggingAPIBackend, resource_arns: list[str], tags: dict[str, str]) -> dict:
    if not 1 <= len(resource_arns) <= _MOST_WRITTEN:
        raise _invalid(f"ResourceARNList must have 1 to {_MOST_WRITTEN} entries.")
    if not 1 <= len(tags) <= _MOST_TAGS:
        raise _invalid(f"Tags must have 1 to {_MOST_TAGS} entries.")
    services = {arn: self._get_backend_for_resource(arn) for arn in resource_arns}
    known = {item.arn: item.tags for service in {id(item): item for item in services.values() if item}.values()
             for item in service.iter_tagged_resources()}
    refusals = {arn: _refusal(services[arn], known, arn, tags) for arn in resource_arns}
    return {arn: {"StatusCode": refusal[0], "ErrorCode": refusal[1], "ErrorMessage": refusal[2]}
            for arn, refusal in refusals.items() if refusal}


_iter_sagemaker_as_moto = SageMakerModelBackend.iter_tagged_resources


def _iter_sagemaker(self: SageMakerModelBackend) -> Iterator[TaggedResource]:
    """moto puts the ARN of an endpoint configuration into a tuple."""
    for item in _iter_sagemaker_as_moto(self):
        yield replace(item, arn=item.arn[0]) if isinstance(item.arn, tuple) else item


def install() -> None:
    SageMakerModelBackend.iter_tagged_resources = _iter_sagemaker
    ResourceGroupsTaggingAPIBackend.tag_resources = tag_resources
    ResourceGroupsTaggingAPIResponse.get_resources = get_resources
