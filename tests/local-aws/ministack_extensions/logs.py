"""CloudWatch Logs: every line arrives, and every line can be read."""

import json
import os
import queue
import re
import select
import threading
import time

from ministack.core.lambda_runtime import ProvidedWorker
from ministack.core.responses import error_response_json
from ministack.services import cloudwatch_logs

# Held while output is on its way from a pipe to a queue: nobody then sees it in neither.
_reading = threading.Lock()
# The reading thread only has to get its turn, so this is never reached.
_PATIENCE_SECONDS = 5.0


def _is_readable(stream) -> bool:
    """True while the pipe holds output. At the end of the output, until its reader has closed it."""
    readable = select.poll()
    readable.register(stream, select.POLLIN)
    return bool(readable.poll(0))


def _keep(lines: list[bytes], log_queue: queue.Queue) -> None:
    for line in lines:
        if log_queue.full():
            log_queue.get_nowait()
        log_queue.put_nowait(line.decode("utf-8", errors="replace").rstrip("\r"))


def pump_output(_worker, stream, log_queue: queue.Queue) -> None:
    """Reads what the function writes, for as long as it lives."""
    output = select.poll()
    output.register(stream, select.POLLIN)
    rest = b""
    while True:
        output.poll()
        with _reading:
            chunk = os.read(stream.fileno(), 65536)
            *lines, rest = (rest + chunk).split(b"\n")
            _keep(lines, log_queue)
            if not chunk:
                _keep([rest] if rest else [], log_queue)
                stream.close()
                return


def everything_written(worker, *_waits, **_named_waits) -> str:
    """What the function has written so far: the pipe is empty and the queue has it all."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        process = worker._proc
        with _reading:
            if process is None or process.stdout.closed or not _is_readable(process.stdout):
                break
        time.sleep(0.001)
    return worker._drain_stderr()


def whole_output() -> None:
    """What a function writes before it answers belongs to that invocation. MiniStack waits 50 ms for the thread that
    reads the output. On a busy machine the thread comes later; the lines then count for the environment's next
    invocation, and are lost where there is none."""
    ProvidedWorker._pump_output = pump_output
    ProvidedWorker._drain_stderr_bounded = everything_written


def pages() -> None:
    """FilterLogEvents goes on with `nextToken`; MiniStack ends at 10,000 events. The token says from which time on, and
    how many events of that time were on the pages before."""
    first_page = cloudwatch_logs._filter_log_events

    def page(request: dict):
        limit, skip = min(request.get("limit", 10_000), 10_000), 0
        if "nextToken" in request:
            token = re.fullmatch(r"(\d+)/(\d+)", request["nextToken"])
            if not token:
                return error_response_json("InvalidParameterException", "The specified nextToken is invalid.", 400)
            start, skip = map(int, token.groups())
            request = {**request, "startTime": start}
        status, headers, body = first_page({**request, "limit": limit + skip})
        answer = json.loads(body)
        events = answer.get("events", [])
        if len(events) >= limit:
            last = events[-1]["timestamp"]
            answer["nextToken"] = f"{last}/{sum(event['timestamp'] == last for event in events)}"
        if events:
            answer["events"] = events[skip:]
        return status, headers, json.dumps(answer).encode()

    cloudwatch_logs._filter_log_events = page


def install() -> None:
    whole_output()
    pages()
