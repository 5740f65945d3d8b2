"""What is recorded: kinds of work and faults, their strengths, what runs beside them."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Seconds. Long enough that a plateau is one: played twenty times slower, twelve minutes.
BEFORE, DURING, AFTER = 12, 36, 12

# Work that goes on throughout. The first two are calm.
BACKGROUNDS = {
    "none": [],
    "light": [["stress-ng", "--quiet", "--cpu", "1", "--cpu-load", "15"]],
    "medium": [["stress-ng", "--quiet", "--cpu", "2", "--cpu-load", "30"]],
}

# kind: strengths from weak to strong, each with its background. Neighbours are two to
# four times apart, and each kind runs over more than one background. The idle ones
# are what the probe is held against, for each background its own.
PLAN = {
    "idle": [("1", "none"), ("2", "light"), ("3", "medium"), ("4", "none")],
    "steady": [("40", "none"), ("80", "light"), ("80", "medium"), ("240", "none")],
    "build": [("1", "none"), ("2", "light"), ("4", "medium"), ("8", "none")],
    "backup": [("1", "none"), ("3", "light"), ("6", "medium"), ("20", "none")],
    "leak": [("10", "none"), ("30", "light"), ("90", "medium"), ("270", "none")],
    "thrash": [("1", "none"), ("1", "light"), ("4", "medium"), ("12", "none")],
    "runaway": [("2", "none"), ("4", "light"), ("8", "medium"), ("24", "none")],
    "fork-storm": [("1", "none"), ("4", "light"), ("16", "medium"), ("48", "none")],
    "full-disk": [("60", "none"), ("80", "light"), ("100", "medium"), ("100", "none")],
    "flood": [("1", "none"), ("2", "light"), ("4", "medium"), ("12", "none")],
    "flapping": [("20", "none"), ("10", "light"), ("5", "medium"), ("2", "none")],
}

# Memory of the box that is recorded, and its swap, where the scenario has some.
MEMORY = 320 << 20
SWAP = 128 << 20
WITH_SWAP = {("leak", "30"), ("leak", "270")}
# The box's disk: its size, and the writes and bytes a second that it takes. The pace is the
# least that an SD card of Application Performance Class 1 promises (SD specification 5.1).
DISK = 64 << 20
WRITES, WRITTEN = 500, 10_000_000

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

# An archive of 4 MiB, written over and over at so many MB a second: a backup that fills
# the disk is another fault, and has its own scenario.
BACKUP = """
import os, subprocess, sys, time
path, rate = sys.argv[1], float(sys.argv[2]) * 1e6
source = "while :; do tar cf - /usr/share /usr/lib 2>/dev/null | gzip -1; done"
archive = subprocess.Popen(["sh", "-c", source], stdout=subprocess.PIPE).stdout
file, begin, written = os.open(path, os.O_CREAT | os.O_WRONLY), time.monotonic(), 0
while True:
    block = archive.read(1 << 18)
    os.pwrite(file, block, written % (1 << 22))
    os.fdatasync(file)
    written += len(block)
    time.sleep(max(0.0, begin + written / rate - time.monotonic()))
"""

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
        return [[sys.executable, "-c", BACKUP, os.path.join(folder, "backup"), strength]]
    if kind == "leak":
        return [[sys.executable, "-c", LEAK, strength]]
    if kind == "thrash":
        # One writer of small blocks leaves others a turn; several of large ones don't.
        size = "4k" if strength == "1" else "64k"
        return [quiet + ["--hdd", strength, "--hdd-bytes", "16m", "--hdd-write-size", size, "--hdd-opts", "sync,wr-rnd"]]
    if kind == "runaway":
        return [quiet + ["--cpu", strength, "--cpu-method", "matrixprod"]]
    if kind == "fork-storm":
        return [quiet + ["--fork", strength, "--fork-max", "8"]]
    if kind == "full-disk":
        return [[sys.executable, "-c", FILL, folder, strength]]
    if kind == "flood":
        return [quiet + ["--udp", strength, "--udp-flood", strength]]
    return []
