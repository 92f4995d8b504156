"""The tests' own paths, `/_local/…`, in front of MiniStack."""

import json

from ministack.services import eventbridge


async def _body(receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send, status: int, document: dict) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})


def put_events(request: dict) -> tuple[int, dict]:
    """AWS services put their own events on the bus; PutEvents refuses `aws.*` sources, as AWS does, so that a test
    could not play the service. `POST /_local/events` takes the body of PutEvents and may name any source."""
    status, _, body = eventbridge._put_events(request, allow_aws_source=True)
    return status, json.loads(body)


_PATHS = {("POST", "/_local/events"): put_events}


def wrap(app):
    """The ASGI application with the control paths in front."""

    async def wrapped(scope, receive, send):
        if scope["type"] != "http" or not scope["path"].startswith("/_local/"):
            await app(scope, receive, send)
            return
        handler = _PATHS.get((scope["method"], scope["path"]))
        if handler is None:
            await _answer(send, 404, {"message": f"no control path {scope['method']} {scope['path']}"})
            return
        try:
            status, document = handler(json.loads(await _body(receive)))
        except ValueError as error:
            status, document = 400, {"message": str(error)}
        await _answer(send, status, document)

    return wrapped
