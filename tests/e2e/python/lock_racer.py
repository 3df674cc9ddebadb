"""One of many processes, of both languages, that fight for one audit's file: as npm/test/lock-racer.mjs.

Usage: lock_racer.py FILE SECONDS.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time

import anyio

import toolgate

PATH, SECONDS = sys.argv[1], float(sys.argv[2])


async def main() -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            sink = toolgate.FileAudit(PATH)
        except toolgate.AuditError as error:
            if "another guard uses it" not in error.message and "others try" not in error.message:
                raise
            await anyio.sleep(0.001)
            continue
        last = await sink.last()
        prev = json.loads(last)["hash"] if last else "0" * 64
        for _ in range(4):
            digest = hashlib.sha256(prev.encode() + os.urandom(16)).hexdigest()
            await sink.append(json.dumps({"prev": prev, "hash": digest, "by": f"python {os.getpid()}"}))
            print(digest, flush=True)
            prev = digest
            if random.random() < 1 / 16:
                os.kill(os.getpid(), signal.SIGKILL)
        sink.close()
        if random.random() < 0.5:
            await anyio.sleep(0.001)


anyio.run(main)
