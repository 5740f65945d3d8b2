"""What is recorded: kinds of work and faults, their strengths, what runs beside them."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BEFORE, DURING, AFTER = 6, 20, 6  # seconds

# Work that goes on throughout. The first two are calm.
BACKGROUNDS = {
    "none": [],
    "light": [["stress-ng", "--quiet", "--cpu", "1", "--cpu-load", "15"]],
    "medium": [["stress-ng", "--quiet", "--cpu", "2", "--cpu-load", "30"]],
}

# kind: strengths from weak to strong, each with its background.
PLAN = {
    "idle": [("1", "none"), ("2", "none"), ("3", "none")],
    "steady": [("20", "none"), ("60", "none"), ("120", "light"), ("200", "none")],
    "build": [("1", "none"), ("2", "light"), ("4", "none"), ("6", "medium")],
    "backup": [("1", "none"), ("2", "light"), ("3", "medium")],
    "leak": [("20", "none"), ("40", "light"), ("80", "none"), ("80", "medium"), ("160", "none")],
    "thrash": [("1", "none"), ("2", "light"), ("4", "none"), ("8", "medium")],
    "runaway": [("1", "none"), ("2", "light"), ("4", "none"), ("8", "medium")],
    "fork-storm": [("1", "none"), ("4", "light"), ("16", "medium")],
    "full-disk": [("80", "none"), ("96", "light"), ("100", "none")],
    "flood": [("1", "none"), ("2", "light"), ("4", "medium")],
    "flapping": [("8", "none"), ("4", "light"), ("2", "medium")],
}

# Kinds that do honest work and those that do none; the rest are faults.
NO_WORK = {"idle"}
WORK = {"steady", "build", "backup"}

# Memory of the box that is recorded, and its swap, where the scenario has some.
MEMORY = 320 << 20
SWAP = 128 << 20
WITH_SWAP = {("leak", "40"), ("leak", "160"), ("leak", "80", "medium"), ("thrash", "2")}
# The size of the box's disk.
DISK = 64 << 20

LEAK = """
import sys, time
rate, held = int(sys.argv[1]), []
begin = time.monotonic()
while True:
    due = (time.monotonic() - begin) * rate
    while len(held) < due:
        held.append(bytearray(b"x" * (1 << 20)))
    # What it holds it also uses.
    for block in held[:: 8]:
        block[::4096] = b"y" * len(block[::4096])
    time.sleep(0.02)
"""

BUILD = """
i=0
while :; do
  i=$((i+1))
  { for n in $(seq 300); do echo "int f$n(int a){int s=0;for(int i=0;i<a;i++)s+=i*$n^a;return s;}"; done; } > "$0/b$1-$i.c"
  gcc -O2 -c -o "$0/b$1.o" "$0/b$1-$i.c"; rm -f "$0/b$1-$i.c"
done
"""

BACKUP = "while :; do tar cf - /usr/share /usr/lib 2>/dev/null | gzip -1 | head -c 200M > \"$0/backup-$1\"; sync \"$0/backup-$1\"; done"

FILL = """
import os, sys, time
folder, share = sys.argv[1], float(sys.argv[2]) / 100
stat = os.statvfs(folder)
want = stat.f_bavail * stat.f_frsize - stat.f_blocks * stat.f_frsize * (1 - share)
with open(os.path.join(folder, "fill"), "wb", buffering=0) as file:
    written = 0
    while share >= 1 or written < want:
        try:
            written += file.write(b"x" * (1 << 20))
        except OSError:
            time.sleep(0.05)
        time.sleep(0.02)
time.sleep(3600)
"""


def fault(kind, strength, folder, port):
    """The commands that make it; `folder` is on the box's disk."""
    quiet = ["stress-ng", "--quiet", "--temp-path", folder]
    if kind == "steady":
        ask = [sys.executable, os.path.join(HERE, "probe.py")]
        return [ask + ["serve", str(port + 1), folder], ask + ["ask", str(port + 1), strength, "3600"]]
    if kind == "build":
        return [["sh", "-c", BUILD, folder, str(n)] for n in range(int(strength))]
    if kind == "backup":
        return [["sh", "-c", BACKUP, folder, str(n)] for n in range(int(strength))]
    if kind == "leak":
        return [[sys.executable, "-c", LEAK, strength]]
    if kind == "thrash":
        return [quiet + ["--hdd", strength, "--hdd-bytes", "16m", "--hdd-opts", "sync,wr-rnd"]]
    if kind == "runaway":
        return [quiet + ["--cpu", strength, "--cpu-method", "matrixprod"]]
    if kind == "fork-storm":
        return [quiet + ["--fork", strength, "--fork-max", "8"]]
    if kind == "full-disk":
        return [[sys.executable, "-c", FILL, folder, strength]]
    if kind == "flood":
        return [quiet + ["--udp", strength, "--udp-flood", strength]]
    return []
