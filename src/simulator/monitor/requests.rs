//! Each request ends once.

use alloc::collections::BTreeSet;
use alloc::format;

use super::{Findings, Guarantee};
use crate::client::RequestId;
use crate::simulator::{Actor, ClientEvent};

/// The requests that have begun and not ended.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: BTreeSet<(Actor, u64)>,
    /// Requests of a process that is gone. Nobody waits for their end.
    orphans: BTreeSet<(Actor, u64)>,
}

impl Requests {
    pub(super) fn open(&self) -> impl Iterator<Item = (Actor, RequestId)> {
        self.open.iter().map(|(actor, request)| (*actor, RequestId(*request)))
    }

    pub(super) fn on_client(&mut self, actor: Actor, event: &ClientEvent, findings: &mut Findings<'_>) {
        match event {
            ClientEvent::Requested(request) => {
                self.orphans.remove(&(actor, request.0));
                if !self.open.insert((actor, request.0)) {
                    let text = format!("request {} of client {} began twice", request.0, actor.0);
                    findings.add(Guarantee::Requests, text);
                }
            }
            ClientEvent::Done(request, _) => {
                let id = (actor, request.0);
                if !self.open.remove(&id) && !self.orphans.remove(&id) {
                    let text = format!("request {} of client {} ended twice", request.0, actor.0);
                    findings.add(Guarantee::Requests, text);
                }
            }
            ClientEvent::Killed => {
                let (gone, open) = self.open.iter().partition(|(other, _)| *other == actor);
                self.open = open;
                self.orphans.extend(gone);
            }
            _ => {}
        }
    }
}
