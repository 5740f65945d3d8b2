"""Our own recordings: what `models/record` wrote becomes labelled rows of vitals.

    recordings.py pack RAW data/recordings.npz     from `models/record`'s folders, once

*Played slowly.* Half a second of recording is played as ten seconds, twenty times
slower than it was: faults that take minutes on a Pi fit into recordings of half a
minute. Rates per second stay what they were. What the kernel averages over time is
averaged again over the played time, from the kernel's own running totals: the three
pressures over 10 s, the loads over 1, 5 and 15 min. Memory used is the box's own (see
`record`), of its 320 MiB. The agent counts no loop device, so of the box's disk is known
how long somebody waited for it: so long it was busy at least.

*Labels* come from the script's phase and the probe, never from a vital. At each sample,
what the probe met in the last five seconds (`LOOK`) says it:
- crisis, if a request failed, if a process was killed or a service fell in the last 15 s
  (`NEWS`), or if the probe's mean latency was over 10 times its 99th percentile when idle;
- stressed over 1.5 times; else happy with work going on, and bored without.
The mean, because a limit that lies within the noise of what is measured makes labels of
noise: of the 95th percentile, half of what is idle beside the medium background would be
stressed. So nothing is labelled by what is still to come.
The first five seconds of each phase (before, during, after) carry no label: there the
probe met both phases. How many times it was is packed too, so that samples next to a
limit can be told apart.
"""

import csv
import json
import math
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
PACKED = HERE / "data" / "recordings.npz"
PLAYED = 10.0  # seconds that one sample is played as
BORED, HAPPY, STRESSED, CRISIS = range(4)
UNLABELLED = 255
LOOK = 5.0  # seconds
NEWS = 15.0  # seconds: played slowly, the five minutes of the agent's rules
LIMITS = {STRESSED: 1.5, CRISIS: 10.0}
PRESSURES = ["psi_cpu_some", "psi_memory_some", "psi_memory_full", "psi_io_some", "psi_io_full"]
# A disk that is full and a service that falls do no work.
NO_WORK = ["idle", "full-disk", "flapping"]
COUNTERS = ["oom_kills", "filesystem_errors"]
TOTALS = ["cpu_some", "memory_some", "memory_full", "io_some", "io_full"]


def table(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    cells = [[float(cell) if cell else math.nan for cell in row] for row in rows[1:] if len(row) == len(rows[0])]
    return rows[0], np.array(cells)


def probes(folder):
    at, latency, bad = [], [], []
    for line in (folder / "probe.csv").read_text().splitlines():
        uptime, took, what = line.split(",")
        at.append(float(uptime))
        latency.append(float(took))
        bad.append(what != "ok")
    return np.array(at), np.array(latency), np.array(bad)


def vitals(folder):
    """Times, names and values of one recording, as played."""
    names, rows = table(folder / "vitals.csv")
    beside_names, beside = table(folder / "beside.csv")
    at, names, values = rows[1:, 0], names[1:], rows[1:, 1:]
    every = json.loads((folder / "about.json").read_text())["every_ms"] * 1000
    own = lambda name: np.interp(at, beside[:, 0], beside[:, beside_names.index(name)])
    column = lambda name: names.index(name)
    # As the kernel would average, had each sample lasted ten seconds.
    for name, total in zip(PRESSURES, TOTALS):
        stalled = np.diff(own(total), prepend=own(total)[0]) / every
        level = 0.0
        for place, share in enumerate(np.clip(stalled, 0, 1) * 100):
            level += (1 - math.exp(-PLAYED / 10)) * (share - level)
            values[place, column(name)] = level
    tasks = own("running") - 1 + own("blocked")
    for name, minutes in (("load1", 1), ("load5", 5), ("load15", 15)):
        level = tasks[:4].mean()
        for place, now in enumerate(tasks):
            level += (1 - math.exp(-PLAYED / 60 / minutes)) * (max(0, now) - level)
            values[place, column(name)] = level
    values[:, column("memory_used")] = own("box_memory") * 100
    # Counted from the machine's start: each recording begins anew, so that any may follow any.
    for name in COUNTERS:
        values[:, column(name)] -= values[0, column(name)]
    waited = np.diff(own("io_some"), prepend=own("io_some")[0]) / every
    values[:, column("disk_busy")] = np.maximum(values[:, column("disk_busy")], np.clip(waited, 0, 1) * 100)
    # What is down is a failed unit: where this is recorded, no systemd runs.
    values[:, column("failed_units")] = own("down")
    return at, names, values


def ends(folder, about):
    """When a process was killed, or the service fell, as the script knows it."""
    names, beside = table(folder / "beside.csv")
    fell = np.flatnonzero(np.diff(beside[:, names.index("down")]) > 0) + 1
    return np.concatenate([np.array(about["kills_ms"]), beside[fell, 0]])


def labels(folder, at, normal):
    """Of each sample, its mood, and how many times its idle latency the probe took."""
    about = json.loads((folder / "about.json").read_text())
    when, latency, bad = probes(folder)
    begin, end = about["fault_ms"]
    mood, times = np.full(len(at), UNLABELLED), np.full(len(at), np.nan)
    kills, look = ends(folder, about), LOOK * 1000
    for place, now in enumerate(at):
        since = max(phase for phase in (at[0], begin, end) if phase <= now)
        asked = (when > now - look) & (when <= now)
        if now - since < look or not asked.any():
            continue
        times[place] = latency[asked].mean() / normal
        killed = ((kills > now - NEWS * 1000) & (kills <= now)).any()
        if killed or bad[asked].any() or times[place] > LIMITS[CRISIS]:
            mood[place] = CRISIS
        elif times[place] > LIMITS[STRESSED]:
            mood[place] = STRESSED
        else:
            work = begin <= now < end and about["kind"] not in NO_WORK
            mood[place] = HAPPY if work or about["background"] != "none" else BORED
    return mood, times


def idle_latency(folders):
    """The probe's 99th percentile while nothing is scripted, beside no background or the
    light one: one measure for all, so that the same slowness has the same label everywhere.
    The medium background, a steady load, slows the probe itself."""
    idle = [folder for folder in folders if folder.name.startswith("idle-")]
    idle = [probes(folder)[1] for folder in idle if not folder.name.endswith("-medium")]
    return float(np.quantile(np.concatenate(idle), 0.99))


def pack(raw, target):
    folders = sorted(folder for folder in raw.iterdir() if (folder / "about.json").exists())
    normal = idle_latency(folders)
    print(f"{len(folders)} recordings; the idle probe's 99th percentile: {normal:.2f} ms")
    pieces, marks, all_times = [], [], []
    for number, folder in enumerate(folders):
        at, names, values = vitals(folder)
        mood, times = labels(folder, at, normal)
        pieces.append(values)
        marks.append(np.column_stack([np.full(len(at), number), mood]))
        all_times.append(times)
        print(f"{folder.name:24s} {np.bincount(mood[mood != UNLABELLED], minlength=4)}")
    values = np.concatenate(pieces).astype(np.float32)
    kept = ~np.isnan(values).all(axis=0)
    recording, mood = np.concatenate(marks).astype(np.uint8).T
    np.savez_compressed(
        target,
        names=np.array([folder.name for folder in folders]),
        normal=normal,
        vitals=np.array(names)[kept],
        values=values[:, kept],
        recording=recording,
        mood=mood,
        times=np.concatenate(all_times).astype(np.float32),
    )


class Recordings:
    """The packed recordings, played at an interval, on a board, with or without a past."""

    def __init__(self, path=PACKED):
        data = np.load(path)
        self.names = [str(name) for name in data["names"]]
        self.vitals = [str(name) for name in data["vitals"]]
        self.values, self.mood, self.recording = data["values"], data["mood"], data["recording"]
        # Not in the recordings of the earlier plan.
        self.times = data["times"] if "times" in data else np.full(len(self.mood), np.nan, np.float32)
        self.kinds = [name.rsplit("-", 2)[0] for name in self.names]
        # Of the box's disk, in %, when nothing had been written yet.
        self.held = np.nanmin(self.values[:, self.vitals.index("disk_used")])

    def play(self, number, every):
        """Values and moods of one recording; one row for each `every` samples."""
        rows = self.recording == number
        values, mood = self.values[rows], self.mood[rows]
        count = len(values) // every
        # A longer interval's rates are means; of levels the last is what is seen.
        rates = [name in RATES for name in self.vitals]
        grouped = values[: count * every].reshape(count, every, -1)
        measured = ~np.isnan(grouped)
        means = np.where(measured, grouped, 0).sum(axis=1) / np.maximum(1, measured.sum(axis=1))
        means = np.where(measured.any(axis=1), means, np.nan)
        out = np.where(rates, means, grouped[:, -1])
        return out, mood[: count * every].reshape(count, every)[:, -1]

    def holding(self, values, disk, memory, processes):
        """The same on a box of which so many % are taken already, with so many processes more."""
        values, place = values.copy(), {name: number for number, name in enumerate(self.vitals)}
        filled = (values[:, place["disk_used"]] - self.held) / (100 - self.held)
        values[:, place["disk_used"]] = disk + (100 - disk) * np.maximum(0, filled)
        values[:, place["memory_used"]] = memory + values[:, place["memory_used"]] * (100 - memory) / 100
        values[:, place["processes"]] += processes
        return values

    def past(self, every, hours, but=()):
        """Idle and steady recordings in turn, for so many hours."""
        calm = [n for n, kind in enumerate(self.kinds) if kind in ("idle", "steady") and n not in but]
        order = sorted(calm, key=lambda number: self.names[number].split("-")[1])
        parts, left, turn = [], hours * 3600, 0
        while left > 0 and order:
            number = order[turn % len(order)]
            values, mood = self.play(number, every)
            values = values[mood <= HAPPY]
            parts.append(values)
            left -= max(1, len(values)) * every * PLAYED
            turn += 1
        return np.concatenate(parts)


RATES = {
    "cpu", "cpu_busiest", "swap_in", "swap_out", "disk_busy", "disk_read", "disk_write", "net_received",
    "net_sent", "net_errors", "tcp_retransmits",
}

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] != "pack":
        sys.exit(__doc__)
    pack(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
