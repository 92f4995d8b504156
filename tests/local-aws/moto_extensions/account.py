"""Account Management."""

from moto.account.exceptions import UnspecifiedContactType


def install() -> None:
    """ResourceNotFoundException is HTTP 404 (API model); moto answers 400."""
    UnspecifiedContactType.code = 404
