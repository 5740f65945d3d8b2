"""Cuts the Server Machine Dataset to what training needs. Run once, by hand.

    cut_smd.py SMD.parquet smd.npz

The input has one row per machine and minute: `machine`, `minute`, the 38 metrics
as u16 = value × 10,000, and `label` (-1 history, 0 normal, 1 incident). Kept are
the metrics that a vital of ours measures too, as u8 = value × 255, all labelled
minutes, and the three days of history before them (the node's own normal forgets
with a time constant of one day).
"""

import sys

import numpy as np
import pyarrow.parquet as parquet

# Metric of the data set → our vital.
VITALS = {
    "cpu_r": "cpu",
    "load_1": "load1",
    "mem_u_e": "memory_used",
    "si": "swap_in",
    "so": "swap_out",
    "disk_u": "disk_busy",
    "disk_rb": "disk_read",
    "disk_wb": "disk_write",
    "disk_q": "blocked",
    "eth1_fi": "net_received",
    "eth1_fo": "net_sent",
    "retransegs": "tcp_retransmits",
    "tcp_use": "processes",
}
HISTORY = 3 * 24 * 60

table = parquet.read_table(sys.argv[1], columns=["machine", "minute", "label", *VITALS])
names = np.array(table["machine"].to_pylist())
minutes = table["minute"].to_numpy()
labels = table["label"].to_numpy()
values = np.stack([table[name].to_numpy() for name in VITALS], axis=1)
values = np.round(values / 10_000 * 255).clip(0, 255).astype(np.uint8)

keep = np.zeros(len(names), bool)
machines = sorted(set(names))
for machine in machines:
    rows = np.flatnonzero(names == machine)
    rows = rows[np.argsort(minutes[rows], kind="stable")]
    first = np.flatnonzero(labels[rows] >= 0)[0]
    keep[rows[max(0, first - HISTORY):]] = True

order = np.flatnonzero(keep)
index = np.array([machines.index(name) for name in names[order]], np.uint8)
np.savez_compressed(
    sys.argv[2],
    machines=np.array(machines),
    vitals=np.array(list(VITALS.values())),
    machine=index,
    minute=minutes[order].astype(np.uint32),
    label=labels[order].astype(np.int8),
    values=values[order],
)
