"""CloudWatch Logs: what a function writes before it answers belongs to that invocation.

MiniStack waits 50 ms for the thread that reads a function's output. On a busy machine the thread comes later; the lines
then count for the environment's next invocation, and are lost where there is none.
"""

import os
import queue
import select
import threading
import time

from ministack.core.lambda_runtime import ProvidedWorker

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


def install() -> None:
    ProvidedWorker._pump_output = pump_output
    ProvidedWorker._drain_stderr_bounded = everything_written
