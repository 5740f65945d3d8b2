"""The figures that the card shows: each on what the judge has never seen."""

import numpy as np

import baselines
import explanations
import measure
import network
from agent import CALM, HEAD, HISTORY, MOODS, trace
from data import PLAYS
from recordings import CRISIS

FOLDS = 7
# One training differs from the next: networks of so many seeds are asked for the spread.
SEEDS = 3
HYSTERESIS = 120.0  # seconds that a mood stands at least (steady.rs)
KIND_FOLDS = [("leak", "flood", "build"), ("thrash", "runaway", "backup"), ("fork-storm", "full-disk", "flapping")]


def of_nodes(trace, nodes):
    """The part of a trace that is of these nodes."""
    head, rows = trace.split(b"\n", 1)
    table = np.frombuffer(rows, "<f8").reshape(-1, head.count(b",") + 1)
    return head + b"\n" + table[np.isin(table[:, 0], nodes)].tobytes()


def verdicts(agent, sources, net, trace, relative, tag):
    """What the agent would have said with this network."""
    import pathlib
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "fold.onnx"
        metadata = {
            "goldentooth.schema": agent.hash,
            "goldentooth.moods": ",".join(MOODS),
            "goldentooth.data": sources.digest.hexdigest(),
        }
        net.export(path, metadata, tag)
        return agent.judge(trace, path, relative)


def incidents(sources):
    """Each server judged by a network that was trained without it."""
    source, full, agent = sources.smd_source, sources.smd_full, sources.agent
    count, begin = len(source.machines), sources.agent.unnamed
    label, minute = full.y[:, CRISIS] > 0, source.minute[source.label >= 0]
    said = np.zeros((len(label), 8), np.float32)
    # Scores of every row, the history too: each judge's threshold comes out of it.
    forest, distance = np.zeros(len(source.label)), np.zeros(len(source.label))
    for fold in range(FOLDS):
        nodes = [one for one in range(count) if one % FOLDS == fold]
        held, whole = np.isin(full.group, nodes), np.isin(source.machine, nodes)
        net = sources.fit(100 + fold, smd=sources.smd.only(~np.isin(sources.smd.group, nodes)))
        said[held] = verdicts(agent, sources, net, of_nodes(source.trace(), nodes), True, "fold")
        rows = agent.trace(of_nodes(source.trace(HISTORY), nodes), relative=True)
        columns = slice(HEAD + begin, HEAD + agent.features)
        forest[whole] = ceiling(sources.smd, nodes, slice(begin, agent.features))(rows[:, columns])
        distance[whole] = rows[:, HEAD + begin]
    out = {"model": of_incidents(label, said[:, 2], said[:, 7], full.group, minute)}
    out["gradient-boosted forest (ceiling)"] = by_score(agent, source, forest, forest)
    out["joint distance alone"] = by_score(agent, source, distance, scaled(source, distance))
    out["agent's rules (of what has a vital's name)"] = by_rules(agent, source)
    never = np.zeros(len(label), bool)
    out["constant"] = {
        "AP": float(np.mean([label[full.group == one].mean() for one in range(count)])),
        "crisis": measure.alarms(label, never, minute, full.group),
    }
    return out


def scaled(source, score):
    """A score on a scale of 0 to 1 on which the machine's own history stays below 0.3 but for one
    row in a hundred: it is to be neither below the least threshold nor beyond the highest."""
    out = np.zeros(len(score))
    for one in np.unique(source.machine):
        rows = source.machine == one
        usual = max(np.quantile(score[rows & (source.label < 0)], 0.99), 1e-3)
        out[rows] = np.clip(0.3 * score[rows] / usual, 0, 1)
    return out


def by_score(agent, source, score, trouble):
    """Figures of any score, given for every row, and as trouble from 0 to 1: the agent's own code
    chooses each machine's threshold and holds the mood steady, as it does for the model."""
    minute, now = source.minute.astype(float), source.label >= 0
    judged = agent.scored(trace(["score"], source.machine, minute * 60_000, np.where(now, CALM, 0), trouble[:, None]))
    label, machine = source.label[now] == 1, source.machine[now]
    figures = of_incidents(label, score[now], judged[:, 7], machine, minute[now])
    return figures | {"AP": ap(label, score[now], machine, minute[now])}


def by_rules(agent, source):
    """The rules, of the metrics that a vital's name fits: in % of each machine's own highest."""
    vitals = {"cpu": "cpu_r", "memory_used": "mem_u_e", "disk_busy": "disk_u"}
    values = source.values[:, [source.metrics.index(name) for name in vitals.values()]] * 100
    minute, now = source.minute.astype(float), source.label >= 0
    moods = np.where(now, CALM, 0)
    judged = agent.judge(trace(list(vitals), source.machine, minute * 60_000, moods, values), None, relative=False)
    label, machine = source.label[now] == 1, source.machine[now]
    figures = of_incidents(label, judged[:, 5] + judged[:, 6], judged[:, 7], machine, minute[now])
    return figures | {"AP": ap(label, judged[:, 5] + judged[:, 6], machine, minute[now])}


def simpler_judges(sources):
    """The simpler judges of the same incidents."""
    return simpler(sources.agent, sources.smd_source)


def ceiling(train, nodes, columns):
    """What a forest of the same features says that has not seen these machines."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    known = ~np.isin(train.group, nodes)
    trees = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=15, learning_rate=0.1, random_state=0)
    trees.fit(train.x[known][:, columns], train.y[known][:, CRISIS] > 0, sample_weight=train.weight[known])
    return lambda x: trees.predict_proba(x)[:, 1]


def ap(label, score, machine, minute):
    even = np.concatenate([measure.smoothed(score[machine == one], minute[machine == one]) for one in np.unique(machine)])
    return measure.by_machine(label, even, machine)


def of_incidents(label, score, mood, machine, minute):
    return {
        "AP": measure.by_machine(label, score, machine),
        "crisis": measure.alarms(label, mood == 3, minute, machine),
        "stressed or crisis": measure.alarms(label, mood >= 2, minute, machine),
    }


def simpler(agent, source, names=baselines.ALL):
    """Each simpler judge on every machine."""
    out = {}
    for name in names:
        # Slow: every twentieth minute says enough.
        part = source.every(20) if name == baselines.NOVELTY else source
        score = np.zeros(len(part.label))
        for one in range(len(part.machines)):
            rows = part.machine == one
            values, past = part.values[rows], part.label[rows] < 0
            score[rows] = baselines.ALL[name](values[past], values, part.metrics)
        out[name] = by_score(agent, part, score, scaled(part, score))
    return out


def classes(truth, said, probabilities=None):
    out = {"macro-F1": measure.macro_f1(truth, said), "classes": measure.by_class(truth, said), "samples": len(truth)}
    if probabilities is not None:
        out["ECE"] = measure.calibration_error(truth, probabilities)
    return out


def recordings(sources):
    """Each recording judged by networks that never saw its strength, or its kind."""
    rows, kinds = sources.recordings, np.array(sources.played.kinds)
    truth = moods_of(rows)
    scores = baselines.of_recordings(sources.played, PLAYS)
    out = {}
    # A mood stands for two minutes: nearer to a change of the label, two moods are right.
    clear = rows.shift >= HYSTERESIS
    splits = {
        "known kinds, unseen strengths": strengths(kinds),
        "kinds left out": [np.isin(kinds, fold) for fold in KIND_FOLDS],
    }
    seeds = {name: [200 + 10 * turn + 100 * other for other in range(SEEDS)] for turn, name in enumerate(splits)}
    told = {name: judged(sources, folds, seeds[name][0]) for name, folds in splits.items()}
    for name, folds in splits.items():
        logits, turn_of, shown = told[name]
        seen, trees = turn_of >= 0, np.zeros(len(truth), int)
        for fold in range(len(folds)):
            trees[turn_of == fold] = forest_of(rows, truth, turn_of == fold)
        said = logits.argmax(axis=1)
        cooled = network.softmax(logits * temperatures(told, turn_of, truth, rows.group)[:, None])
        part = out[name] = {"model": classes(truth[seen], said[seen], cooled[seen])}
        part["model, as certain as it was on what it learned"] = classes(
            truth[seen], said[seen], network.softmax(logits)[seen]
        )
        part["the node's mood (smoothed, with its rules)"] = classes(truth[seen], shown[seen])
        sure = seen & clear
        part["model, clear samples"] = classes(truth[sure], said[sure], cooled[sure])
        part["forest, clear samples"] = classes(truth[sure], trees[sure])
        out[name]["gradient-boosted forest (ceiling)"] = classes(truth[seen], trees[seen])
        out[name]["agent's rules"] = classes(truth[seen], rows.ruled[seen])
        out[name]["constant"] = classes(truth[seen], np.full(seen.sum(), np.bincount(truth[seen]).argmax()))
        for judge, score in scores.items():
            moods = np.zeros(len(truth), int)
            for fold in range(len(folds)):
                held = turn_of == fold
                moods[held] = np.digitize(score[held], limits_of(score[~held], truth[~held]))
            out[name][judge] = classes(truth[seen], moods[seen])
        out[name]["by kind"] = {
            kind: float((said == truth)[seen & (kinds[rows.group] == kind)].mean())
            for kind in dict.fromkeys(kinds)
            if (seen & (kinds[rows.group] == kind)).any()
        }
        others = [judged(sources, folds, seed, show=False)[0] for seed in seeds[name][1:]]
        out[name]["by seed"] = [measure.macro_f1(truth[seen], each[seen].argmax(axis=1)) for each in (logits, *others)]
    found = even(told, truth, np.ones(len(truth), bool))
    print(f"logits are to be scaled by {found:.3f}, and are by {network.COOLED}", flush=True)
    return out


def moods_of(rows):
    return np.log2(rows.y @ [1, 2, 4, 8]).astype(int)


def strengths(kinds):
    """Folds that hold one strength of each kind: of neighbouring kinds another, so that no
    background (each place in the plan has its own) is held back whole."""
    order = list(dict.fromkeys(kinds))
    place = np.array([list(kinds[:n]).count(kind) for n, kind in enumerate(kinds)])
    count = place.max() + 1
    fold = (place + [order.index(kind) for kind in kinds]) % count
    return [fold == one for one in range(count)]


def judged(sources, folds, seed, blank=(), show=True):
    """Logits, not cooled, of each recorded row by a network that saw none of its fold, that fold
    (-1: none), and the mood that the agent would have shown, if that is asked."""
    rows = sources.recordings
    x = rows.x.copy()
    x[:, list(blank)] = 0
    logits, fold_of, shown = np.zeros((len(x), 4)), np.full(len(x), -1), np.zeros(len(x), int)
    for fold, left in enumerate(folds):
        held = left[rows.group]
        net = sources.fit(seed + fold, blank, recordings=rows.only(~held))
        logits[held], fold_of[held] = net.logits(x[held]) / network.COOLED, fold
        if show:
            traces = [of_nodes(trace, np.flatnonzero(left)) for trace in rows.traces]
            said = [verdicts(sources.agent, sources, net, trace, False, "fold") for trace in traces]
            shown[held] = np.concatenate(said)[:, 7]
    return logits, fold_of, shown


def separation(values, label):
    """How well one number tells a label from the rest: the area under its curve, from 0.5 to 1."""
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    hits = label.sum()
    area = (ranks[label].sum() - hits * (hits - 1) / 2) / max(1, hits * (len(label) - hits))
    return max(area, 1 - area)


def without_closest(sources):
    """For each mood, the vital that lies closest to its label, and the model without it."""
    rows, kinds, agent = sources.recordings, np.array(sources.played.kinds), sources.agent
    truth, names = moods_of(rows), np.array(agent.names)
    out, done = {}, {}
    for mood, name in enumerate(MOODS):
        close = {vital: 0.0 for vital in dict.fromkeys(names[: agent.unnamed])}
        for place, vital in enumerate(names[: agent.unnamed]):
            close[vital] = max(close[vital], separation(rows.x[::7, place], truth[::7] == mood))
        vital = max(close, key=close.get)
        if vital not in done:
            columns = np.flatnonzero(names == vital)
            blank = np.concatenate([columns, columns + agent.features])
            logits, fold, _ = judged(sources, strengths(kinds), 200, blank, show=False)
            done[vital] = classes(truth[fold >= 0], logits.argmax(axis=1)[fold >= 0])
        out[name] = {"vital": str(vital), "area": close[vital], **done[vital]}
    return out


def temperatures(told, fold, truth, group):
    """For each row the scale of its fold, found on all other recordings, of unseen strengths and
    of unseen kinds: no fold's own labels have a say in it."""
    scales = np.ones(len(truth))
    for one in np.unique(fold[fold >= 0]):
        scales[fold == one] = even(told, truth, ~np.isin(group, group[fold == one]))
    return scales


def even(told, truth, rows):
    """The scale of the logits at which the larger error of calibration, of unseen strengths and
    of unseen kinds, is the least."""
    parts = [(logits[rows & (fold >= 0)], truth[rows & (fold >= 0)]) for logits, fold, _ in told.values()]
    worst = lambda scale: max(measure.calibration_error(own, network.softmax(each * scale)) for each, own in parts)
    return min(np.geomspace(0.3, 1.2, 71), key=worst)


def forest_of(rows, truth, held):
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(max_iter=25, max_leaf_nodes=15, random_state=0)
    trees.fit(rows.x[~held], truth[~held])
    return trees.predict(rows.x[held])


def limits_of(score, truth):
    """The three limits between four moods that serve a score best, by macro-F1: each in turn
    is moved to where the others let it serve best."""
    tries = np.unique(np.quantile(score, np.linspace(0.01, 0.99, 50)))
    limits = np.quantile(score, np.cumsum(np.bincount(truth, minlength=4) / len(truth))[:3])
    for place in (0, 1, 2) * 2:
        low, high = np.concatenate([[-np.inf], limits, [np.inf]])[[place, place + 2]]
        ways = [np.where(np.arange(3) == place, one, limits) for one in tries[(tries >= low) & (tries <= high)]]
        limits = max([limits, *ways], key=lambda way: measure.macro_f1(truth, np.digitize(score, way)))
    return limits


def simulated(sources):
    """Simulated boxes of a seed never trained on, by the embedded model."""
    import onnxruntime

    path = __file__.rsplit("/", 1)[0] + "/mood.onnx"
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    probabilities = session.run(None, {"features": sources.test.x})[0]
    truth = np.log2(sources.test_rows[:, 1]).astype(int)
    return {
        "model": classes(truth, probabilities.argmax(axis=1), probabilities),
        "agent's rules": classes(truth, sources.test_rows[:, 2].astype(int)),
        "constant": classes(truth, np.full(len(truth), np.bincount(truth).argmax())),
    }


def explained(sources):
    """How the two loudest vitals may be found."""
    path = __file__.rsplit("/", 1)[0] + "/mood.onnx"
    rows = np.concatenate([sources.test.x, sources.recordings.x])
    return explanations.compared(sources.agent, path, rows)


PARTS = {
    "incidents": incidents,
    "simpler": simpler_judges,
    "recordings": recordings,
    "closest": without_closest,
    "simulated": simulated,
    "explained": explained,
}


def text(figures, agent, size):
    lines = [f"`mood.onnx`: {size:,} bytes, {agent.features} features, schema `{agent.hash[:16]}…`.", ""]
    if part := figures.get("incidents"):
        lines += ["## Incidents of 14 servers, each judged by a network that never saw it", ""]
        lines += ["| score | AP per machine | events found | false per node-day | min to detection | of calm time |"]
        lines += ["| --- | --- | --- | --- | --- | --- |"]
        for name, one in [*part.items(), *figures.get("simpler", {}).items()]:
            alarm = one["crisis"]
            late = alarm["minutes_to_detection"]
            cells = [f"{alarm['recall']:.2f}", f"{alarm['false_per_day']:.2f}", "–" if late is None else f"{late:.0f}"]
            cells.append(f"{100 * alarm['false_share']:.1f} %")
            lines.append(f"| {name} | {one['AP']:.3f} | {' | '.join(cells)} |")
        lines += ["", "An alarm is the mood `crisis`, by the agent's own choice of a threshold for each machine, smoothing"]
        lines += ["and steadiness, for every score alike; the last column is how much of the time without an incident"]
        lines += ["it stands. Novelty in Netdata's manner is asked every twentieth minute."]
        lines.append("")
    for title, part in [
        *((f"Recordings: {name}", part) for name, part in figures.get("recordings", {}).items()),
        *([("Simulated boxes of a seed never trained on", figures["simulated"])] if "simulated" in figures else []),
    ]:
        lines += [f"## {title}", "", "| judge | macro-F1 | ECE | " + " | ".join(f"{m} P / R" for m in MOODS) + " |"]
        lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
        for name, one in part.items():
            if name in ("by kind", "by seed"):
                continue
            ece = f"{one['ECE']:.3f}" if "ECE" in one else ""
            cells = " | ".join(f"{p:.2f} / {r:.2f}" for p, r, _ in one["classes"].values())
            lines.append(f"| {name} | {one['macro-F1']:.3f} | {ece} | {cells} |")
        if "by kind" in part:
            each = ", ".join(f"{kind} {value:.2f}" for kind, value in part["by kind"].items())
            lines += ["", f"Share of samples that the model judged rightly, by kind: {each}."]
        if seeds := part.get("by seed"):
            each = ", ".join(f"{value:.3f}" for value in seeds)
            lines += ["", f"The model's macro-F1 by seed: {each}; mean {np.mean(seeds):.3f}. The table is of the first."]
        lines.append("")
    if part := figures.get("closest"):
        lines += ["## Without the vital that lies closest to a label (known kinds, unseen strengths)", ""]
        lines += ["| label | closest vital | area under its curve | macro-F1 without it | that label's P / R |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        for name, one in part.items():
            precision, recall, _ = one["classes"][name]
            cells = f"{one['area']:.2f} | {one['macro-F1']:.3f} | {precision:.2f} / {recall:.2f}"
            lines.append(f"| {name} | {one['vital']} | {cells} |")
        lines.append("")
    if part := figures.get("explained"):
        lines += ["## Which two vitals speak loudest", ""]
        lines += ["| way | the mood's probability loses | names the loudest | rows asked |", "| --- | --- | --- | --- |"]
        lines += [f"| {name} | {one['lost']:.3f} | {one['first']:.2f} | {one['rows']} |" for name, one in part.items()]
        lines.append("")
    return "\n".join(lines)
