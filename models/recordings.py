"""Our own recordings: what `models/record` wrote becomes labelled rows of vitals.

    recordings.py pack RAW data/recordings.npz     from `models/record`'s folders, once

*Played slowly.* Half a second of recording is played as ten seconds, twenty times
slower than it was: faults that take minutes on a Pi fit into recordings of half a
minute. Rates per second stay what they were. What the kernel averages over time is
averaged again over the played time, from the kernel's own running totals: the three
pressures over 10 s, the loads over 1, 5 and 15 min. Memory used is the box's own (see
`record`), of its 320 MiB.

*Labels* come from the script's phase and the probe, never from a vital. The phases
(before, during, after) are cut into stretches of about four seconds, and a stretch is
- crisis, if a request failed in it, a process was killed, or the 95th percentile of the
  probe's latency was over 10 times its 99th percentile when idle;
- stressed over 1.5 times; else happy with work going on, and bored without.
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
PRESSURES = ["psi_cpu_some", "psi_memory_some", "psi_memory_full", "psi_io_some", "psi_io_full"]
# A disk that is full and a service that falls do no work.
NO_WORK = ["idle", "full-disk", "flapping"]
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
    return at, names, values


def labels(folder, at, normal):
    about = json.loads((folder / "about.json").read_text())
    when, latency, bad = probes(folder)
    begin, end = about["fault_ms"]
    every = about["every_ms"]
    during = (at >= begin) & (at < end)
    working = (about["background"] != "none") | (during & ~np.isin(about["kind"], NO_WORK))
    out = np.where(working, HAPPY, BORED)
    phase = np.where(at < begin, 0, np.where(at < end, 1, 2))
    for one in range(3):
        rows = np.flatnonzero(phase == one)
        # Stretches of four seconds: 160 requests each.
        for stretch in np.array_split(rows, max(1, round(len(rows) * every / 4000))):
            if not len(stretch):
                continue
            first, last = at[stretch[0]] - every, at[stretch[-1]]
            asked = (when > first) & (when <= last)
            killed = any(first < kill <= last for kill in about["kills_ms"])
            high = np.quantile(latency[asked], 0.95) / normal if asked.any() else math.inf
            if killed or bad[asked].any() or high > 10:
                out[stretch] = CRISIS
            elif high > 1.5:
                out[stretch] = STRESSED
    return out


def pack(raw, target):
    folders = sorted(folder for folder in raw.iterdir() if (folder / "about.json").exists())
    idle = np.concatenate([probes(folder)[1] for folder in folders if folder.name.startswith("idle")])
    normal = float(np.quantile(idle, 0.99))
    print(f"{len(folders)} recordings; the idle probe's 99th percentile is {normal:.2f} ms")
    data = {"normal": normal, "names": np.array([folder.name for folder in folders])}
    pieces, marks = [], []
    for number, folder in enumerate(folders):
        at, names, values = vitals(folder)
        mood = labels(folder, at, normal)
        pieces.append(values)
        marks.append(np.column_stack([np.full(len(at), number), mood]))
        print(f"{folder.name:24s} {np.bincount(mood, minlength=4)}")
    values = np.concatenate(pieces).astype(np.float32)
    kept = ~np.isnan(values).all(axis=0)
    data["vitals"] = np.array(names)[kept]
    data["values"] = values[:, kept]
    data["recording"], data["mood"] = np.concatenate(marks).astype(np.uint8).T
    np.savez_compressed(target, **data)


class Recordings:
    """The packed recordings, played at an interval, on a board, with or without a past."""

    def __init__(self, path=PACKED):
        data = np.load(path)
        self.names = [str(name) for name in data["names"]]
        self.vitals = [str(name) for name in data["vitals"]]
        self.values, self.mood, self.recording = data["values"], data["mood"], data["recording"]
        self.kinds = [name.rsplit("-", 2)[0] for name in self.names]

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
