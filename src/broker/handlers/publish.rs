//! A client's PUBLISH: checked, distributed, acknowledged (MQTT 5.0 §3.3.4).

use crate::broker::Broker;
use crate::broker::auth::question::Action;
use crate::broker::auth::verdict::Verdict;
use crate::broker::cause::Fault;
use crate::broker::delivery::publication::{Origin, Publication};
use crate::broker::handlers::packet::{Handled, Sender};
use crate::broker::monitor::sys_values::is_brokers_own;
use crate::codec::{Ack, Packet, PropertyId, Publish, QoS, ReasonCode, Version};
use crate::session::Received;
use crate::time::Time;
use crate::topic::has_more_levels;

impl Broker {
    pub(crate) fn on_publish(&mut self, sender: Sender, publish: &Publish<'_>, now: Time) -> Result<Handled, Fault> {
        if publish.properties.is_empty() {
            return self.take_publish(sender, publish, now);
        }
        if publish.properties.value(PropertyId::SubscriptionIdentifier).is_some() {
            let problem = "subscription identifier in a PUBLISH from a client";
            return Err(Fault::new(ReasonCode::ProtocolError, "MQTT-3.3.4-6", problem));
        }
        let Some(alias) = publish.properties.number(PropertyId::TopicAlias) else {
            return self.take_publish(sender, publish, now);
        };
        let Some(peer) = self.peers.get_mut(sender.peer) else { return Ok(Handled::Done) };
        let Some(connected) = peer.connection.connected_mut() else { return Ok(Handled::Done) };
        let aliases = connected.inbound_aliases.get_or_insert_default();
        let topic = aliases.resolve(publish.topic, alias, self.options.topic_alias_maximum)?;
        // The packet may be short beside its topic, which each step of its way reads.
        self.outbox.note_work(0, topic.as_str().len());
        self.note_input(topic.as_str().len());
        // The alias is for this connection only, and not forwarded.
        let properties = publish.properties.without(PropertyId::TopicAlias);
        let properties = properties.as_properties();
        self.take_publish(sender, &Publish { topic: topic.as_str(), properties, ..*publish }, now)
    }

    /// Handles a PUBLISH with its topic resolved.
    fn take_publish(&mut self, sender: Sender, publish: &Publish<'_>, now: Time) -> Result<Handled, Fault> {
        self.check_publish(publish)?;
        let refused = if is_brokers_own(publish.topic) {
            // Only the broker publishes there (§4.7.2).
            Some(ReasonCode::NotAuthorized)
        } else if self.required_checks.publish {
            match self.authorize_publish(sender, publish, now) {
                Verdict::Allowed => None,
                Verdict::Refused(reason) => Some(reason),
                Verdict::Pending => return Ok(Handled::Waits),
            }
        } else {
            None
        };
        let refused = match refused {
            None if !self.find_memory_for(sender, publish, now) => {
                if sender.version == Version::V3_1_1 {
                    // It cannot be told, and would take an acknowledgement for a promise.
                    self.hold_back(sender.peer, now);
                    return Ok(Handled::Waits);
                }
                Some(ReasonCode::QuotaExceeded)
            }
            refused => refused,
        };
        let mut publication = Publication { publish, message: None, origin: Origin::new(Some(sender.client), now) };
        let Some(packet_id) = publish.packet_id else {
            self.take_in(sender, &mut publication, refused, now);
            return Ok(Handled::Done);
        };
        // If the fan-out is cut, the message is acknowledged at its end.
        publication.origin.acknowledges = Some((sender.peer, packet_id));
        // The frame with the acknowledgement goes before those of the deliveries: it is waited for.
        if let Some(peer) = self.peers.get_mut(sender.peer) {
            self.outbox.enlist(peer);
        }
        let Some(client) = self.clients.get_mut(sender.client) else { return Ok(Handled::Done) };
        let reason = match client.session.on_publish(publish.qos, packet_id) {
            // QoS 2 is distributed at once too, and its identifier kept until PUBREL (§4.3.3).
            Received::New => match self.take_in(sender, &mut publication, refused, now) {
                Some(reason) => reason,
                None => return Ok(Handled::Done),
            },
            Received::Duplicate => ReasonCode::Success,
            Received::ReceiveMaximumExceeded => {
                let problem = "more unacknowledged messages than the receive maximum";
                return Err(Fault::new(ReasonCode::ReceiveMaximumExceeded, "MQTT-3.3.4-7", problem));
            }
        };
        self.acknowledge(sender, publish, Ack::new(packet_id, reason))?;
        Ok(Handled::Done)
    }

    /// Acknowledges a PUBLISH of QoS 1 or 2.
    pub(crate) fn acknowledge(&mut self, sender: Sender, publish: &Publish<'_>, ack: Ack<'_>) -> Result<(), Fault> {
        let (packet_id, is_error) = (ack.packet_id, ack.reason.is_error());
        let reason_string = if is_error { refusal_text(publish.topic, ack.reason) } else { "" };
        match publish.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => self.send_with_reason_string(sender, Packet::Puback(ack), reason_string)?,
            QoS::ExactlyOnce => self.send_with_reason_string(sender, Packet::Pubrec(ack), reason_string)?,
        }
        // The exchange is complete, unless PUBREL is still to come.
        if (publish.qos == QoS::AtLeastOnce || is_error)
            && let Some(client) = self.clients.get_mut(sender.client)
        {
            client.session.acknowledged(publish.qos, packet_id);
        }
        Ok(())
    }

    /// Distributes a message unless it is refused, and returns the reason for its acknowledgement.
    /// `None` if the distribution goes on as a task.
    ///
    /// 3.1.1 cannot refuse a message: it is acknowledged as usual, and dropped
    /// [3.1.1 MQTT-3.3.5-2].
    fn take_in(
        &mut self,
        sender: Sender,
        publication: &mut Publication<'_>,
        refused: Option<ReasonCode>,
        now: Time,
    ) -> Option<ReasonCode> {
        if let Some(reason) = refused {
            self.log_refusal(sender.client, Action::Publish, publication.publish.topic, reason);
            return Some(if sender.version == Version::V5 { reason } else { ReasonCode::Success });
        }
        let subscribers = self.distribute(publication, now)?;
        Some(Self::reason_for(sender, subscribers))
    }

    /// Checks a PUBLISH against the properties of CONNACK.
    #[inline]
    fn check_publish(&self, publish: &Publish<'_>) -> Result<(), Fault> {
        if publish.qos > self.options.maximum_qos {
            let problem = "QoS is above the maximum QoS";
            return Err(Fault::new(ReasonCode::QoSNotSupported, "MQTT-3.2.2-11", problem));
        }
        if publish.retain && !self.options.retain_available {
            let problem = "RETAIN is set, but retained messages are not available";
            return Err(Fault::new(ReasonCode::RetainNotSupported, "MQTT-3.2.2-14", problem));
        }
        if has_more_levels(publish.topic, self.options.topic_levels_max) {
            let problem = "topic has more levels than the broker allows";
            return Err(Fault::new(ReasonCode::TopicNameInvalid, "§4.7.3", problem));
        }
        Ok(())
    }
}

/// Returns the reason string for a refused message.
fn refusal_text(topic: &str, reason: ReasonCode) -> &'static str {
    if reason == ReasonCode::QuotaExceeded {
        "quota exceeded; try again later"
    } else if is_brokers_own(topic) {
        "only the broker publishes below $SYS, but for $SYS/broker/connection/"
    } else {
        "not authorized for this topic"
    }
}
