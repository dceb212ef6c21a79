//! Keep alive: pings on a quiet connection, and the end of one that does not answer (MQTT 5.0
//! §3.1.2.10).

use crate::time::Time;

/// When to ping, and when to give up. Any byte from the broker is a sign of life.
///
/// A ping is due when either direction was quiet for an interval. The broker wants to hear from the
/// client [MQTT-3.1.2-20]. A client that only publishes would otherwise never find out that nobody
/// hears it.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeepAlive {
    /// `None`: turned off.
    interval_ms: Option<u64>,
    last_sent: Time,
    last_received: Time,
    pinged: Option<Time>,
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
        let interval_ms = (seconds > 0).then(|| u64::from(seconds) * 1000);
        Self { interval_ms, last_sent: now, last_received: now, pinged: None }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        let interval_ms = self.interval_ms?;
        let (quiet_since, wait_ms) = match self.pinged {
            Some(pinged) => (pinged, patience_ms(interval_ms)),
            None => (self.last_sent.min(self.last_received), interval_ms),
        };
        Some(Time::from_millis(quiet_since.as_millis().saturating_add(wait_ms)))
    }

    pub(super) const fn on_sent(&mut self, now: Time) {
        self.last_sent = now;
    }

    pub(super) const fn on_received(&mut self, now: Time) {
        self.last_received = now;
        self.pinged = None;
    }

    pub(super) fn on_timeout(&mut self, now: Time) -> Option<Due> {
        let late_ms = now.as_millis().checked_sub(self.deadline()?.as_millis())?;
        // The timer came late by more than our patience: the machine slept or the page was
        // throttled, and the answer may not have been read yet. The broker gets another chance.
        let overslept = late_ms > patience_ms(self.interval_ms?);
        if self.pinged.is_some() && !overslept {
            return Some(Due::Timeout);
        }
        self.pinged = Some(now);
        Some(Due::Ping)
    }
}

/// How long a ping may go unanswered: half the interval, but at least 1 second and at most 30.
fn patience_ms(interval_ms: u64) -> u64 {
    (interval_ms / 2).clamp(1_000, 30_000)
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
        keep_alive.on_sent(at(4));
        keep_alive.on_received(at(5));
        assert_eq!(keep_alive.on_timeout(at(13)), None);
        assert_eq!(keep_alive.on_timeout(at(14)), Some(Due::Ping));
        keep_alive.on_sent(at(14));
        assert_eq!(keep_alive.deadline(), Some(at(19)));
        assert_eq!(keep_alive.on_timeout(at(19)), Some(Due::Timeout));
    }

    #[test]
    fn an_answer_stops_the_countdown() {
        let mut keep_alive = KeepAlive::new(10, at(0));
        keep_alive.on_timeout(at(10));
        keep_alive.on_sent(at(10));
        keep_alive.on_received(at(12));
        assert_eq!(keep_alive.deadline(), Some(at(20)));
    }

    #[test]
    fn a_client_that_only_sends_pings_too() {
        let mut keep_alive = KeepAlive::new(10, at(0));
        for second in 1..10 {
            keep_alive.on_sent(at(second));
        }
        assert_eq!(keep_alive.on_timeout(at(10)), Some(Due::Ping));
        keep_alive.on_sent(at(14));
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
