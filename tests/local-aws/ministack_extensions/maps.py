"""Step Functions: the Distributed Map of a JSONata state machine.

Its Items, ItemSelector, ItemReader, MaxConcurrency and tolerated failures may be JSONata, and Output and Assign see
what came out (https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html). Each child execution
has a context and variables of its own, and sees none of its parent's
(https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html). MiniStack reads these fields as JSONPath
and runs the children with a copy of the parent's context.
"""

from ministack.services import stepfunctions as states

_NUMBERS = ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage")


class _Outputs(dict):
    """What the successful children put out, by the index of their items. Copies of a context share it."""

    def __deepcopy__(self, _memo) -> "_Outputs":
        return self


def _items(state: dict, raw_input, ctx: dict) -> list:
    """What each child gets."""
    if "ItemReader" in state:
        reader = states._apply_jsonata_template(state["ItemReader"], raw_input, ctx)
        items = states._read_map_items(reader, raw_input, ctx)
    elif "Items" in state:
        items = states._jsonata_state_field(state, "Items", "array", raw_input, ctx)
    else:
        items = raw_input
    if not isinstance(items, list):
        raise states._ExecutionError("States.Runtime", "The items of a Map state must be an array.")
    if "ItemSelector" not in state:
        return items
    return [states._apply_jsonata_template(state["ItemSelector"], raw_input,
                                           {**ctx, "Map": {"Item": {"Index": index, "Value": item}}})
            for index, item in enumerate(items)]


def distributed_map() -> None:
    """MiniStack's own Map Run, on items that are ready. A tolerated failure adds nothing to the result."""
    run = states._run_distributed_map

    def run_distributed_map(state, raw_input, effective, iterator, execution, ctx):
        if states._state_query_language(state, ctx) != "JSONata":
            return run(state, raw_input, effective, iterator, execution, ctx)
        items, outputs = _items(state, raw_input, ctx), _Outputs()
        numbers = {name: states._jsonata_state_field(state, name, "number", raw_input, ctx)
                   for name in _NUMBERS if name in state}
        kept = {name: state[name] for name in ("Label", "Next", "End") if name in state}
        child = {"QueryLanguage": ctx["QueryLanguage"], "StateMachine": ctx["StateMachine"], "outputs": outputs}
        _, following = run({**kept, **numbers}, items, items, iterator, execution, child)
        result = [outputs[index] for index in sorted(outputs)]
        output = states._apply_jsonata_output(state, raw_input, ctx, result=result, default=result)
        states._apply_state_assign(state, raw_input, ctx, result=result)
        return output, following

    states._run_distributed_map = run_distributed_map


def child_executions() -> None:
    """A child sees itself as `$states.context.Execution`, and begins without variables."""
    run = states._run_sub_machine

    def run_sub_machine(machine, start_at, input_data, execution, ctx):
        outputs = ctx.pop("outputs", None)
        if outputs is None:
            return run(machine, start_at, input_data, execution, ctx)
        index = ctx.pop("Map")["Item"]["Index"]
        ctx["Execution"] = {"Id": execution["executionArn"], "Input": input_data, "Name": execution["name"],
                            "StartTime": execution["startDate"]}
        ctx["variables"] = {}
        outputs[index] = run(machine, start_at, input_data, execution, ctx)
        return outputs[index]

    states._run_sub_machine = run_sub_machine


def output_of_succeed() -> None:
    """Succeed has an Output in JSONata, which MiniStack passes over."""
    apply = states._apply_output_path

    def apply_output_path(state, data, ctx=None):
        if state.get("Type") == "Succeed" and states._state_query_language(state, ctx) == "JSONata":
            return states._apply_jsonata_output(state, data, ctx, default=data)
        return apply(state, data, ctx)

    states._apply_output_path = apply_output_path


def install() -> None:
    distributed_map()
    child_executions()
    output_of_succeed()
