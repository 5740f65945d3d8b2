#!/usr/bin/env python3
"""What the agent takes, beside its peers, in one run on this machine.

Each of them samples every 10 s: goldentooth-node and collectd and a Python
monitor (psutil and paho) publish to a broker, prometheus-node-exporter is
scraped. Memory is read from /proc/PID/smaps_rollup, processor time in
nanoseconds from /proc/PID/task/*/schedstat, wakeups from voluntary context
switches. Called by bench/run, which builds and installs what is needed.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from children import Children

INTERVAL_S = 10
WARM_UP_S = 30

COLLECTD = """
Hostname "bench"
FQDNLookup false
Interval {interval}
BaseDir "{base}"
PIDFile "{base}/pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin cpu
LoadPlugin load
LoadPlugin memory
LoadPlugin swap
LoadPlugin disk
LoadPlugin df
LoadPlugin interface
LoadPlugin processes
LoadPlugin mqtt
<Plugin mqtt>
  <Publish "bench">
    Host "127.0.0.1"
    Port {port}
    QoS 1
  </Publish>
</Plugin>
"""

MONITOR = """
import json, sys, time
import paho.mqtt.client as mqtt
import psutil
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
while True:
    disk, net, mem = psutil.disk_io_counters(), psutil.net_io_counters(), psutil.virtual_memory()
    client.publish("bench/psutil", json.dumps({
        "cpu": psutil.cpu_percent(), "load": psutil.getloadavg(), "memory": mem.percent,
        "swap": psutil.swap_memory().percent, "disk": psutil.disk_usage("/").percent,
        "read": disk.read_bytes if disk else 0, "write": disk.write_bytes if disk else 0,
        "rx": net.bytes_recv, "tx": net.bytes_sent, "processes": len(psutil.pids()),
    }), qos=1)
    time.sleep(float(sys.argv[2]))
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, check, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if value := check():
                return value
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"bench: {what} did not come up in {seconds} s")


def usage(pid):
    """Memory in KiB, processor time in seconds, wakeups so far."""
    rollup = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        key, value = line.split(":")
        rollup[key] = int(value.split()[0])
    cpu = wakeups = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        cpu += int((task / "schedstat").read_text().split()[0])
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                wakeups += int(line.split()[1])
    return {"rss": rollup["Rss"], "pss": rollup["Pss"], "anonymous": rollup["Anonymous"],
            "cpu": cpu / 1e9, "wakeups": wakeups}


def parts(pid):
    """What the resident memory consists of, in KiB."""
    own = os.readlink(f"/proc/{pid}/exe")
    sums, path, rights, rss = {}, "", "", 0
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        key, *rest = line.split(maxsplit=5)
        if not key.endswith(":"):
            path, rights = rest[4] if len(rest) > 4 else "", rest[0]
        elif key == "Rss:":
            rss = int(rest[0])
        elif key == "Anonymous:":
            anonymous = int(rest[0])
            if path == own:
                backed = "its code" if "x" in rights else "its constants, the model among them"
                changed = "its constants with addresses, relocated" if "w" not in rights else "its variables"
            elif path[:1] == "/":
                backed, changed = "libraries", "libraries' relocations and variables"
            else:
                backed, changed = "kernel's", path or "arenas and stacks of threads"
            sums[backed] = sums.get(backed, 0) + rss - anonymous
            sums[changed] = sums.get(changed, 0) + anonymous
    return {part: kib for part, kib in sums.items() if kib}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--bin", type=Path, required=True, help="folder of goldentooth and goldentooth-node")
    options.add_argument("--python", required=True, help="Python with psutil and paho-mqtt")
    options.add_argument("--json", type=Path, help="write the figures here too")
    options = options.parse_args()

    scratch = Path(tempfile.mkdtemp(prefix="goldentooth-bench-"))
    with Children(scratch) as children:
        broker_port = free_port()
        (scratch / "mosquitto.conf").write_text(f"listener {broker_port} 127.0.0.1\nallow_anonymous true\n")
        children.start("mosquitto", "-c", scratch / "mosquitto.conf")
        until("mosquitto", lambda: socket.create_connection(("127.0.0.1", broker_port), 1))

        coordinator = children.start(options.bin / "goldentooth", "up", "--no-local-node", "--json", "--data",
                            scratch / "data", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0",
                            stdout=subprocess.PIPE, text=True)
        ready = json.loads(coordinator.stdout.readline())
        subprocess.run([options.bin / "goldentooth", "enroll", "bench-node", "--out", scratch / "node.toml",
                        "--address", "127.0.0.1", "--data", scratch / "data"],
                       check=True, stdout=subprocess.DEVNULL)

        (scratch / "collectd").mkdir()
        (scratch / "collectd.conf").write_text(
            COLLECTD.format(interval=INTERVAL_S, base=scratch / "collectd", port=broker_port))
        (scratch / "monitor.py").write_text(MONITOR)
        exporter_port = free_port()
        exporter_url = f"http://127.0.0.1:{exporter_port}/metrics"

        programs = {
            "goldentooth-node": children.start(options.bin / "goldentooth-node", "run", "--enrolment",
                                      scratch / "node.toml", "--interval", f"{INTERVAL_S}s",
                                      "--data", scratch / "node"),
            "collectd": children.start("collectd", "-f", "-C", scratch / "collectd.conf"),
            "prometheus-node-exporter": children.start("prometheus-node-exporter",
                                              f"--web.listen-address=127.0.0.1:{exporter_port}"),
            "Python psutil + paho": children.start(options.python, scratch / "monitor.py", str(broker_port),
                                          str(INTERVAL_S)),
        }
        until("the exporter", lambda: urllib.request.urlopen(exporter_url, timeout=5).read())

        def scrape_until(end):
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(INTERVAL_S, left))
                urllib.request.urlopen(exporter_url, timeout=5).read()

        scrape_until(time.monotonic() + WARM_UP_S)
        before = {name: usage(child.pid) for name, child in programs.items()}
        began = time.monotonic()
        scrape_until(began + options.minutes * 60)
        after = {name: usage(child.pid) for name, child in programs.items()}
        hours = (time.monotonic() - began) / 3600
        memory = parts(programs["goldentooth-node"].pid)

        dead = [name for name, child in programs.items() if child.poll() is not None]
        if dead:
            sys.exit(f"bench: {', '.join(dead)} ended early; see {scratch}")
        nodes = json.load(urllib.request.urlopen(ready["http"] + "/api/v1/nodes"))
        if [node["name"] for node in nodes if node["mood"]] != ["bench-node"]:
            sys.exit(f"bench: the agent's mood did not arrive: {nodes}")

        figures = {}
        print(f"\n{options.minutes:g} minutes, one sample each {INTERVAL_S} s, after {WARM_UP_S} s of warm-up\n")
        print("| | RSS MiB | PSS MiB | anonymous MiB | growth KiB | CPU s/h | wakeups/min |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name in programs:
            old, new = before[name], after[name]
            figures[name] = {
                "rss_mib": new["rss"] / 1024, "pss_mib": new["pss"] / 1024,
                "anonymous_mib": new["anonymous"] / 1024, "growth_kib": new["anonymous"] - old["anonymous"],
                "cpu_s_per_h": (new["cpu"] - old["cpu"]) / hours,
                "wakeups_per_min": (new["wakeups"] - old["wakeups"]) / hours / 60,
            }
            row = figures[name]
            print(f"| {name} | {row['rss_mib']:.1f} | {row['pss_mib']:.1f} | {row['anonymous_mib']:.2f} "
                  f"| {row['growth_kib']} | {row['cpu_s_per_h']:.2f} | {row['wakeups_per_min']:.0f} |")
        print("\ngoldentooth-node's resident memory, in KiB: "
              + ", ".join(f"{part} {kib}" for part, kib in sorted(memory.items(), key=lambda it: -it[1])))
        figures["goldentooth-node"]["memory_kib"] = memory
        if options.json:
            options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
