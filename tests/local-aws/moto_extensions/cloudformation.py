"""CloudFormation in the member accounts: a stack takes time."""

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack

from . import clock

# Most of the time that a stack with a few IAM roles takes on AWS is IAM's own.
_SECONDS = 20


def _status(stack: Stack) -> str:
    final = stack.__dict__["status"]
    busy = final in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and clock.now() < stack.__dict__["settled_at"]
    return final.replace("COMPLETE", "IN_PROGRESS") if busy else final


def _set_status(stack: Stack, status: str) -> None:
    stack.__dict__["status"] = status
    stack.__dict__["settled_at"] = clock.now() + _SECONDS


def install() -> None:
    """moto's stacks are complete at once, and can be updated at any time."""
    Stack.status = property(_status, _set_status)
    update = CloudFormationBackend.update_stack

    def update_stack(self, name, *arguments, **options):
        stack = self.get_stack(name)
        if stack.status.endswith("IN_PROGRESS"):
            raise ValidationError(message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
        return update(self, name, *arguments, **options)

    CloudFormationBackend.update_stack = update_stack
