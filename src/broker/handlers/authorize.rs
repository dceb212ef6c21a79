//! Authorization of packets by the access list and the host.
//!
//! A packet that waits for answers stays in its peer's decoder, with all bytes behind it. So one
//! client's packets keep their order. When its answers are there, the packet is handled again.
//! Other peers do not wait.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::broker::Broker;
use crate::broker::auth::identity::Identity;
use crate::broker::auth::open_questions::Subject;
use crate::broker::auth::question::{Action, Answer, Question};
use crate::broker::auth::verdict::{Verdict, refusal};
use crate::broker::cause::DisconnectCause;
use crate::broker::connection::peer_input::{Blocked, Progress};
use crate::broker::handlers::packet::Sender;
use crate::broker::ids::{ClientKey, PeerId, QuestionId};
use crate::codec::{Connect, PacketKind, Publish, QoS, ReasonCode, Subscribe};
use crate::time::Time;
use crate::topic::TopicFilter;

/// Cost of a question about a packet, in steps.
const QUESTION_STEPS: usize = 8;

impl Broker {
    /// Takes the host's answer to an [`Output::Ask`](crate::broker::Output::Ask), and resumes the
    /// packet or delivery that waited for it. An answer is ignored if its peer is gone, or the
    /// answer timeout has passed.
    pub fn answer(&mut self, question: QuestionId, answer: Answer, now: Time) {
        self.now = now;
        let answer = match answer {
            Answer::Complete(data) | Answer::Continue(data) if data.len() > usize::from(u16::MAX) => {
                Answer::Refuse(ReasonCode::ImplementationSpecificError)
            }
            answer => answer,
        };
        match self.questions.close(question) {
            Some(Subject::Packet(id)) => {
                let is_last = self.peers.get_mut(id).is_some_and(|peer| peer.input.put_answer(question, answer));
                if is_last {
                    self.receive(id, now);
                }
            }
            Some(Subject::Delivery(client)) => {
                if let Some(mut subscriber) = self.deliveries(now).to(client) {
                    subscriber.approval_answered(question, Verdict::of(&answer, PacketKind::Puback));
                }
            }
            None => {}
        }
        self.end_input(now);
    }

    /// Refuses the questions whose deadline has passed, as far as the budget goes.
    pub(crate) fn end_questions(&mut self, now: Time) {
        while !self.outbox.is_spent()
            && let Some(id) = self.questions.first_expired(now)
        {
            self.outbox.note_work(QUESTION_STEPS, 0);
            self.answer(id, Answer::Refuse(ReasonCode::UnspecifiedError), now);
        }
    }

    /// Returns the answer to the question at this place about the handled packet. Asks the host if
    /// it was not asked yet.
    pub(crate) fn answered(
        &mut self,
        id: PeerId,
        place: usize,
        question: &dyn Fn() -> Question,
        now: Time,
    ) -> Option<Answer> {
        let peer = self.peers.get_mut(id)?;
        if !peer.input.questions_mut().has(place) {
            let due = now + self.options.answer_timeout;
            peer.input.await_answer(self.questions.ask(Subject::Packet(id), Some(id), question(), due));
        }
        peer.input.questions_mut().answer(place).cloned()
    }

    /// Returns the verdict by the answer; see [`answered`](Self::answered).
    pub(crate) fn verdict(
        &mut self,
        (id, place): (PeerId, usize),
        kind: PacketKind,
        question: &dyn Fn() -> Question,
        now: Time,
    ) -> Verdict {
        self.answered(id, place, question, now).map_or(Verdict::Pending, |answer| Verdict::of(&answer, kind))
    }

    /// Returns the verdict for a PUBLISH.
    pub(crate) fn authorize_publish(&mut self, sender: Sender, publish: &Publish<'_>, now: Time) -> Verdict {
        let Some(client) = self.clients.get(sender.client) else { return Verdict::Allowed };
        // A QoS 2 message that was received before is only acknowledged again. A QoS 1 message is
        // always new, whatever its identifier.
        let has_received = |packet_id| client.session.has_received(packet_id);
        if publish.qos == QoS::ExactlyOnce && publish.packet_id.is_some_and(has_received) {
            return Verdict::Allowed;
        }
        if let Err(reason) =
            self.options.access.check(Action::Publish, client.identity(), publish.topic, &mut self.outbox.budget)
        {
            return Verdict::Refused(refusal(reason, PacketKind::Puback));
        }
        if !self.options.asks.publish {
            return Verdict::Allowed;
        }
        let (client_id, username) = (Arc::clone(&client.id), client.username.clone());
        let question = || Question::Authorize {
            client_id: Arc::clone(&client_id),
            username: username.clone(),
            action: Action::Publish,
            topic: publish.topic.into(),
            qos: publish.qos,
            retain: publish.retain,
        };
        self.verdict((sender.peer, 0), PacketKind::Puback, &question, now)
    }

    /// Returns the verdict for the will of a CONNECT. `question` is the place among its questions.
    pub(crate) fn authorize_will(&mut self, question: (PeerId, usize), connect: &Connect<'_>, now: Time) -> Verdict {
        let Some(will) = &connect.will else { return Verdict::Allowed };
        let identity = Identity { client_id: connect.client_id, username: connect.username };
        if let Err(reason) = self.options.access.check(Action::Publish, identity, will.topic, &mut self.outbox.budget) {
            return Verdict::Refused(refusal(reason, PacketKind::Connack));
        }
        if !self.options.asks.publish {
            return Verdict::Allowed;
        }
        let ask = || Question::Authorize {
            client_id: connect.client_id.into(),
            username: connect.username.map(Arc::from),
            action: Action::Publish,
            topic: will.topic.into(),
            qos: will.qos,
            retain: will.retain,
        };
        self.verdict(question, PacketKind::Connack, &ask, now)
    }

    /// Returns a verdict for each subscription. `None` while one is pending, or if the rest is
    /// compared with the access list in the next turn. `checked` are the first decisions of the
    /// list.
    pub(crate) fn may_subscribe(
        &mut self,
        sender: Sender,
        subscribe: &Subscribe<'_>,
        checked: Vec<Result<(), ReasonCode>>,
        now: Time,
    ) -> Option<Vec<Verdict>> {
        let checked = self.check_filters(sender, subscribe, checked)?;
        let Some(client) = self.clients.get(sender.client) else { return Some(Vec::new()) };
        let (client_id, username) = (Arc::clone(&client.id), client.username.clone());
        let mut verdicts = Vec::with_capacity(checked.len());
        let mut place = 0;
        for (asked, access) in subscribe.subscriptions.iter().zip(&checked) {
            if let Err(reason) = access {
                verdicts.push(Verdict::Refused(*reason));
                continue;
            }
            // An invalid one is refused when it is granted.
            if !self.options.asks.subscribe || TopicFilter::parse(asked.filter).is_err() {
                verdicts.push(Verdict::Allowed);
                continue;
            }
            let question = || Question::Authorize {
                client_id: Arc::clone(&client_id),
                username: username.clone(),
                action: Action::Subscribe,
                topic: asked.filter.into(),
                qos: asked.options.qos,
                retain: false,
            };
            verdicts.push(self.verdict((sender.peer, place), PacketKind::Suback, &question, now));
            place += 1;
        }
        if !verdicts.contains(&Verdict::Pending) {
            return Some(verdicts);
        }
        self.put_progress(sender.peer, Progress { checked, ..Progress::default() });
        None
    }

    /// Compares the filters of a SUBSCRIBE with the access list. `None` if the rest goes on in the
    /// next turn.
    fn check_filters(
        &mut self,
        sender: Sender,
        subscribe: &Subscribe<'_>,
        mut checked: Vec<Result<(), ReasonCode>>,
    ) -> Option<Vec<Result<(), ReasonCode>>> {
        let Self { clients, options, outbox, .. } = self;
        let Some(client) = clients.get(sender.client) else { return Some(checked) };
        let filters = subscribe.subscriptions.iter().take(options.subscriptions_max);
        for asked in filters.skip(checked.len()) {
            if outbox.is_spent() {
                self.put_progress(sender.peer, Progress { checked, ..Progress::default() });
                self.defer(sender.peer, Blocked::Budget);
                return None;
            }
            checked.push(TopicFilter::parse(asked.filter).map_or(Ok(()), |filter| {
                let verdict = options.access.check_subscription(client.identity(), &filter, &mut outbox.budget);
                verdict.map_err(|reason| refusal(reason, PacketKind::Suback))
            }));
        }
        Some(checked)
    }

    /// Takes how far the peer's packet has come.
    pub(crate) fn take_progress(&mut self, id: PeerId) -> Progress {
        self.peers.get_mut(id).and_then(|peer| peer.input.take_progress()).unwrap_or_default()
    }

    /// Keeps how far the peer's packet has come, which stays in the decoder.
    pub(crate) fn put_progress(&mut self, id: PeerId, progress: Progress) {
        if let Some(peer) = self.peers.get_mut(id) {
            peer.input.put_progress(progress);
        }
    }

    /// Checks the subscriptions of a session that another user resumes. Those that are refused end,
    /// and so do the deliveries that no other subscription matches.
    pub(crate) fn authorize_inheritance(
        &mut self,
        (id, place): (PeerId, usize),
        connect: &Connect<'_>,
        now: Time,
    ) -> Verdict {
        let Some((key, filters)) = self.inherited(connect, now) else { return Verdict::Allowed };
        self.outbox.note_work(QUESTION_STEPS * filters.len(), 0);
        let Some(checked) = self.check_inherited(id, connect, &filters) else {
            self.set_successor(key, id);
            return Verdict::Pending;
        };
        let username: Option<Arc<str>> = connect.username.map(Arc::from);
        let (mut refused, mut is_pending, mut place) = (Vec::new(), false, place);
        for ((filter, qos), access) in filters.into_iter().zip(&checked) {
            if let Err(reason) = access {
                refused.push((filter, *reason));
                continue;
            }
            let question = || Question::Authorize {
                client_id: connect.client_id.into(),
                username: username.clone(),
                action: Action::Subscribe,
                topic: filter.as_str().into(),
                qos,
                retain: false,
            };
            match self.verdict((id, place), PacketKind::Suback, &question, now) {
                Verdict::Allowed => {}
                Verdict::Pending => is_pending = true,
                Verdict::Refused(reason) => refused.push((filter, reason)),
            }
            place += 1;
        }
        if is_pending {
            self.put_progress(id, Progress { checked, ..Progress::default() });
            self.set_successor(key, id);
            return Verdict::Pending;
        }
        self.end_refused(key, refused, now);
        Verdict::Allowed
    }

    /// Compares the filters that a CONNECT inherits with the access list. `None` if the rest goes
    /// on in the next turn.
    fn check_inherited(
        &mut self,
        id: PeerId,
        connect: &Connect<'_>,
        filters: &[(TopicFilter, QoS)],
    ) -> Option<Vec<Result<(), ReasonCode>>> {
        let identity = Identity { client_id: connect.client_id, username: connect.username };
        let Progress { mut checked, .. } = self.take_progress(id);
        for (filter, _) in filters.iter().skip(checked.len()) {
            if self.outbox.is_spent() {
                self.put_progress(id, Progress { checked, ..Progress::default() });
                self.defer(id, Blocked::Budget);
                return None;
            }
            let verdict = self.options.access.check_subscription(identity, filter, &mut self.outbox.budget);
            checked.push(verdict.map_err(|reason| refusal(reason, PacketKind::Suback)));
        }
        Some(checked)
    }

    /// Notes that the CONNECT of this peer waits to resume the session.
    fn set_successor(&mut self, key: ClientKey, id: PeerId) {
        if let Some(client) = self.clients.get_mut(key) {
            client.successor = Some(id);
        }
    }

    /// Returns the client and the subscriptions of the session that a CONNECT resumes, if the host
    /// has allowed them to another user. The former connection ends, so that they do not change
    /// before the host has answered.
    fn inherited(&mut self, connect: &Connect<'_>, now: Time) -> Option<(ClientKey, Vec<(TopicFilter, QoS)>)> {
        if connect.clean_start || !self.options.asks.subscribe {
            return None;
        }
        let client = self.clients.get(self.clients.find(connect.client_id)?)?;
        if client.username.as_deref() == connect.username {
            return None;
        }
        if let Some(former) = client.peer {
            self.close(former, DisconnectCause::TakenOver, now);
        }
        // The session may have ended with the connection.
        let key = self.clients.find(connect.client_id)?;
        let subscriptions = self.clients.get(key)?.subscriptions.iter();
        Some((key, subscriptions.map(|own| (own.filter.clone(), own.subscription.qos)).collect()))
    }

    /// Ends the subscriptions that a client may not resume.
    fn end_refused(&mut self, key: ClientKey, refused: Vec<(TopicFilter, ReasonCode)>, now: Time) {
        if let Some(client) = self.clients.get_mut(key).filter(|_| !refused.is_empty()) {
            client.recheck_for_other_user();
            client.recheck().has_lost_subscriptions = true;
        }
        for (filter, reason) in refused {
            if let Some(client) = self.clients.get_mut(key) {
                client.unsubscribe(filter.as_str());
            }
            if let Some(group) = self.remove_subscription(key, &filter) {
                self.leave_group(key, group, now);
            }
            self.log_subscription(key, filter.as_str(), reason, true);
        }
    }

    /// Reports a refusal to the host.
    pub(crate) fn log_refusal(&mut self, key: ClientKey, action: Action, topic: &str, reason: ReasonCode) {
        if let Some(client) = self.clients.get(key) {
            self.events.refused(&client.id, action, topic, reason);
        }
    }

    /// Closes the questions about the peer's packet.
    pub(crate) fn drop_questions(&mut self, id: PeerId) {
        let questions = self.peers.get_mut(id).and_then(|peer| peer.input.take_questions());
        if let Some(questions) = questions {
            for question in questions.ids() {
                self.questions.close(question);
            }
        }
    }
}
