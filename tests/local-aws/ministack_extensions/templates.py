"""CloudFormation: what templates may say."""

import copy
import json

import yaml
from ministack.services import cloudformation
from ministack.services.cloudformation import engine, provisioners


class _PlainLoader(yaml.SafeLoader):
    """YAML without dates: `2026-01-01` in a state machine is text, as it is in JSON."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def yaml_state_machines() -> None:
    """AWS takes a definition in YAML wherever it takes JSON; MiniStack stores the text as it is and reads only JSON."""
    resolve = provisioners._sfn_definition

    def definition(props):
        text = resolve(props)
        try:
            json.loads(text)
            return text
        except ValueError:
            return json.dumps(yaml.load(text, Loader=_PlainLoader))

    provisioners._sfn_definition = definition


def nested_sam_templates() -> None:
    """AWS expands the transforms of a nested template; MiniStack expands only the root's.

    The check on a nested stack's capabilities is the one function that is handed every parsed child.
    """
    check = provisioners._check_nested_stack_capabilities

    def check_and_expand(parent_stack_name, template):
        check(parent_stack_name, template)
        expanded = engine._apply_transforms(copy.deepcopy(template), None)
        if isinstance(expanded, engine._TransformFailed):
            raise ValueError(expanded.error)
        template.clear()
        template.update(expanded)

    provisioners._check_nested_stack_capabilities = check_and_expand


def nested_updates() -> None:
    """An update of a nested stack keeps what its unchanged resources return to GetAtt; MiniStack forgets it, and the
    next deployment fails on the first reference to one of them."""
    update = provisioners._update_resource

    def update_and_keep(resource_type, physical_id, old_props, new_props, stack_name, logical_id=None, old_attrs=None):
        if old_attrs is None:
            stack = cloudformation._stacks.get(stack_name) or {}
            old_attrs = stack.get("_resources", {}).get(logical_id, {}).get("Attributes")
        return update(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)

    provisioners._update_resource = update_and_keep


def install() -> None:
    yaml_state_machines()
    nested_sam_templates()
    nested_updates()
