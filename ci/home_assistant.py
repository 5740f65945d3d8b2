"""Judges the discovery message by Home Assistant's own schemas.

Runs with a Python that has the PyPI package `homeassistant` and `paho-mqtt`. Device based discovery came
with 2024.12; an older one knows the same components, and then only the message around them is not judged.
The schemas let unknown keys and wildcards in topics pass, so both are looked at here, too.
"""

import importlib
import json
import sys

import voluptuous as vol
from homeassistant.components.mqtt import abbreviations

try:
    from homeassistant.components.mqtt import schemas
    from homeassistant.components.mqtt.const import SUPPORTED_COMPONENTS
except ImportError:
    from homeassistant.components.mqtt.discovery import SUPPORTED_COMPONENTS

    schemas = None

# What the schemas leave in place although it was handled before them.
HANDLED = {"platform", "unique_id", "availability_mode", "availability"}
# What came between the oldest release that judges here (2024.3) and 2024.12.
LATER = set() if schemas else {"options"}


def keys(schema):
    """Every key that a schema knows by name."""
    if isinstance(schema, vol.Schema):
        return keys(schema.schema)
    if isinstance(schema, vol.All):
        return set().union(*(keys(part) for part in schema.validators))
    if isinstance(schema, dict):
        return {str(key.schema if isinstance(key, vol.Marker) else key) for key in schema}
    return set()


def topics(value):
    """Every topic in a message."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith("topic"):
                yield inner
            yield from topics(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from topics(inner)


def write_out(message):
    """Puts the long names in the place of Home Assistant's abbreviations, as it does on arrival."""

    def long(part, names):
        for key in [key for key in part if key in names]:
            part[names[key]] = part.pop(key)

    names = {**abbreviations.ABBREVIATIONS, "cmps": "components", "p": "platform"}
    long(message, names)
    parts = list(message["components"].values())
    for part in parts:
        long(part, names)
    for part in [message, *parts]:
        for available in part.get("availability", []):
            long(available, names)
    long(message["device"], abbreviations.DEVICE_ABBREVIATIONS)
    long(message["origin"], {"sw": "sw_version", "url": "support_url"})


def main(path):
    with open(path, encoding="utf-8") as file:
        message = json.load(file)
    wrong = []
    write_out(message)
    try:
        if schemas:
            schemas.DEVICE_DISCOVERY_SCHEMA(json.loads(json.dumps(message)))
    except vol.Invalid as error:
        wrong.append(f"the message: {error}")
    known = {"device", "origin", "components", "availability", "availability_mode", "qos", "encoding", "state_topic", "command_topic"}
    wrong += [f"an unknown key {key!r}" for key in message if key not in known]
    long = set(abbreviations.DEVICE_ABBREVIATIONS.values()) | set(abbreviations.DEVICE_ABBREVIATIONS)
    wrong += [f"device: an unknown key {key!r}" for key in message["device"] if key not in long]
    for topic in topics(message):
        if "+" in topic or "#" in topic:
            wrong.append(f"a wildcard in {topic!r}")
    for name, component in message["components"].items():
        platform = component.get("platform")
        if platform not in SUPPORTED_COMPONENTS:
            wrong.append(f"{name}: no platform {platform!r}")
            continue
        module = importlib.import_module(f"homeassistant.components.mqtt.{platform}")
        body = {key: value for key, value in component.items() if key != "platform"}
        # What stands beside the components holds for each that doesn't say it itself.
        shared = {key: message[key] for key in ("availability", "availability_mode", "state_topic") if key in message}
        whole = {**shared, **body, "device": message["device"], "origin": message["origin"], "qos": message["qos"]}
        try:
            module.DISCOVERY_SCHEMA(whole)
        except vol.Invalid as error:
            wrong.append(f"{name}: {error}")
        named = keys(module.DISCOVERY_SCHEMA)
        wrong += [f"{name}: an unknown key {key!r}" for key in body if key not in named | HANDLED | LATER]
    for line in wrong:
        print(line)
    around = "" if schemas else ", the message around them not judged"
    print(f"{len(message['components'])} components: {'wrong' if wrong else f'as Home Assistant has it{around}'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
