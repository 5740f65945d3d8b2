"""The probe: a small service, and a client that asks it at a fixed rate.

    probe.py serve PORT FOLDER        answers until killed
    probe.py ask PORT RATE SECONDS    prints `uptime_ms,latency_ms,what` per request

An answer takes a little of everything: 32 KiB are hashed, sixteen pages of a working
set of 24 MiB are touched, 4 KiB are written to a file and forced to the disk. So it
notices a lack of any of them, and no vital of the agent's is asked.
"""

import hashlib
import os
import random
import socket
import sys
import time

TIMEOUT = 2.0
WORKING_SET = 24 << 20
# The file begins anew after so many requests.
LONGEST = 512


def serve(port, folder):
    memory = bytearray(os.urandom(4096) * (WORKING_SET // 4096))
    draw = random.Random(1)
    path = os.path.join(folder, f"probe-{port}")
    door = socket.create_server(("127.0.0.1", port), backlog=64, reuse_port=True)
    count = 0
    while True:
        caller, _ = door.accept()
        caller.settimeout(TIMEOUT)
        try:
            caller.recv(64)
            page = draw.randrange(WORKING_SET // 4096)
            for _ in range(16):
                page = (page * 7919 + 1) % (WORKING_SET // 4096)
                memory[page * 4096] ^= 1
            hashlib.sha256(memory[: 32 << 10]).digest()
            try:
                with open(path, "wb" if count % LONGEST == 0 else "ab") as file:
                    file.write(b"x" * 4096)
                    file.flush()
                    os.fdatasync(file.fileno())
                caller.sendall(b"ok")
            except OSError:
                caller.sendall(b"refused")
            count += 1
        except OSError:
            pass
        finally:
            caller.close()


def ask(port, rate, seconds):
    begin = time.monotonic()
    for place in range(int(rate * seconds)):
        # Counted from when it was due: a late client hides nothing.
        due = begin + place / rate
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as call:
                call.settimeout(TIMEOUT)
                call.sendall(b"?")
                what = call.recv(16).decode() or "closed"
        except socket.timeout:
            what = "timeout"
        except OSError:
            what = "closed"
        uptime = time.clock_gettime(time.CLOCK_BOOTTIME) * 1000
        print(f"{uptime:.1f},{(time.monotonic() - due) * 1000:.3f},{what}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), sys.argv[3])
    else:
        ask(int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
