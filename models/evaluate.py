"""What a model says of a trace, beside what people or a probe said. See `models/evaluate`."""

import argparse
import csv
import pathlib
import sys

import numpy as np

import measure
from agent import MOODS, Agent, Incidents
from data import recorded  # noqa: F401  (a fault in the data is told before anything runs)
from recordings import PACKED

HERE = pathlib.Path(__file__).resolve().parent


class Unreadable(SystemExit):
    pass


def incidents_of(path):
    """A Parquet file in the layout of the incident traces: node, step, metrics, label."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(path)
    names = table.column_names
    steps = [name for name in names if name == "minute" or (name.startswith("step") and name.endswith("min"))]
    if not steps or "label" not in names:
        raise Unreadable(f"{path}: wanted are a node, `minute` or `stepNmin`, metrics and `label`; found {names[:4]}…")
    step = steps[0]
    minutes = 1 if step == "minute" else int(step[4:-3])
    node = next(name for name in names if name in ("machine", "server", "node"))
    metrics = [name for name in names if name not in (node, step, "label")]
    who = np.array(table[node].to_pylist())
    machines = sorted(set(who))
    machine = np.array([machines.index(name) for name in who])
    at = table[step].to_numpy().astype(np.int64)
    order = np.lexsort((at, machine))
    values = np.stack([table[name].to_numpy() for name in metrics], axis=1).astype(np.float64)
    # Integers stand for 0 to 1; whatever their scale is, the largest possible value is no smaller.
    if not np.issubdtype(table[metrics[0]].to_numpy().dtype, np.floating):
        values /= 10_000 if step == "minute" else 60_000
    label = table["label"].to_numpy().astype(int)
    source = Incidents(machines, metrics, machine[order], at[order] * minutes, label[order], values[order])
    source.step = at[order]
    return source


def judged(agent, source, model):
    """What the node would have said of each labelled row of an incident trace."""
    said = agent.judge(source.trace(), model, relative=True)
    rows = said[:, 1].astype(int) if len(source.label) < 1 << 24 else np.flatnonzero(source.label >= 0)
    assert np.array_equal(rows, np.flatnonzero(source.label >= 0)), "one line per labelled row"
    return said


def figures(source, said):
    keep = source.label >= 0
    label, machine, minute = source.label[keep], source.machine[keep], source.minute[keep]
    crisis = measure.alarms(label, said[:, 7] == 3, minute, machine)
    trouble = measure.alarms(label, said[:, 7] >= 2, minute, machine)
    return {
        "AP per machine": measure.by_machine(label, said[:, 2], machine),
        "constant": float(np.mean([label[machine == one].mean() for one in np.unique(machine)])),
        "crisis": crisis,
        "stressed or crisis": trouble,
    }


def write(path, source, said):
    keep = source.label >= 0
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["machine", "step", "score", *MOODS, "mood"])
        for machine, step, row in zip(source.machine[keep], source.step[keep], said):
            mood = MOODS[int(row[7])] if row[7] >= 0 else ""
            out.writerow([source.machines[machine], step, *(f"{value:.6f}" for value in row[2:7]), mood])


def of_recordings(agent, model, path, scores):
    """Our own recordings: every one, in every way of playing."""
    source, rows = recorded(agent, path)
    truth, said, probabilities, lines = [], [], [], []
    for turn, trace in enumerate(rows.traces):
        out = agent.judge(trace, model, relative=False)
        mood = np.log2(rows.y[rows.play == turn] @ [1, 2, 4, 8]).astype(int)
        truth.append(mood)
        said.append(out[:, 7].astype(int))
        probabilities.append(out[:, 3:7])
        names = np.array(source.names)[out[:, 0].astype(int)]
        lines += [(f"{name}/{turn}", int(row[1]), *row[2:7], row[7]) for name, row in zip(names, out)]
    truth, said, probabilities = map(np.concatenate, (truth, said, probabilities))
    print(f"{len(source.names)} recordings, {len(truth)} samples (the embedded model was trained on them)")
    print(f"macro-F1 {measure.macro_f1(truth, said):.3f}, ECE {measure.calibration_error(truth, probabilities):.3f}")
    for name, (precision, recall, _) in measure.by_class(truth, said).items():
        print(f"  {name:9s} precision {precision:.2f}, recall {recall:.2f}")
    if scores:
        with open(scores, "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["machine", "step", "score", *MOODS, "mood"])
            for name, step, *values, mood in lines:
                out.writerow([name, step, *(f"{value:.6f}" for value in values), MOODS[int(mood)] if mood >= 0 else ""])


def show(figures):
    print(f"AP per machine {figures['AP per machine']:.3f} (constant {figures['constant']:.3f})")
    for name in ("crisis", "stressed or crisis"):
        one = figures[name]
        late = one["minutes_to_detection"]
        print(
            f"{name}: {one['recall']:.2f} of {one['events']} events, {one['false_per_day']:.2f} false per node-day, "
            f"median {'-' if late is None else f'{late:.0f}'} min to detection"
        )


def main():
    parser = argparse.ArgumentParser(prog="models/evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("--trace", type=pathlib.Path, default=PACKED, help="a Parquet file, or our recordings (.npz)")
    parser.add_argument("--model", type=pathlib.Path, default=HERE / "mood.onnx")
    parser.add_argument("--scores", type=pathlib.Path, help="write a line per labelled row")
    parser.add_argument("--baselines", action="store_true", help="the simpler judges as well")
    parser.add_argument("--features", help="an already built `features` example, instead of cargo's")
    options = parser.parse_args()
    for file in (options.trace, options.model):
        if not file.exists():
            sys.exit(f"{file} does not exist")
    agent = Agent(options.features)
    if options.trace.suffix == ".npz" and "recording" in np.load(options.trace):
        return of_recordings(agent, options.model, options.trace, options.scores)
    source = incidents_of(options.trace)
    said = judged(agent, source, options.model)
    print(f"{len(source.machines)} machines, {(source.label >= 0).sum()} rows after the history")
    if (source.label == 1).any():
        show(figures(source, said))
        if options.baselines:
            from report import simpler

            for name, value in simpler(agent, source).items():
                print(f"{name}: AP per machine {value['AP']:.3f}")
    if options.scores:
        write(options.scores, source, said)


if __name__ == "__main__":
    main()
