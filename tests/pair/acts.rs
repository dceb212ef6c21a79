//! Actions of tests on a net.

use wasmqtt::broker::{Broker, BrokerOptions};
use wasmqtt::client::{CallError, ClientOptions, ClientWill, RequestId};
use wasmqtt::codec::{Message, PropertiesBuf, Property, QoS, ReasonCode, SubscriptionOptions, Version};
use wasmqtt::topic::{TopicFilter, TopicName};

use super::net::{DISK_MS, Net};
use super::node::Node;
use super::pipe::Weather;

/// From one end to the other in a clear net, in milliseconds.
pub(crate) const LATENCY: u64 = 20;
const CLEAR: Weather = Weather { latency: LATENCY, jitter: 0, splits: false };

impl Net {
    /// Frames arrive whole, [`LATENCY`] after they were sent.
    pub(crate) fn clear() -> Self {
        Self::new(BrokerOptions::default(), CLEAR, 7)
    }

    /// A node that is connected, and whose host opens a connection anew a second after one has
    /// ended.
    pub(crate) fn join(&mut self, options: ClientOptions) -> usize {
        let node = self.add(options, Some(1_000));
        self.run(4 * LATENCY);
        assert!(!self.nodes[node].welcomes.is_empty(), "{:?}", self.nodes[node].closes);
        node
    }

    /// A node that opens its first connection now, and another `patience` milliseconds after each
    /// end.
    pub(crate) fn add(&mut self, options: ClientOptions, patience: Option<u64>) -> usize {
        self.nodes.push(Node::new(options, patience));
        self.open(self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// Subscribes, and waits for the answer.
    pub(crate) fn subscribed(&mut self, node: usize, text: &str, qos: QoS) {
        let request = self.subscribe(node, text, qos).expect("connected");
        // A batch may be out when the next is due.
        self.run(4 * LATENCY + self.disk.as_ref().map_or(0, |_| 2 * DISK_MS));
        assert!(matches!(self.nodes[node].end(request), Some(Ok(_))), "{:?}", self.nodes[node].end(request));
    }

    pub(crate) fn subscribe(&mut self, node: usize, text: &str, qos: QoS) -> Result<RequestId, CallError> {
        let options = SubscriptionOptions { qos, ..SubscriptionOptions::default() };
        let now = self.now;
        let client = &mut self.nodes[node].client;
        let request = client.subscribe(&[(filter(text), options)], &PropertiesBuf::new(), now);
        self.drain_client(node);
        request
    }

    pub(crate) fn unsubscribe(&mut self, node: usize, text: &str) -> Result<RequestId, CallError> {
        let now = self.now;
        let request = self.nodes[node].client.unsubscribe(&[filter(text)], &PropertiesBuf::new(), now);
        self.drain_client(node);
        request
    }

    pub(crate) fn publish(&mut self, node: usize, topic: &str, payload: &str, qos: QoS) -> RequestId {
        self.publish_message(node, Message { qos, ..message(topic, payload) }).expect("it can be sent")
    }

    pub(crate) fn retain(&mut self, node: usize, topic: &str, payload: &str, qos: QoS) -> RequestId {
        let message = Message { qos, retain: true, ..message(topic, payload) };
        self.publish_message(node, message).expect("it can be sent")
    }

    pub(crate) fn publish_message(&mut self, node: usize, message: Message) -> Result<RequestId, CallError> {
        let now = self.now;
        let request = self.nodes[node].client.publish(message, now);
        self.drain_client(node);
        request
    }

    /// The client says goodbye, for good.
    pub(crate) fn leave(&mut self, node: usize) {
        let now = self.now;
        self.nodes[node].client.disconnect(ReasonCode::Success, &PropertiesBuf::new(), now);
        self.drain_client(node);
    }

    /// The broker's host ends the node's connection, if it is there on its side too.
    pub(crate) fn dismiss(&mut self, node: usize, reason: ReasonCode) {
        let index = self.nodes[node].connection.expect("it has one");
        let connection = &mut self.connections[index];
        let peer = connection.peer.expect("it stands");
        // Another broker has given the number to another.
        if !connection.broker_is_there {
            return;
        }
        connection.is_dismissed = true;
        self.broker.disconnect(peer, reason, self.now);
        self.drain_broker();
    }

    /// The node's host learns that its connection is gone.
    pub(crate) fn hang_up(&mut self, node: usize) {
        let Node { client, attempt, .. } = &mut self.nodes[node];
        client.handle_closed(*attempt, self.now);
        self.drain_client(node);
    }

    /// Another broker stands in the place of this one, which has forgotten everything.
    pub(crate) fn restart_broker(&mut self) {
        for connection in &mut self.connections {
            connection.broker_is_there = false;
        }
        self.broker = Broker::new(BrokerOptions::default(), 8);
    }

    pub(crate) fn is_connected(&self, node: usize) -> bool {
        self.nodes[node].client.phase() == wasmqtt::client::Phase::Connected
    }

    /// Returns how often the node has received the message of this payload.
    pub(crate) fn count(&self, node: usize, payload: &str) -> usize {
        self.nodes[node].heard.iter().filter(|heard| heard.payload == payload).count()
    }
}

/// Keep alive is off, and the session is kept for ever.
pub(crate) fn keeping(version: Version, client_id: &str) -> ClientOptions {
    let mut properties = PropertiesBuf::new();
    properties.push(Property::SessionExpiryInterval(u32::MAX)).expect("a number");
    ClientOptions { version, clean_start: false, keep_alive: 0, properties, ..ClientOptions::new(client_id) }
}

/// As [`keeping`], with a will that says `gone` on `will/` and the client's identifier.
pub(crate) fn with_will(version: Version, client_id: &str) -> ClientOptions {
    let message = Message { qos: QoS::ExactlyOnce, ..message(&format!("will/{client_id}"), "gone") };
    ClientOptions { will: Some(ClientWill { message }), ..keeping(version, client_id) }
}

pub(crate) fn message(topic: &str, payload: &str) -> Message {
    Message::new(TopicName::parse(topic).expect("a topic name"), payload.as_bytes())
}

pub(crate) fn filter(text: &str) -> TopicFilter {
    TopicFilter::parse(text).expect("a topic filter")
}
