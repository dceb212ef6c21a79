//! Keep alive: pings on a quiet connection, and the end of one that does not answer (MQTT 5.0
//! §3.1.2.10).

use core::time::Duration;

use crate::time::Time;
use crate::time_limit::TimeLimit;

/// Time for the answer to a ping that tests a connection after the host woke up.
const PROBE: Duration = Duration::from_secs(5);

/// When to ping, and when to give up. Any byte from the broker is a sign of life.
///
/// A ping is due when either direction was quiet for an interval. The broker wants to hear from the
/// client [MQTT-3.1.2-20]. A client that only publishes would otherwise never find out that nobody
/// hears it.
///
/// If the timer for the answer comes late, the host was stopped, and the answer may not be read
/// yet. The broker then gets another ping and one grace. So the third call after the interval gives
/// up a dead broker, however late the calls are.
///
/// A ping stands behind the bytes that were sent before and wait in the transport. As long as such
/// bytes leave, the line is slow and not silent, and the time for the answer begins anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeepAlive {
    /// `None`: turned off.
    interval: Option<Duration>,
    last_sent: Time,
    last_received: Time,
    /// The limit of the answer, once a ping was sent.
    answer: Option<TimeLimit>,
    /// Bytes that waited in the transport at the last look.
    waiting: usize,
    /// Bytes that were handed to it since.
    added: usize,
    /// The ping under way tests a connection after the host woke up.
    is_probe: bool,
}

/// Action that is due at the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send PINGREQ [MQTT-3.1.2-20].
    Ping,
    /// The broker is silent: close.
    Timeout,
}

impl KeepAlive {
    pub(super) fn new(seconds: u16, now: Time) -> Self {
        let interval = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
        Self { interval, last_sent: now, last_received: now, answer: None, waiting: 0, added: 0, is_probe: false }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match &self.answer {
            Some(answer) => Some(answer.look()),
            None => Some(self.last_sent.min(self.last_received) + self.interval?),
        }
    }

    /// Begins to wait for a byte from a broker that may be gone. True if a ping is to be sent. A
    /// test under way goes on as it is, however often the host wakes up.
    pub(super) fn probe(&mut self, now: Time) -> bool {
        if self.is_probe {
            return false;
        }
        self.is_probe = true;
        self.answer = Some(TimeLimit::new(now, self.patience(), now));
        true
    }

    /// True if the host woke up and nothing has come since.
    pub(super) const fn is_probed(&self) -> bool {
        self.is_probe
    }

    pub(super) const fn on_sent(&mut self, bytes: usize, now: Time) {
        self.last_sent = now;
        self.added = self.added.saturating_add(bytes);
    }

    /// Looks at the bytes that wait in the transport, before the deadline is judged.
    pub(super) fn on_waiting(&mut self, waiting: usize, now: Time) {
        let is_moving = self.waiting > 0 && waiting < self.waiting.saturating_add(self.added);
        (self.waiting, self.added) = (waiting, 0);
        if is_moving && self.answer.is_some() {
            self.answer = Some(TimeLimit::new(now, self.patience(), now));
        }
    }

    pub(super) const fn on_received(&mut self, now: Time) {
        self.last_received = now;
        self.answer = None;
        self.is_probe = false;
    }

    pub(super) fn on_timeout(&mut self, now: Time) -> Option<Due> {
        if self.deadline()? > now {
            return None;
        }
        let Some(answer) = self.answer else {
            self.answer = Some(TimeLimit::new(now, self.patience(), now));
            return Some(Due::Ping);
        };
        let Some(answer) = answer.judge(now) else { return Some(Due::Timeout) };
        self.answer = Some(answer);
        answer.is_grace().then_some(Due::Ping)
    }

    /// How long a ping may go unanswered: half the interval, but at least 1 second and at most 30.
    /// After the host woke up, 5 seconds.
    fn patience(&self) -> Duration {
        match self.interval {
            Some(interval) if !self.is_probe => (interval / 2).clamp(Duration::from_secs(1), Duration::from_secs(30)),
            _ => PROBE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    #[test]
    fn a_quiet_connection_is_pinged_and_a_silent_one_given_up() {
        let mut keep_alive = KeepAlive::new(10, at(0));
        assert_eq!(keep_alive.deadline(), Some(at(10)));
        keep_alive.on_sent(2, at(4));
        keep_alive.on_received(at(5));
        assert_eq!(keep_alive.on_timeout(at(13)), None);
        assert_eq!(keep_alive.on_timeout(at(14)), Some(Due::Ping));
        keep_alive.on_sent(2, at(14));
        let look = keep_alive.deadline().expect("a look before the limit, to see that the host is awake");
        assert!(look > at(18) && look < at(19), "{look:?}");
        assert_eq!((keep_alive.on_timeout(look), keep_alive.deadline()), (None, Some(at(19))));
        assert_eq!(keep_alive.on_timeout(at(19)), Some(Due::Timeout));
    }

    #[test]
    fn an_answer_stops_the_countdown() {
        let mut keep_alive = KeepAlive::new(10, at(0));
        keep_alive.on_timeout(at(10));
        keep_alive.on_sent(2, at(10));
        keep_alive.on_received(at(12));
        assert_eq!(keep_alive.deadline(), Some(at(20)));
    }

    #[test]
    fn a_client_that_only_sends_pings_too() {
        let mut keep_alive = KeepAlive::new(10, at(0));
        for second in 1..10 {
            keep_alive.on_sent(2, at(second));
        }
        assert_eq!(keep_alive.on_timeout(at(10)), Some(Due::Ping));
        keep_alive.on_sent(2, at(14));
        assert_eq!(keep_alive.on_timeout(at(15)), Some(Due::Timeout));
    }

    #[test]
    fn a_machine_that_slept_pings_again_before_it_gives_up() {
        let mut keep_alive = KeepAlive::new(10, at(0));
        keep_alive.on_timeout(at(10));
        assert_eq!(keep_alive.on_timeout(at(3600)), Some(Due::Ping));
        assert_eq!(keep_alive.on_timeout(at(3605)), Some(Due::Timeout));
    }

    #[test]
    fn zero_turns_it_off() {
        assert_eq!(KeepAlive::new(0, at(0)).deadline(), None);
    }
}
