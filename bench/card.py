#!/usr/bin/env python3
"""What agents and coordinators write to a disk or an SD card, per hour.

Two coordinators run side by side, one that commits every 2 s and one as on an
SD card (every 30 s), each with so many real agents, which sample every 10 s
with the link up. What each process had written is read from /proc/PID/io
(write_bytes, less what was taken back before it reached the disk), before and
after. Everything lies in a folder on a disk: in memory nothing would count.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from children import Children

INTERVAL_S = 10
WARM_UP_S = 60


def written(pid):
    """Bytes that a process has sent to the disk so far."""
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["write_bytes"]) - int(fields["cancelled_write_bytes"])


def kind(folder):
    """The type of the file system below a folder."""
    told = subprocess.run(["stat", "--file-system", "--format=%T", folder], check=True, capture_output=True, text=True)
    return told.stdout.strip()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=10,
                         help=f"how long to measure, after {WARM_UP_S} s to warm up (10)")
    options.add_argument("--nodes", type=int, default=12, help="agents for each coordinator (12)")
    options.add_argument("--bin", type=Path, default=Path("target/release"),
                         help="folder of goldentooth and goldentooth-node (target/release)")
    options.add_argument("--folder", type=Path, default=Path("target"), help="on the disk to write to (target)")
    options = options.parse_args()
    for program in ("goldentooth", "goldentooth-node"):
        if not (options.bin / program).is_file():
            sys.exit(f"bench/card.py: there is no {options.bin / program}; build it (cargo build --release --bins), "
                     "or name its folder with --bin")
    if not options.folder.is_dir():
        sys.exit(f"bench/card.py: there is no folder {options.folder}; name one on a disk with --folder")
    if kind(options.folder) == "tmpfs":
        sys.exit(f"bench/card.py: {options.folder} lies in memory; name a folder on a disk with --folder")
    scratch = Path(tempfile.mkdtemp(prefix="goldentooth-card-", dir=options.folder))
    with Children(scratch) as children:
        places = {}
        for every in ("2s", "30s"):
            data = scratch / every
            (scratch / f"{every}.toml").write_text(f'commit_every = "{every}"\n')
            coordinator = children.start(options.bin / "goldentooth", "up", "--no-local-node", "--json", "--data", data,
                                "--config", scratch / f"{every}.toml", "--http", "127.0.0.1:0",
                                "--mqtt", "127.0.0.1:0", log=every, stdout=subprocess.PIPE, text=True)
            line = coordinator.stdout.readline()
            if not line:
                sys.exit(f"bench/card.py: the coordinator of {every} did not come up; see {scratch}/{every}.log")
            ready = json.loads(line)
            agents = []
            for number in range(options.nodes):
                name = f"pi-{number:02}"
                file = scratch / f"{every}-{name}.toml"
                subprocess.run([options.bin / "goldentooth", "enroll", name, "--out", file, "--address", "127.0.0.1",
                                "--data", data], check=True, stdout=subprocess.DEVNULL)
                agents.append(children.start(options.bin / "goldentooth-node", "run", "--enrolment", file, "--interval",
                                    f"{INTERVAL_S}s", "--data", scratch / f"{every}-{name}", log=f"{every}-{name}"))
            places[every] = (coordinator, agents, ready["http"])

        time.sleep(WARM_UP_S)
        for every, (_, _, http) in places.items():
            moods = [node["mood"] for node in json.load(urllib.request.urlopen(http + "/api/v1/nodes"))]
            if len(moods) != options.nodes or not all(moods):
                sys.exit(f"bench/card.py: not every node of {every} has a mood: {moods}; see {scratch}")
        before = {child.pid: written(child.pid) for child in children.running}
        began = time.monotonic()
        time.sleep(options.minutes * 60)
        if dead := [child.args[0] for child in children.running if child.poll() is not None]:
            sys.exit(f"bench/card.py: {dead} ended early; see {scratch}")
        per_hour = {child.pid: (written(child.pid) - before[child.pid]) * 3600 / (time.monotonic() - began)
                    for child in children.running}
        agents = [per_hour[agent.pid] for _, agents, _ in places.values() for agent in agents]
        print(f"{options.minutes:g} minutes, {options.nodes} nodes each, a sample each {INTERVAL_S} s, on "
              f"{kind(options.folder)}")
        print(f"| written by an agent while the link is up | | {max(agents) / 1024:.0f} KiB/h at most |")
        for every, (coordinator, _, _) in places.items():
            print(f"| written by the coordinator, {options.nodes} nodes, commits each {every} | | "
                  f"{per_hour[coordinator.pid] / 2**20:.1f} MiB/h |")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
