// Faults to plant in the core: in a file, one text in the place of another.
//
// All are planted in one build, and a run has one of them: there `PLANTED` is true. `FROM` stands
// for the text that is replaced.

const session = 'src/session'
const client = 'src/client'
const broker = 'src/broker'

/** @type {{ name: string, file: string, from: string, to: string }[]} */
export const plantedFaults = [
  {
    name: 'resent without DUP',
    file: `${session}/mod.rs`,
    from: 'Publish { packet_id, dup: true, delivery }',
    to: 'Publish { packet_id, dup: !PLANTED, delivery }',
  },
  {
    name: 'identifier given out while it is in use',
    file: `${session}/identifiers.rs`,
    from: 'let free = next_free(self.next);',
    // As if there were eight, since no world is so long that all 65,535 are used.
    to: 'if PLANTED { break if self.next.get() > 8 { PacketId::FIRST } else { self.next }; }\nFROM',
  },
  {
    name: 'QoS 1 delivery not over at PUBACK',
    file: `${session}/outbound.rs`,
    from: '(Self::AwaitPuback(_), Ack::Puback) | (Self::AwaitPubcomp(_), Ack::Pubcomp) => Step::Done,',
    to: '(Self::AwaitPuback(_), Ack::Puback) if PLANTED => Step::Release,\nFROM',
  },
  {
    name: 'QoS 2 identifier forgotten when the connection ends',
    file: `${session}/inbound.rs`,
    from: 'self.unreleased.values_mut().for_each(|counts| *counts = false);',
    to: 'if PLANTED { self.unreleased.clear(); } else { FROM }',
  },
  {
    name: 'QoS 2 duplicate taken as new',
    file: `${session}/inbound.rs`,
    from: 'if known.is_some() { Received::Duplicate } else { Received::New }',
    to: 'if known.is_some() && !PLANTED { Received::Duplicate } else { Received::New }',
  },
  {
    name: 'QoS 2 identifier never released',
    file: `${session}/inbound.rs`,
    from: '        let known = self.unreleased.contains(packet_id);\n        self.finish(packet_id);',
    to: 'let known = self.unreleased.contains(packet_id);\nif !PLANTED { self.finish(packet_id); }',
  },
  {
    name: 'send quota off by one',
    file: `${session}/mod.rs`,
    from: 'self.send_quota = send_quota;',
    to: 'self.send_quota = send_quota.saturating_add(u16::from(PLANTED));',
  },
  {
    name: 'quota not taken by what is resent',
    file: `${session}/mod.rs`,
    from: '            entry.takes_quota = true;\n            self.unacknowledged += 1;',
    to: 'entry.takes_quota = !PLANTED;\nself.unacknowledged += u16::from(!PLANTED);',
  },
  {
    name: 'quota not given back',
    file: `${session}/in_flight.rs`,
    from: 'self.unacknowledged -= u16::from(entry.takes_quota);',
    to: 'if !PLANTED { FROM }',
  },
  {
    name: 'nothing resent when a session resumes',
    file: `${session}/mod.rs`,
    from: 'self.resend = self.in_flight.latest_first(|entry| entry.sent | u64::from(is_publish(entry)) << 63);',
    to: 'if !PLANTED { FROM }',
  },
  {
    name: 'resent in the order of identifiers',
    file: `${session}/mod.rs`,
    from: 'latest_first(|entry| entry.sent | u64::from(is_publish(entry)) << 63)',
    to: 'latest_first(|entry| (if PLANTED { !entry.sent >> 1 } else { entry.sent }) | u64::from(is_publish(entry)) << 63)',
  },
  {
    name: 'PUBREL not resent',
    file: `${client}/send.rs`,
    from: '                    self.acknowledge(PacketKind::Pubrel, packet_id, ReasonCode::Success);\n                    continue;',
    to: 'if !PLANTED { self.acknowledge(PacketKind::Pubrel, packet_id, ReasonCode::Success); }\ncontinue;',
  },
  {
    name: 'PUBLISH resent behind PUBREC',
    file: `${session}/in_flight.rs`,
    from: '            self.sent.remove(delivery);\n            entry.state = Outbound::AwaitPubcomp(Some(tag));',
    to: 'if !PLANTED {\nFROM\n}',
  },
  {
    name: 'queue is last in, first out',
    file: `${session}/queue.rs`,
    from: '        self.deliveries.push(Some(delivery));',
    to: 'if PLANTED { self.deliveries.put_first(Some(delivery)); } else { FROM }',
  },
  {
    name: 'session lost keeps what is in flight',
    file: `${session}/mod.rs`,
    from: '            while let Some((_, packet_id)) = self.resend.pop() {\n                if let Some(tag) = self.finish(packet_id) {\n                    lost.push(tag);\n                }\n            }\n            self.in_flight.clear();\n            self.sent = Held::new();',
    to: 'if PLANTED { lost.clear(); } else { FROM }',
  },
  {
    name: 'will fired on DISCONNECT',
    file: `${broker}/handlers/disconnect.rs`,
    from: '            self.clear_will(key);\n',
    to: 'if PLANTED { self.fire_will(key, now); } else { FROM }',
  },
  {
    name: 'will not fired when the connection is lost',
    file: `${broker}/handlers/will.rs`,
    from: '                client.will = will;\n                self.fire_will(key, now);',
    to: 'if PLANTED { drop(will); } else { FROM }',
  },
  {
    name: 'will not cancelled within its delay',
    file: `${broker}/handlers/connect.rs`,
    from: '                self.cancel_will(key);\n',
    to: 'if !PLANTED { FROM }',
  },
  {
    name: 'will delay ignored',
    file: `${broker}/handlers/will.rs`,
    from: 'if delay > 0 =>',
    to: 'if delay > 0 && !(PLANTED && delay < u32::MAX) =>',
  },
  {
    name: 'session expiry ignored',
    file: `${broker}/handlers/timeout.rs`,
    from: '        if interval < u32::MAX\n',
    to: 'if interval < u32::MAX && !PLANTED\n',
  },
  {
    name: 'session ends with its connection',
    file: `${broker}/handlers/disconnect.rs`,
    from: 'if expiry_interval == 0 {',
    to: 'if expiry_interval == 0 || PLANTED && expiry_interval < u32::MAX {',
  },
  {
    name: 'clean start resumes the session',
    file: `${broker}/handlers/connect.rs`,
    from: 'if !clean_start {',
    to: 'if !clean_start || PLANTED && now.as_millis() % 2 == 0 {',
  },
  {
    name: 'message expiry ignored',
    file: `${broker}/delivery/encoded_publish.rs`,
    from: 'Err(DropCause::Expired) if self.dup => Some(0),',
    to: 'Err(DropCause::Expired) if self.dup || PLANTED => Some(0),',
  },
  {
    name: 'retained message kept at an empty payload',
    file: `${broker}/handlers/distribute.rs`,
    from: 'return self.retained.clear(publish.topic);\n        }\n        let Origin',
    to: 'if !PLANTED { self.retained.clear(publish.topic); }\nreturn;\n}\nlet Origin',
  },
  {
    name: 'first retained message kept',
    file: `${broker}/handlers/distribute.rs`,
    from: '        if publication.publish.retain {\n            self.retain(publication);',
    to: 'if publication.publish.retain && !(PLANTED && self.retained.len() >= 2) {\nself.retain(publication);',
  },
  {
    name: 'No Local ignored',
    file: `${broker}/delivery/fan_out.rs`,
    from: 'if subscription.no_local && publisher == Some(key) => {}',
    to: 'if subscription.no_local && (if PLANTED { publisher.is_none() } else { publisher == Some(key) }) => {}',
  },
  {
    name: 'granted QoS ignored',
    file: `${broker}/clients/subscription.rs`,
    from: 'qos: options.qos.min(maximum_qos),',
    to: 'qos: if PLANTED { maximum_qos } else { options.qos.min(maximum_qos) },',
  },
  {
    name: 'unsubscribing ignored',
    file: `${broker}/clients/mod.rs`,
    from: 'self.subscriptions.remove(filter)?;\n        self.filter_bytes',
    to: 'self.subscriptions.remove(if PLANTED { "" } else { filter })?;\nself.filter_bytes',
  },
  {
    name: 'receiver takes one message fewer than it said',
    file: `${session}/inbound.rs`,
    from: 'if self.unacknowledged >= self.receive_maximum {',
    to: 'if self.unacknowledged + u16::from(PLANTED) >= self.receive_maximum {',
  },
  {
    name: 'client aliases outlive their connection',
    file: `${client}/receive.rs`,
    from: '        self.assigned_aliases.begin(limits.topic_alias_maximum.min(self.options.assigned_aliases_max));\n',
    to: 'if !PLANTED || self.absence.is_none() { FROM }',
  },
  {
    name: 'broker alias introduced without its topic',
    file: `${broker}/delivery/encoded_publish.rs`,
    from: 'Naming::Introduction(alias) => (publish.topic, Some(alias)),\n            Naming::Alias(alias) => ("", Some(alias)),\n        };\n        if let',
    to: 'Naming::Introduction(alias) => (if PLANTED { "" } else { publish.topic }, Some(alias)),\nNaming::Alias(alias) => ("", Some(alias)),\n};\nif let',
  },
  {
    name: "client's maximum packet size ignored",
    file: `${broker}/handlers/connect.rs`,
    from: 'let packet_bytes_max = agreed.packet_bytes_max;\n            peer.is_accepted',
    to: 'let packet_bytes_max = if PLANTED { usize::MAX } else { agreed.packet_bytes_max };\npeer.is_accepted',
  },
  {
    name: 'QoS 2 identifier not stored',
    file: `${broker}/store/stored_session.rs`,
    from: '                    writer.batch.put(key, |_| ());',
    to: 'if !PLANTED { FROM }',
  },
  {
    name: 'request ends twice',
    file: `${client}/receive.rs`,
    from: '            self.ends.answered(id, Ok(completion), properties);',
    to: 'if PLANTED { self.ends.answered(id, Ok(completion.clone()), properties.clone()); }\nFROM',
  },
  {
    name: 'request of a lost session never ends',
    file: `${client}/recover.rs`,
    from: '        self.give_up(&lost, RequestError::SessionLost);',
    to: 'if !PLANTED { FROM }',
  },
  {
    name: 'subscriptions not made again',
    file: `${client}/recover.rs`,
    from: '            self.subscriptions.lost();\n',
    to: 'if !PLANTED { FROM }',
  },
  {
    name: 'client does not ping',
    file: `${client}/keep_alive.rs`,
    from: '            self.answer = Some(TimeLimit::new(now, self.patience(), now));\n            return Some(Due::Ping);',
    to: 'if PLANTED {\nself.last_sent = now;\nself.last_received = now;\nreturn None;\n}\nFROM',
  },
  {
    name: 'takeover leaves the older connection',
    file: `${broker}/handlers/connect.rs`,
    from: '            self.close(old, DisconnectCause::TakenOver, now);\n',
    to: 'if !PLANTED { FROM }',
  },
]
