"""Rows that are right, one for each kind of protocol, and what makes them wrong: the checker has to notice it all."""

import json
from collections.abc import Callable, Iterator

APIS = {
    "glue": {"protocol": "json-1.1", "version": "AWSGlue"},
    "ec2": {"protocol": "query", "version": "2016-11-15"},
    "lambda": {
        "protocol": "rest-json",
        "operations": {
            "GetPolicy": {"http": "GET /2015-03-31/functions/{FunctionName}/policy?Qualifier={Qualifier}"},
            "RemovePermission": {"http": "DELETE /2015-03-31/functions/{FunctionName}/policy/{StatementId}"},
        },
    },
    "s3": {
        "protocol": "rest-xml",
        "version": "http://s3.amazonaws.com/doc/2006-03-01/",
        "operations": {
            "GetPublicAccessBlock": {"http": "GET /{Bucket}?publicAccessBlock"},
            "PutPublicAccessBlock": {
                "http": "PUT /{Bucket}?publicAccessBlock",
                "headers": {"ExpectedBucketOwner": "x-amz-expected-bucket-owner"},
                "body": "PublicAccessBlockConfiguration",
            },
        },
    },
}

ROWS = [
    {
        "control": "Glue.4",
        "resource": "arn:{partition}:glue:{region}:{account}:job/{name}",
        "describe": {
            "job": {"call": "glue:GetJob", "with": {"JobName": "{name}"}, "absent": ["EntityNotFoundException"]},
            "kept": {
                "value": {"$copy": "/job/Job", "without": ["Name", "CreatedOn", "LastModifiedOn", "ProfileName"]},
            },
        },
        "wanted": [{"at": "/job/Job/GlueVersion", "in": ["4.0", "5.0"]}, {"at": "/account/tags/env", "isNot": "prod"}],
        "steps": [
            {
                "call": "glue:UpdateJob",
                "with": {
                    "JobName": "{name}",
                    "JobUpdate": {
                        "$copy": "/kept",
                        "set": {"/GlueVersion": "5.0", "/Command/PythonVersion": "3", "/DefaultArguments/--x": "y"},
                    },
                },
                "creates": "update",
            },
            {"call": "glue:GetJob", "with": {"JobName": {"$": "/update/JobName"}}},
        ],
    },
    {
        "control": "EC2.19",
        "resource": "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
        "describe": {
            "rules": {
                "call": "ec2:DescribeSecurityGroupRules",
                "with": {"Filter": [{"Name": "group-id", "Value": ["{id}"]}]},
            },
        },
        "wanted": [{"at": "/rules/securityGroupRuleSet/item", "hasNot": {"cidrIpv4": "0.0.0.0/0", "fromPort": 22}}],
        "steps": [
            {
                "call": "ec2:RevokeSecurityGroupIngress",
                "with": {
                    "GroupId": "{id}",
                    "SecurityGroupRuleId": {
                        "$list": "/rules/securityGroupRuleSet/item",
                        "where": [{"at": "/isEgress", "is": False}],
                        "take": "/securityGroupRuleId",
                    },
                },
            }
        ],
    },
    {
        "control": "Lambda.1",
        "resource": "arn:{partition}:lambda:{region}:{account}:function:{name}",
        "describe": {
            "policy": {"call": "lambda:GetPolicy", "with": {"FunctionName": "{name}"}},
            "readable": {"value": {"$json": "/policy/Policy", "else": {}}},
        },
        "steps": [
            {
                "call": "lambda:RemovePermission",
                "each": {"$list": "/readable/Statement", "where": [{"at": "/Effect", "is": "Allow"}], "take": "/Sid"},
                "with": {"FunctionName": "{name}", "StatementId": {"$": "/item"}},
            }
        ],
    },
    {
        "control": "S3.8",
        "resource": "arn:{partition}:s3:::{name}",
        "describe": {"block": {"call": "s3:GetPublicAccessBlock", "with": {"Bucket": "{name}"}}},
        "steps": [
            {
                "call": "s3:PutPublicAccessBlock",
                "with": {
                    "Bucket": "{name}",
                    "PublicAccessBlockConfiguration": {"$copy": "/block", "set": {"/BlockPublicAcls": True}},
                },
            }
        ],
    },
]

# What is replaced in the JSON of both, once, by what, and a piece of what is to be told.
BREAKS = [
    ('"Name", "CreatedOn", ', '"Name", "CreatedOn", "Timeout", ', "loses Timeout"),
    ('"CreatedOn", ', "", "sends CreatedOn"),
    ('"LastModifiedOn"', '"LastChange"', "has no LastChange"),
    ('"/GlueVersion"', '"/GlueVersions"', "no GlueVersions"),
    ('"$copy": "/block"', '"$copy": "/block", "without": ["IgnorePublicAcls"]', "loses IgnorePublicAcls"),
    ('"JobName": "{name}", "JobUpdate"', '"JobUpdate"', "JobName is missing"),
    ("EntityNotFoundException", "NotFoundException", "no error NotFoundException"),
    ('"glue:GetJob"', '"glue:ReadJob"', "glue:ReadJob is not known"),
    ('"glue:GetJob"', '"glu:GetJob"', "glu:GetJob is not known"),
    ('"/job/Job/GlueVersion"', '"/job/Jobs/GlueVersion"', "no Jobs"),
    ('"/job/Job/GlueVersion"', '"/jobs/Job/GlueVersion"', "/jobs/Job/GlueVersion"),
    ('"/update/JobName"', '"/made/JobName"', "/made/JobName"),
    ('{"JobName": "{name}"}', '{"JobName": "{nobody}"}', "{nobody}"),
    ('{"JobName": "{name}"}', '{"JobName": 7}', "7 where string"),
    ('"$copy": "/job/Job"', '"$copi": "/job/Job"', "no form"),
    ('"without": ["Name"', '"but": ["Name"', "no form"),
    ('"isNot": "prod"', '"isnt": "prod"', "isnt"),
    ('"/account/tags/env", "isNot": "prod"', '"/job/Job/CreatedOn", "olderThanDays": 9', "an age"),
    ('"GroupId": "{id}"', '"GroupIds": ["{id}"]', "no GroupIds"),
    ('"Value": ["{id}"]', '"Values": ["{id}"]', "no Values"),
    ('"/securityGroupRuleId"', '"/SecurityGroupRuleId"', "no SecurityGroupRuleId"),
    ('"/isEgress"', '"/egress"', "/egress"),
    ('"$list": "/rules/securityGroupRuleSet/item"', '"$list": "/rules/securityGroupRuleSet"', "securityGroupRuleSet"),
    ('"cidrIpv4"', '"cidrIpV4"', "no cidrIpV4"),
    ('"/Effect"', '"/Efect"', "/Efect"),
    ('"Allow"', '"allow"', "allow is none of Allow, Deny"),
    ('"$json": "/policy/Policy"', '"$json": "/policy"', "object where string"),
    ('"$": "/item"', '"$": "/items"', "/items"),
    ('"StatementId": {', '"Qualifier": "1", "StatementId": {', "no place"),
    ('"/BlockPublicAcls": true', '"/BlockAcls": true', "no BlockAcls"),
    ('"/block"', '"/block/BlockPublicAcls"', "boolean where object"),
    ('"version": "AWSGlue"', '"version": "Glue"', "has version"),
    ('"protocol": "json-1.1"', '"protocol": "json-1.0"', "speaks JSON 1.1"),
    ('"protocol": "rest-json"', '"host": "lamda", "protocol": "rest-json"', "is at "),
    ('"protocol": "rest-json"', '"signing": "lamda", "protocol": "rest-json"', "is signed for"),
    ("/policy?Qualifier", "/policies?Qualifier", "is GET "),
    ("?Qualifier={Qualifier}", "?Version={Qualifier}", "Qualifier is not Version"),
    ("PUT /{Bucket}?publicAccessBlock", "PUT /{Bucket}?accessBlock", "is PUT "),
    ("x-amz-expected-bucket-owner", "x-amz-owner", "x-amz-owner"),
    ('"body": "PublicAccessBlockConfiguration"', '"body": "PublicAccessBlock"', "has the body"),
    ("2006-03-01", "2006-03-02", "has the namespace"),
]


def unnoticed(check: Callable[[list[tuple[str, dict]], list[dict], Callable[[str], None]], object]) -> Iterator[str]:
    """What the checker makes of the rows as they are, and which breaks it does not tell."""
    text = json.dumps({"apis": APIS, "rows": ROWS})

    def problems(of: str) -> list[str]:
        found: list[str] = []
        document = json.loads(of)
        check([("sample", row) for row in document["rows"]], [document["apis"]], found.append)
        return found

    yield from (f"self-test: {problem}" for problem in problems(text))
    for before, after, told in BREAKS:
        if before not in text or not any(told in problem for problem in problems(text.replace(before, after, 1))):
            yield f"self-test: {before} => {after} is not noticed"
