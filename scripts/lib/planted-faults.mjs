// Faults to plant in the core, one at a time: in a file, one text in the place of another.

const session = 'src/session'
const client = 'src/client'
const broker = 'src/broker'

/** @type {{ name: string, file: string, from: string, to: string }[]} */
export const plantedFaults = [
  {
    name: 'resent without DUP',
    file: `${session}/mod.rs`,
    from: 'Publish { packet_id, dup: true, delivery }',
    to: 'Publish { packet_id, dup: false, delivery }',
  },
  {
    name: 'identifier given out while it is in use',
    file: `${session}/identifiers.rs`,
    from: 'self.requests.contains(self.next) || in_use(self.next)',
    to: 'self.requests.contains(self.next)',
  },
  {
    name: 'QoS 1 delivery not over at PUBACK',
    file: `${session}/outbound.rs`,
    from: '(Self::AwaitPuback(_), Ack::Puback) | (Self::AwaitPubcomp(_), Ack::Pubcomp) => Step::Done,',
    to: '(Self::AwaitPuback(_), Ack::Puback) => Step::Release,\n            (Self::AwaitPubcomp(_), Ack::Pubcomp) => Step::Done,',
  },
  {
    name: 'QoS 2 identifier forgotten when the connection ends',
    file: `${session}/inbound.rs`,
    from: 'self.handed_over.values_mut().for_each(|counts| *counts = false);',
    to: 'self.handed_over.clear();',
  },
  {
    name: 'QoS 2 duplicate taken as new',
    file: `${session}/inbound.rs`,
    from: 'if known.is_some() { Received::Duplicate } else { Received::New }',
    to: 'Received::New',
  },
  {
    name: 'QoS 2 identifier never released',
    file: `${session}/inbound.rs`,
    from: '        let known = self.handed_over.contains(packet_id);\n        self.finish(packet_id);',
    to: '        let known = self.handed_over.contains(packet_id);',
  },
  {
    name: 'send quota off by one',
    file: `${session}/mod.rs`,
    from: 'self.unacknowledged < self.send_quota\n',
    to: 'self.unacknowledged <= self.send_quota\n',
  },
  {
    name: 'quota not taken by what is resent',
    file: `${session}/mod.rs`,
    from: '            entry.takes_quota = true;\n            self.unacknowledged += 1;',
    to: '            entry.takes_quota = false;',
  },
  {
    name: 'quota not given back',
    file: `${session}/mod.rs`,
    from: '        self.unacknowledged -= u16::from(entry.takes_quota);\n        if let',
    to: '        if let',
  },
  {
    name: 'nothing resent when a session resumes',
    file: `${session}/mod.rs`,
    from: 'self.resend = self.in_flight.latest_first(|entry| entry.sent | u64::from(is_publish(entry)) << 63);',
    to: 'let _ = is_publish;',
  },
  {
    name: 'resent in the order of identifiers',
    file: `${session}/mod.rs`,
    from: 'latest_first(|entry| entry.sent | u64::from(is_publish(entry)) << 63)',
    to: 'latest_first(|entry| !entry.sent >> 1 | u64::from(is_publish(entry)) << 63)',
  },
  {
    name: 'PUBREL not resent',
    file: `${client}/send.rs`,
    from: '                    self.acknowledge(PacketKind::Pubrel, packet_id, ReasonCode::Success);\n                    continue;',
    to: '                    let _ = packet_id;\n                    continue;',
  },
  {
    name: 'PUBLISH resent behind PUBREC',
    file: `${session}/mod.rs`,
    from: '            entry.state = Outbound::AwaitPubcomp(entry.state.tag());\n            entry.sent = sent;',
    to: '            entry.sent = sent;',
  },
  {
    name: 'queue is last in, first out',
    file: `${session}/queue.rs`,
    from: '        self.deliveries.push(Some(delivery));',
    to: '        self.deliveries.put_first(Some(delivery));',
  },
  {
    name: 'session lost keeps what is in flight',
    file: `${session}/mod.rs`,
    from: '            while let Some((_, packet_id)) = self.resend.pop() {\n                if let Some(tag) = self.finish(packet_id) {\n                    lost.push(tag);\n                }\n            }\n            self.in_flight.clear();\n            self.sent = Held::new();',
    to: '            lost.clear();',
  },
  {
    name: 'will fired on DISCONNECT',
    file: `${broker}/handlers/disconnect.rs`,
    from: '            self.clear_will(key);\n',
    to: '            self.fire_will(key, now);\n',
  },
  {
    name: 'will not fired when the connection is lost',
    file: `${broker}/handlers/will.rs`,
    from: '                client.will = will;\n                self.fire_will(key, now);',
    to: '                drop(will);',
  },
  {
    name: 'will not cancelled within its delay',
    file: `${broker}/handlers/connect.rs`,
    from: '                self.cancel_will(key);\n',
    to: '',
  },
  {
    name: 'will delay ignored',
    file: `${broker}/handlers/will.rs`,
    from: 'if delay > 0 =>',
    to: 'if delay > u32::MAX - 1 =>',
  },
  {
    name: 'session expiry ignored',
    file: `${broker}/handlers/timeout.rs`,
    from: '        if interval < u32::MAX\n',
    to: '        if interval < 0\n',
  },
  {
    name: 'session ends with its connection',
    file: `${broker}/handlers/disconnect.rs`,
    from: 'if expiry_interval == 0 {',
    to: 'if expiry_interval < u32::MAX {',
  },
  {
    name: 'clean start resumes the session',
    file: `${broker}/handlers/connect.rs`,
    from: 'if !clean_start {',
    to: 'if !clean_start || now.as_millis() % 2 == 0 {',
  },
  {
    name: 'message expiry ignored',
    file: `${broker}/delivery/encoded_publish.rs`,
    from: 'Err(DropCause::Expired) if self.dup => Some(0),',
    to: 'Err(DropCause::Expired) => Some(0),',
  },
  {
    name: 'retained message kept at an empty payload',
    file: `${broker}/handlers/distribute.rs`,
    from: 'return self.retained.clear(publish.topic);\n        }\n        let Origin',
    to: 'return;\n        }\n        let Origin',
  },
  {
    name: 'first retained message kept',
    file: `${broker}/handlers/distribute.rs`,
    from: '        if publication.publish.retain {\n            self.retain(publication);',
    to: '        if publication.publish.retain && self.retained.len() < 2 {\n            self.retain(publication);',
  },
  {
    name: 'No Local ignored',
    file: `${broker}/delivery/fan_out.rs`,
    from: 'if subscription.no_local && publisher == Some(key) => {}',
    to: 'if subscription.no_local && publisher.is_none() => {}',
  },
  {
    name: 'granted QoS ignored',
    file: `${broker}/clients/subscription.rs`,
    from: 'qos: options.qos.min(maximum_qos),',
    to: 'qos: maximum_qos,',
  },
  {
    name: 'unsubscribing ignored',
    file: `${broker}/clients/mod.rs`,
    from: 'self.subscriptions.remove(filter)?;\n        self.filter_bytes',
    to: 'self.subscriptions.remove("")?;\n        self.filter_bytes',
  },
  {
    name: 'receiver takes one message fewer than it said',
    file: `${session}/inbound.rs`,
    from: 'if self.unacknowledged >= self.receive_maximum {',
    to: 'if self.unacknowledged + 1 >= self.receive_maximum {',
  },
  {
    name: 'client aliases outlive their connection',
    file: `${client}/receive.rs`,
    from: '        self.assigned_aliases.begin(limits.topic_alias_maximum.min(self.options.assigned_aliases_max));\n',
    to: '        if self.absence.is_none() {\n            self.assigned_aliases.begin(limits.topic_alias_maximum.min(self.options.assigned_aliases_max));\n        }\n',
  },
  {
    name: 'broker alias introduced without its topic',
    file: `${broker}/delivery/encoded_publish.rs`,
    from: 'Naming::Introduction(alias) => (publish.topic, Some(alias)),\n            Naming::Alias(alias) => ("", Some(alias)),\n        };\n        if let',
    to: 'Naming::Introduction(alias) => ("", Some(alias)),\n            Naming::Alias(alias) => ("", Some(alias)),\n        };\n        if let',
  },
  {
    name: "client's maximum packet size ignored",
    file: `${broker}/handlers/connect.rs`,
    from: 'let packet_bytes_max = agreed.packet_bytes_max;\n            peer.is_accepted',
    to: 'let packet_bytes_max = usize::MAX;\n            peer.is_accepted',
  },
  {
    name: 'QoS 2 identifier not stored',
    file: `${broker}/store/stored_session.rs`,
    from: '                    writer.batch.put(key, |_| ());',
    to: '                    let _ = &key;',
  },
  {
    name: 'request ends twice',
    file: `${client}/receive.rs`,
    from: '            self.ends.answered(id, Ok(completion), properties);',
    to: '            self.ends.answered(id, Ok(completion.clone()), properties.clone());\n            self.ends.answered(id, Ok(completion), properties);',
  },
  {
    name: 'request of a lost session never ends',
    file: `${client}/recover.rs`,
    from: '        self.give_up(&lost, RequestError::SessionLost);',
    to: '        drop(lost);',
  },
  {
    name: 'subscriptions not made again',
    file: `${client}/recover.rs`,
    from: '            self.subscriptions.lost();\n',
    to: '',
  },
  {
    name: 'client does not ping',
    file: `${client}/keep_alive.rs`,
    from: '            self.answer = Some(TimeLimit::new(now, self.patience(), now));\n            return Some(Due::Ping);',
    to: '            self.last_sent = now;\n            self.last_received = now;\n            return None;',
  },
  {
    name: 'takeover leaves the older connection',
    file: `${broker}/handlers/connect.rs`,
    from: '            self.close(old, DisconnectCause::TakenOver, now);\n',
    to: '            let _ = (old, DisconnectCause::TakenOver);\n',
  },
]
