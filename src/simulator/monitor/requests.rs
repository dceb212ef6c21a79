//! Each request ends once.

use alloc::format;

use super::{Findings, Guarantee};
use crate::client::RequestId;
use crate::simulator::sorted_map::SortedMap;
use crate::simulator::{Actor, ClientEvent};

/// The requests that have begun and not ended.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: SortedMap<(Actor, u64), ()>,
    /// Requests of a process that is gone. Nobody waits for their end.
    orphans: SortedMap<(Actor, u64), ()>,
}

impl Requests {
    pub(super) fn open(&self) -> impl Iterator<Item = (Actor, RequestId)> {
        self.open.keys().map(|(actor, request)| (*actor, RequestId(*request)))
    }

    pub(super) fn on_client(&mut self, actor: Actor, event: &ClientEvent, findings: &mut Findings<'_>) {
        match event {
            ClientEvent::Requested(request) => {
                self.orphans.remove(&(actor, request.0));
                if self.open.insert((actor, request.0), ()).is_some() {
                    let text = format!("request {} of client {} began twice", request.0, actor.0);
                    findings.add(Guarantee::Requests, text);
                }
            }
            ClientEvent::Done(request, _) => {
                let id = (actor, request.0);
                if self.open.remove(&id).or_else(|| self.orphans.remove(&id)).is_none() {
                    let text = format!("request {} of client {} ended twice", request.0, actor.0);
                    findings.add(Guarantee::Requests, text);
                }
            }
            ClientEvent::Killed => {
                for id in self.open.keys().filter(|(other, _)| *other == actor) {
                    self.orphans.insert(*id, ());
                }
                self.open.retain(|(other, _), ()| *other != actor);
            }
            _ => {}
        }
    }
}
