"""A client of paho-mqtt that does what it is told on its standard input, a line of JSON each, and answers likewise."""

import json
import sys
import threading
from queue import Queue

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PROTOCOLS = {3: mqtt.MQTTv31, 4: mqtt.MQTTv311, 5: mqtt.MQTTv5}
# In seconds, until the broker has answered.
PATIENCE = 20

output = threading.Lock()


def say(value):
    with output:
        print(json.dumps(value), flush=True)


class Client:
    def __init__(self, told):
        self.version = told["version"]
        self.events = Queue()
        clean = told.get("clean", True)
        v5 = self.version == 5
        self.mqtt = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=told["clientId"],
            clean_session=None if v5 else clean,
            protocol=PROTOCOLS[self.version],
            transport=told["transport"],
        )
        self.mqtt.on_connect = lambda _c, _u, flags, reason, _p: self.events.put((flags.session_present, reason))
        self.mqtt.on_subscribe = lambda _c, _u, _id, reasons, _p: self.events.put(reasons)
        self.mqtt.on_disconnect = lambda *_: self.events.put("end")
        self.mqtt.on_message = self.on_message
        will = told.get("will")
        if will:
            self.mqtt.will_set(will["topic"], will["payload"], will["qos"], will.get("retain", False))
        more = {}
        if v5:
            properties = Properties(PacketTypes.CONNECT)
            if not clean:
                properties.SessionExpiryInterval = 600
            more = {"clean_start": clean, "properties": properties}
        self.mqtt.connect(told["host"], told["port"], **more)
        self.mqtt.loop_start()

    def on_message(self, _client, _userdata, message):
        payload = message.payload.decode()
        say({"message": {"topic": message.topic, "payload": payload, "qos": message.qos, "retain": bool(message.retain)}})

    def connected(self):
        session_present, reason = self.events.get(timeout=PATIENCE)
        if reason.is_failure:
            raise RuntimeError(str(reason))
        return {"sessionPresent": bool(session_present)}

    def publish(self, told):
        self.mqtt.publish(told["topic"], told["payload"], told["qos"], told["retain"]).wait_for_publish(PATIENCE)
        return {}

    def subscribe(self, told):
        self.mqtt.subscribe(told["filter"], told["qos"])
        [reason] = self.events.get(timeout=PATIENCE)
        return {"granted": reason.value}

    def end(self, _told):
        self.mqtt.disconnect()
        self.events.get(timeout=PATIENCE)
        self.mqtt.loop_stop()
        return {}


def answer(client, told):
    if told["do"] == "connect":
        client = Client(told)
        return client, client.connected()
    return client, getattr(client, told["do"])(told)


def main():
    client = None
    for line in sys.stdin:
        try:
            client, said = answer(client, json.loads(line))
            say(said)
        except Exception as error:  # The test is told of whatever it is.
            say({"error": repr(error)})


main()
