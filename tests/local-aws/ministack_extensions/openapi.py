"""REST APIs that an OpenAPI document defines.

API Gateway takes the whole contract from the document: models, request validators, required parameters and gateway
responses. MiniStack can play all of these, but its import reads only paths, integrations and authorization.
"""

import json

from jsonschema import Draft4Validator
from ministack.services import apigateway_v1 as api
from ministack.services.cloudformation import provisioners

_VALIDATORS = "x-amazon-apigateway-request-validators"
_VALIDATOR = "x-amazon-apigateway-request-validator"
_RESPONSES = "x-amazon-apigateway-gateway-responses"
_PLACES = {"query": "querystring", "header": "header", "path": "path"}


def _resolve(spec: dict, node: dict) -> dict:
    """The object that a `$ref` within the document names."""
    while "$ref" in node:
        target = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def models(api_id: str, spec: dict) -> None:
    """Every schema becomes a model. MiniStack resolves a model's references within the model, so each carries all
    schemas along as `definitions`."""
    schemas = (spec.get("components") or {}).get("schemas") or spec.get("definitions") or {}
    for name, schema in schemas.items():
        text = json.dumps({**schema, "definitions": schemas}).replace("#/components/schemas/", "#/definitions/")
        api._create_model(api_id, {"name": name, "schema": text})


def validators(api_id: str, spec: dict) -> dict[str, str]:
    """`x-amazon-apigateway-request-validators`: the ids by name."""
    answers = {name: api._create_request_validator(api_id, {"name": name, **settings})
               for name, settings in (spec.get(_VALIDATORS) or {}).items()}
    return {name: json.loads(body)["id"] for name, (_, _, body) in answers.items()}


def gateway_responses(api_id: str, spec: dict) -> None:
    """`x-amazon-apigateway-gateway-responses`. The media type of the template is the Content-Type of the answer;
    MiniStack renders the application/json template only, so another one goes there with its type as a header."""
    for response_type, response in (spec.get(_RESPONSES) or {}).items():
        templates = response.get("responseTemplates") or {}
        media_type, template = next(iter(templates.items()), ("application/json", None))
        parameters = {"gatewayresponse.header.Content-Type": f"'{media_type}'",
                      **(response.get("responseParameters") or {})}
        data = {"statusCode": response.get("statusCode"), "responseParameters": parameters,
                "responseTemplates": {"application/json": template} if template is not None else {}}
        status, _, body = api._put_gateway_response(api_id, response_type, data)
        if status >= 400:
            raise ValueError(f"gateway response {response_type}: {body!r}")


def contract(spec: dict, path_item: dict, operation: dict, validator_ids: dict[str, str]) -> dict:
    """What an operation demands of its requests, as the fields of an API Gateway method."""
    listed = [*(path_item.get("parameters") or []), *(operation.get("parameters") or [])]
    parameters = [item for item in (_resolve(spec, item) for item in listed) if item.get("in") in _PLACES]
    content = _resolve(spec, operation.get("requestBody") or {}).get("content") or {}
    validator = operation.get(_VALIDATOR, spec.get(_VALIDATOR))
    return {
        "requestParameters": {f"method.request.{_PLACES[item['in']]}.{item['name']}": bool(item.get("required"))
                              for item in parameters},
        "requestModels": {media_type: media["schema"]["$ref"].rsplit("/", 1)[-1]
                          for media_type, media in content.items() if "$ref" in (media.get("schema") or {})},
        "requestValidatorId": validator_ids[validator] if validator is not None else None,
    }


def whole_contract() -> None:
    """After MiniStack's own import, adds what it leaves out."""
    import_paths = api._import_rest_api

    def import_rest_api(spec, base_data=None):
        api_id = import_paths(spec, base_data)
        models(api_id, spec)
        gateway_responses(api_id, spec)
        validator_ids = validators(api_id, spec)
        methods = {item.get("path"): item["resourceMethods"] for item in api._resources[api_id].values()}
        for path, path_item in (spec.get("paths") or {}).items():
            for verb, operation in path_item.items():
                method = methods[path].get(verb.upper())
                if method is not None:
                    method.update(contract(spec, path_item, operation or {}, validator_ids))
        return api_id

    api._import_rest_api = import_rest_api


def update_in_place() -> None:
    """An update with a changed document overwrites the API and keeps its id and URL, as PutRestApi does. MiniStack
    makes a second API; here its contents move to the first."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    update_settings = handler["update"]

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        if new_props.get("Body") != old_props.get("Body") and isinstance(new_props.get("Body"), dict):
            made, _ = provisioners._apigw_rest_api_create(logical_id or physical_id, new_props, stack_name)
            for store in (api._resources, api._models, api._gateway_responses, api._authorizers_v1,
                          api._request_validators):
                store[physical_id] = store.pop(made, {})
            api._delete_rest_api(made)
        return update_settings(physical_id, {**old_props, "Body": new_props.get("Body")}, new_props, stack_name,
                               logical_id)

    handler["update"] = update


def validation_errors() -> None:
    """A gateway response may say what is wrong with a body: `$context.error.validationErrorString`, escaped for use
    within a JSON string. MiniStack leaves the variable as it is written."""
    check, render = api._check_request_validation, api._gateway_error_response

    def check_and_explain(method_obj, api_id, request, headers, body, query_params):
        error = check(method_obj, api_id, request, headers, body, query_params)
        if error is not None and error.response_type == "BAD_REQUEST_BODY":
            name = next(iter((method_obj.get("requestModels") or {}).values()), None)
            request["validation_error"] = _what_is_wrong(api._model_schema(api_id, name) or {}, body)
        return error

    def render_with_errors(error, request):
        status, headers, body = render(error, request)
        detail = json.dumps(request.get("validation_error", ""))[1:-1].encode()
        return status, headers, body.replace(b"$context.error.validationErrorString", detail)

    api._check_request_validation, api._gateway_error_response = check_and_explain, render_with_errors


def _what_is_wrong(schema: dict, body) -> str:
    """Every violation in the order of the body, in one line; nothing for a body that is not JSON."""
    try:
        errors = sorted(Draft4Validator(schema).iter_errors(json.loads(body)), key=lambda error: str(error.path))
        return "[" + ", ".join(error.message for error in errors) + "]"
    except (ValueError, RecursionError):
        return ""


def install() -> None:
    whole_contract()
    validation_errors()
    update_in_place()
