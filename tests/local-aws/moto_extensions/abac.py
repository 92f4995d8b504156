"""Buckets with attribute-based access control
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html).

moto knows no PutBucketAbac, and its S3 Control tags buckets that do not exist.
"""

import re

from moto.core.exceptions import ServiceException
from moto.s3.exceptions import MissingBucket
from moto.s3.models import S3Backend, s3_backends
from moto.s3.responses import S3Response
from moto.s3control.models import S3ControlBackend

_put_bucket_as_moto = S3Response._bucket_response_put
_put_bucket_tagging_as_moto = S3Backend.put_bucket_tagging
_tag_as_moto = S3ControlBackend.tag_resource


def _put_bucket(self: S3Response, request, bucket_name: str, querystring: dict):
    if "abac" not in querystring:
        return _put_bucket_as_moto(self, request, bucket_name, querystring)
    status = re.search(r"<Status>(Enabled|Disabled)</Status>", self.body.decode())
    if not status:
        raise ServiceException("MalformedXML", "The XML you provided was not well-formed.")
    self.backend.get_bucket(bucket_name).abac = status.group(1) == "Enabled"
    return 200, {}, ""


def _put_bucket_tagging(self: S3Backend, bucket_name: str, tags: dict[str, str]) -> None:
    # AWS documents the refusal, not its code.
    if getattr(self.get_bucket(bucket_name), "abac", False):
        raise ServiceException("InvalidRequest", "The bucket has ABAC enabled: use TagResource.")
    _put_bucket_tagging_as_moto(self, bucket_name, tags)


def _tag(self: S3ControlBackend, resource_arn: str, tags: list[dict[str, str]]) -> None:
    name = resource_arn.rpartition(":")[2]
    if ":s3:::" in resource_arn and name not in s3_backends[self.account_id][self.partition].buckets:
        raise MissingBucket(name)
    _tag_as_moto(self, resource_arn, tags)


def install() -> None:
    S3Response._bucket_response_put = _put_bucket
    S3Backend.put_bucket_tagging = _put_bucket_tagging
    S3ControlBackend.tag_resource = _tag
