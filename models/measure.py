"""What the model reaches on what it has never seen, beside simpler judges."""

import numpy as np

MOODS = ["bored", "happy", "stressed", "crisis"]
PHASES = (
    "idle steady busy build backup leak thrash heat weak-supply lossy-network disk-full flapping "
    "fork-storm dying-card"
).split()
HEAD = 4


def average_precision(label, score):
    order = np.argsort(-score, kind="stable")
    hits = label[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits == 1].mean()) if hits.any() else float("nan")


def by_class(truth, said):
    """Precision, recall and F1 of each mood."""
    rows = []
    for mood in range(4):
        hit = ((truth == mood) & (said == mood)).sum()
        precision = hit / max(1, (said == mood).sum())
        recall = hit / max(1, (truth == mood).sum())
        rows.append((precision, recall, 2 * precision * recall / max(1e-9, precision + recall)))
    return rows


def calibration_error(truth, probabilities):
    """Expected calibration error of the winning mood, 15 bins."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((sure * 15).astype(int), 14)
    return sum(
        (bins == b).mean() * abs(right[bins == b].mean() - sure[bins == b].mean()) for b in range(15) if (bins == b).any()
    )


def smoothed(score, machine):
    """Mean of three minutes, within each machine."""
    out = score.astype(np.float64).copy()
    for name in np.unique(machine):
        rows = np.flatnonzero(machine == name)
        padded = np.concatenate([[score[rows[0]]] * 2, score[rows]])
        out[rows] = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    return out


def report(agent, model, test, traces, score, machines, size):
    truth = np.log2(test[:, 1]).astype(int)
    probabilities = model.probabilities(test[:, HEAD:])
    said = probabilities.argmax(axis=1)
    ruled = test[:, 2].astype(int)
    constant = np.full(len(truth), np.bincount(truth).argmax())
    lines = [
        f"`mood.onnx`: {size} bytes, {agent.features} features, schema `{agent.hash[:16]}…`.",
        "",
        f"On {len(np.unique(test[:, 0]))} simulated boxes of a seed never trained on ({len(test)} samples):",
        "",
        "| | accuracy | macro-F1 | " + " | ".join(f"{mood} P / R" for mood in MOODS) + " |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, verdict in (("model", said), ("threshold rules", ruled), ("constant", constant)):
        classes = by_class(truth, verdict)
        cells = " | ".join(f"{p:.2f} / {r:.2f}" for p, r, _ in classes)
        macro = np.mean([f for _, _, f in classes])
        lines.append(f"| {name} | {(truth == verdict).mean():.3f} | {macro:.3f} | {cells} |")
    psi = agent.features + 3  # whether CPU pressure is present
    for name, rows in (("with", test[:, HEAD + psi] > 0.5), ("without", test[:, HEAD + psi] < 0.5)):
        macro = np.mean([f for _, _, f in by_class(truth[rows], said[rows])])
        lines += ["" if name == "with" else "", f"Macro-F1 {name} pressure (PSI) sensors: {macro:.3f}."]
    wrong = ((truth < 2) & (said == 3)).mean() / max(1e-9, (truth < 2).mean())
    lines += [
        "",
        f"Expected calibration error {calibration_error(truth, probabilities):.3f}; "
        f"crisis said of a calm box in {100 * wrong:.2f} % of its samples.",
        "",
        "| phase | samples | accuracy model | rules |",
        "| --- | --- | --- | --- |",
    ]
    for place, name in enumerate(PHASES):
        rows = test[:, 3].astype(int) == place
        if rows.any():
            right = (said[rows] == truth[rows]).mean(), (ruled[rows] == truth[rows]).mean()
            lines.append(f"| {name} | {rows.sum()} | {right[0]:.2f} | {right[1]:.2f} |")
    incident = (traces[:, 1].astype(int) == 0b1100).astype(int)
    machine = traces[:, 0].astype(int)
    distance = traces[:, HEAD + agent.names.index("distance")]
    lines += [
        "",
        f"On the {machines} recorded servers, each judged by a network that never saw it "
        f"({len(traces)} labelled minutes, {100 * incident.mean():.1f} % in incidents):",
        "",
        "| score (mean of 3 min) | AP per machine |",
        "| --- | --- |",
    ]
    judges = (
        ("P(stressed) + P(crisis)", score),
        ("distance from the own normal alone", distance),
        ("constant", np.zeros(len(score))),
    )
    for name, values in judges:
        even = smoothed(values, machine)
        each = []
        for one in np.unique(machine):
            rows = machine == one
            each.append(incident[rows].mean() if name == "constant" else average_precision(incident[rows], even[rows]))
        lines.append(f"| {name} | {np.mean(each):.3f} |")
    return "\n".join(lines) + "\n"
