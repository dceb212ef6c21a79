//! The broker's counters, as a list of numbers.

use alloc::vec::Vec;

use crate::broker::{Counters, DropCause, Gauges};
use crate::codec::{PacketKind, QoS};

/// Returns all counters and gauges, in an order that the face knows too.
pub(crate) fn list(counters: &Counters, gauges: &Gauges) -> Vec<f64> {
    let mut list = Vec::with_capacity(64);
    let counts = [
        gauges.uptime,
        gauges.clients as u64,
        gauges.sessions as u64,
        counters.clients_max as u64,
        counters.accepted,
        counters.rejected,
        gauges.subscriptions as u64,
        gauges.shared_subscriptions as u64,
        gauges.retained as u64,
        gauges.retained_bytes as u64,
        gauges.queued as u64,
        gauges.queued_bytes as u64,
        gauges.in_flight as u64,
        counters.published,
        counters.delivered,
        counters.dropped,
    ];
    put(&mut list, &counts);
    for cause in DropCause::ALL {
        put(&mut list, &[counters.dropped_for(cause)]);
    }
    for traffic in [&counters.received, &counters.sent] {
        put(&mut list, &[traffic.bytes, traffic.publish_bytes]);
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            put(&mut list, &[traffic.publishes(qos)]);
        }
        for kind in PacketKind::ALL {
            put(&mut list, &[traffic.packets(kind)]);
        }
    }
    let memory = counters.memory;
    put(&mut list, &[memory.bytes as u64, memory.highest as u64, memory.max as u64]);
    list
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
fn put(list: &mut Vec<f64>, counts: &[u64]) {
    for count in counts {
        list.push(*count as f64);
    }
}
