"""What AWS does in the data services and moto lacks: PutBucketPolicy answers nothing, where moto says True."""

from moto.s3.responses import S3Response


def install() -> None:
    before = S3Response._bucket_response_put

    def put_bucket(self: S3Response, request, bucket_name: str, querystring: dict):
        answer = before(self, request, bucket_name, querystring)
        return (204, {}, "") if answer == "True" else answer

    S3Response._bucket_response_put = put_bucket
