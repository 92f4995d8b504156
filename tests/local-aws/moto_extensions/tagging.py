"""The Resource Groups Tagging API as AWS answers it.

In moto one resource that does not exist fails the whole TagResources call, calls of any size are taken, and a list of
ARNs is read in pages.
"""

from moto.core.exceptions import ServiceException
from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend

# https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html, API_GetResources.html
_MOST_WRITTEN, _MOST_READ, _MOST_TAGS = 20, 100, 50


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


def install() -> None:
    read = ResourceGroupsTaggingAPIBackend.get_resources

    def tag_resources(self, resource_arns, tags):
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

    def get_resources(self, *arguments, resource_arn_list=None, **options):
        if not resource_arn_list:
            return read(self, *arguments, resource_arn_list=resource_arn_list, **options)
        if len(resource_arn_list) > _MOST_READ:
            raise _invalid(f"ResourceARNList must have at most {_MOST_READ} entries.")
        return None, list(self._get_resources_generator(resource_arn_list=set(resource_arn_list)))

    ResourceGroupsTaggingAPIBackend.tag_resources = tag_resources
    ResourceGroupsTaggingAPIBackend.get_resources = get_resources
