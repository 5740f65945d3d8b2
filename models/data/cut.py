"""Cuts the incident traces to what training needs. Run once, by hand.

    cut.py SOURCE.parquet TARGET.npz

The input has one row per machine and step: machine (or server), minute (or step of 5
minutes), metrics as u16, and `label` (-1 history, 0 normal, 1 incident). All metrics
are kept, as u8 = 255 times their share of the largest value; all labelled rows, and the
week of history before them.
"""

import sys

import numpy as np
import pyarrow.parquet as parquet

HISTORY_MINUTES = 7 * 24 * 60

table = parquet.read_table(sys.argv[1])
node, step = table.column_names[:2]
minutes = 1 if step == "minute" else 5
metrics = [name for name in table.column_names if name not in (node, step, "label")]
names = np.array(table[node].to_pylist())
at = table[step].to_numpy().astype(np.int64) * minutes
labels = table["label"].to_numpy()
values = np.stack([table[name].to_numpy() for name in metrics], axis=1).astype(np.float64)
values = np.round(values / (10_000 if step == "minute" else 60_000) * 255).clip(0, 255).astype(np.uint8)

machines = sorted(set(names))
order = []
for machine in machines:
    rows = np.flatnonzero(names == machine)
    rows = rows[np.argsort(at[rows], kind="stable")]
    first = np.flatnonzero(labels[rows] >= 0)[0]
    order.append(rows[max(0, first - HISTORY_MINUTES // minutes) :])
order = np.concatenate(order)
np.savez_compressed(
    sys.argv[2],
    machines=np.array(machines),
    metrics=np.array(metrics),
    machine=np.array([machines.index(name) for name in names[order]], np.uint8),
    minute=at[order].astype(np.uint32),
    label=labels[order].astype(np.int8),
    values=np.ascontiguousarray(values[order].T),  # by metric: packs better
)
