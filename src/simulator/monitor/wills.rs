//! A will is published once, or deleted once.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;

use super::{Findings, Guarantee};
use crate::broker::{Event, WillFate};

/// Clients with a will that may be published.
#[derive(Debug, Default)]
pub(super) struct Wills {
    armed: BTreeMap<Arc<str>, bool>,
}

impl Wills {
    pub(super) fn on_broker(&mut self, event: &Event, findings: &mut Findings<'_>) {
        let Event::Will { client_id, fate, .. } = event else { return };
        let is_armed = self.armed.get(client_id).copied();
        match fate {
            WillFate::Armed => {
                self.armed.insert(client_id.clone(), true);
            }
            WillFate::Delayed => {}
            WillFate::Fired | WillFate::Cleared | WillFate::Cancelled => {
                if is_armed == Some(false) {
                    findings.add(Guarantee::Wills, format!("the will of {client_id} was {fate:?} after its end"));
                }
                self.armed.insert(client_id.clone(), false);
            }
        }
    }

    /// Another broker has the wills of its store, or none.
    pub(super) fn on_restart(&mut self) {
        self.armed.clear();
    }
}
