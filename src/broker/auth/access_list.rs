//! Access list: rules for the topics that a client may publish, subscribe to and receive.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::broker::auth::cut_topic::CutTopic;
use crate::broker::auth::identity::Identity;
use crate::broker::auth::question::Action;
use crate::broker::budget::Budget;
use crate::codec::ReasonCode;
use crate::topic::{Levels, TopicError, TopicFault, TopicFilter, is_wildcard};

/// Rules in order: the first one that matches the client, the action and the topic decides. Without
/// a match, the action is allowed.
///
/// A message is delivered only if the client may both subscribe to its topic and receive it. So a
/// subscription to `#` brings no topic that is forbidden.
///
/// A subscription is refused if a rule forbids all topics of its filter, and no earlier rule allows
/// any of them. Otherwise it is granted, and each message is checked by its topic. A shared
/// subscription is checked by the filter behind its share name. Each of its messages then goes to a
/// member that may receive the topic.
///
/// The broker applies the list before it asks the host.
#[derive(Clone, Debug, Default)]
pub struct Access {
    rules: Vec<AccessRule>,
}

/// One rule of an [`Access`] list.
#[derive(Clone, Debug)]
pub struct AccessRule {
    /// The action; `None` is every action.
    pub action: Option<Action>,
    /// The topics.
    pub filter: AccessFilter,
    /// The client identifier; `None` is every client.
    pub client_id: Option<Box<str>>,
    /// The user name; `None` is every client, with a user name or without.
    pub username: Option<Box<str>>,
    /// The decision: allowed, or refused with this reason. A reason that the packet cannot carry
    /// becomes 0x87, not authorized.
    pub verdict: Result<(), ReasonCode>,
}

/// Topic filter of a rule. `%c` stands for the client identifier and `%u` for the user name.
///
/// Each stands for text within one level. An identifier that is empty, missing or has a `/` matches
/// no topic. A `+` or `#` in an identifier is no wildcard.
///
/// Unlike in a subscription, a wildcard in the first level also matches topics that begin with `$`:
/// `#` matches every topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessFilter(TopicFilter);

impl Access {
    /// A list of these rules.
    #[must_use]
    pub const fn new(rules: Vec<AccessRule>) -> Self {
        Self { rules }
    }

    /// True if any rule is about the action.
    pub(crate) fn required_checks(&self, action: Action) -> bool {
        self.rules.iter().any(|rule| rule.is_about(action))
    }

    /// Returns the decision for an action of the client on a topic.
    pub(crate) fn check(
        &self,
        action: Action,
        identity: Identity<'_>,
        topic: &str,
        budget: &mut Budget,
    ) -> Result<(), ReasonCode> {
        budget.spend(self.rules.len(), topic.len());
        let topic = &CutTopic::new(topic);
        let first = self
            .rules
            .iter()
            .find(|rule| rule.is_about(action) && rule.names(identity) && rule.filter.matches(topic, Some(identity)));
        budget.spend(0, topic.compared.get());
        first.map_or(Ok(()), |rule| rule.verdict)
    }

    /// True if a message of this topic may be delivered to the client.
    pub(crate) fn may_read(&self, identity: Identity<'_>, topic: &str, budget: &mut Budget) -> bool {
        let mut rules = self.rules.iter();
        Self::may_read_by(&mut rules, identity, topic, budget)
    }

    /// As [`may_read`](Self::may_read), by the rules at these places.
    pub(crate) fn may_read_by_rules(
        &self,
        places: &[usize],
        identity: Identity<'_>,
        topic: &str,
        budget: &mut Budget,
    ) -> bool {
        let mut rules = places.iter().filter_map(|place| self.rules.get(*place));
        Self::may_read_by(&mut rules, identity, topic, budget)
    }

    fn may_read_by(
        rules: &mut dyn Iterator<Item = &AccessRule>,
        identity: Identity<'_>,
        topic: &str,
        budget: &mut Budget,
    ) -> bool {
        budget.spend(0, topic.len());
        let topic = &CutTopic::new(topic);
        // The first rule about each of the two actions decides.
        let (mut may_subscribe, mut may_receive) = (false, false);
        for rule in rules {
            budget.spend(1, topic.compared.take());
            let subscribe = !may_subscribe && rule.is_about(Action::Subscribe);
            let receive = !may_receive && rule.is_about(Action::Receive);
            if (subscribe || receive) && rule.names(identity) && rule.filter.matches(topic, Some(identity)) {
                may_subscribe |= subscribe;
                may_receive |= receive;
                if rule.verdict.is_err() || may_subscribe && may_receive {
                    budget.spend(0, topic.compared.take());
                    return rule.verdict.is_ok();
                }
            }
        }
        budget.spend(0, topic.compared.take());
        true
    }

    /// Finds the rules that may decide who receives this topic, whoever it is. A message goes to
    /// many clients, and most rules are about other topics.
    pub(crate) fn rules_of_topic(&self, topic: &str, places: &mut Vec<usize>, budget: &mut Budget) {
        budget.spend(self.rules.len(), topic.len());
        let topic = &CutTopic::new(topic);
        let is_of_topic = |rule: &AccessRule| {
            (rule.is_about(Action::Subscribe) || rule.is_about(Action::Receive)) && rule.filter.matches(topic, None)
        };
        places.extend(self.rules.iter().enumerate().filter(|(_, rule)| is_of_topic(rule)).map(|(place, _)| place));
    }

    /// Returns the decision for a subscription of the client.
    pub(crate) fn check_subscription(
        &self,
        identity: Identity<'_>,
        filter: &TopicFilter,
        budget: &mut Budget,
    ) -> Result<(), ReasonCode> {
        budget.spend(self.rules.len(), filter.as_str().len());
        let asked = &CutTopic::new(filter.filter());
        let is_about = |rule: &&AccessRule| rule.is_about(Action::Subscribe) && rule.names(identity);
        let decision = self.rules.iter().filter(is_about).find_map(|rule| {
            match (rule.verdict, rule.filter.compare(asked, identity)) {
                (_, Overlap::All) => Some(rule.verdict),
                (Ok(()), Overlap::Some) => Some(Ok(())),
                (Err(_), Overlap::Some) | (_, Overlap::None) => None,
            }
        });
        budget.spend(0, asked.compared.get());
        decision.unwrap_or(Ok(()))
    }
}

impl AccessRule {
    fn is_about(&self, action: Action) -> bool {
        self.action.is_none_or(|own| own == action)
    }

    fn names(&self, identity: Identity<'_>) -> bool {
        self.client_id.as_deref().is_none_or(|client_id| client_id == identity.client_id)
            && self.username.as_deref().is_none_or(|username| Some(username) == identity.username)
    }
}

/// Overlap of a rule's topics with those of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overlap {
    None,
    Some,
    All,
}

impl AccessFilter {
    /// Parses a topic filter that may have `%c` and `%u`.
    ///
    /// # Errors
    /// [`TopicError`] if the text is not a valid topic filter, or is a shared subscription.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        let filter = TopicFilter::parse(text)?;
        if filter.share_name().is_some() {
            return Err(TopicError { text: String::from(text), fault: TopicFault::Shared });
        }
        Ok(Self(filter))
    }

    /// Returns the text that it was parsed from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// True if it matches the topic for this client, or, without one, for any client.
    fn matches(&self, topic: &CutTopic<'_>, identity: Option<Identity<'_>>) -> bool {
        let mut levels = topic.levels();
        for expected in Levels::of(self.as_str()) {
            if expected == b"#" {
                return true;
            }
            match levels.next() {
                Some(level) if expected == b"+" || topic.is_level_for(expected, level, identity) => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }

    /// Compares it with the filter of a subscription.
    fn compare(&self, filter: &CutTopic<'_>, identity: Identity<'_>) -> Overlap {
        let (mut named, mut asked) = (Levels::of(self.as_str()), filter.levels());
        let mut overlap = Overlap::All;
        let mut is_first = true;
        loop {
            // A wildcard in the first level matches no topic that begins with `$` [MQTT-4.7.2-1].
            let is_hidden = |level: &[u8]| is_first && level.starts_with(b"$");
            match (named.next(), asked.next()) {
                (Some(b"#"), _) | (None, None) => return overlap,
                (Some(level), Some(wildcard)) if is_a_wildcard(wildcard) && is_hidden(level) => return Overlap::None,
                // `a/#` matches `a` too.
                (_, Some(b"#")) => return Overlap::Some,
                (Some(b"+"), Some(_)) => {}
                (Some(_), Some(b"+")) => overlap = Overlap::Some,
                (Some(expected), Some(level)) if filter.is_level(expected, level, identity) => {}
                (_, Some(_)) | (Some(_), None) => return Overlap::None,
            }
            is_first = false;
        }
    }
}

const fn is_a_wildcard(level: &[u8]) -> bool {
    matches!(level, [byte] if is_wildcard(*byte))
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{Access, AccessFilter, AccessRule, CutTopic, Identity, Overlap};
    use crate::broker::auth::question::Action;
    use crate::broker::budget::Budget;
    use crate::codec::ReasonCode;
    use crate::topic::{TopicFilter, TopicName};

    const ANN: Identity<'_> = Identity { client_id: "c1", username: Some("ann") };

    fn parse(text: &str) -> AccessFilter {
        AccessFilter::parse(text).expect(text)
    }

    #[test]
    fn a_rule_matches_topics() {
        let rows = [
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b", false),
            ("a/#", "a", true),
            ("#", "$SYS/broker", true),
            ("+/broker", "$SYS/broker", true),
            ("d/%c", "d/c1", true),
            ("d/%c", "d/c2", false),
            ("d/%c", "d/c1/x", false),
            ("d/dev-%c_%u!/#", "d/dev-c1_ann!/x", true),
            ("d/dev-%c_%u!/#", "d/dev-c1_bob!/x", false),
            ("%c%c", "c1c1", true),
            ("100%/%x", "100%/%x", true),
            ("%", "%", true),
        ];
        for (filter, topic, expected) in rows {
            assert_eq!(parse(filter).matches(&CutTopic::new(topic), Some(ANN)), expected, "{filter} and {topic}");
        }
    }

    #[test]
    fn an_identifier_is_text_within_one_level() {
        let rows = [("a/b", "d/a/b"), ("+", "d/x"), ("+", "d/+"), ("#", "d/x/y"), ("", "d/"), ("%u", "d/ann")];
        for (name, topic) in rows {
            let identity = Identity { client_id: name, username: Some(name) };
            for filter in ["d/%c", "d/%u"] {
                // Topics have no wildcards, so an identifier like one matches no topic.
                let expected = TopicName::parse(topic).is_err();
                assert_eq!(
                    parse(filter).matches(&CutTopic::new(topic), Some(identity)),
                    expected,
                    "{name} in {filter} and {topic}"
                );
            }
            assert_ne!(parse("d/%c/#").compare(&CutTopic::new("d/#"), identity), Overlap::All, "{name}");
            assert_ne!(parse("d/%c").compare(&CutTopic::new("d/+"), identity), Overlap::All, "{name}");
        }
        let long = "x".repeat(300);
        let rows = [("+/b", "/b", true), ("+/b", "/c", false), ("+/b/#", "/b", true), ("+/b", "/b/c", false)];
        for (filter, end, expected) in rows {
            assert_eq!(
                parse(filter).matches(&CutTopic::new(&format!("{long}{end}")), None),
                expected,
                "{filter} {end}"
            );
        }
        assert!(!parse("d/%u").matches(&CutTopic::new("d/"), Some(Identity { client_id: "c1", username: None })));
    }

    #[test]
    fn a_rule_is_compared_with_a_subscription() {
        use Overlap::{All, None, Some};
        let rows = [
            ("#", "#", All),
            ("#", "$SYS/#", All),
            ("a/#", "a/#", All),
            ("a/#", "a", All),
            ("a/#", "a/+/c", All),
            ("a/+", "a/b", All),
            ("a/+", "a/+", All),
            ("a/b", "a/b", All),
            ("d/%c/#", "d/c1/x", All),
            ("a/#", "#", Some),
            ("a/#", "+/b", Some),
            ("a/b", "a/+", Some),
            ("a/b", "+/b", Some),
            ("+/b", "a/#", Some),
            ("a", "a/#", Some),
            ("d/%c", "d/+", Some),
            ("a/#", "b/#", None),
            ("a/b", "a/c", None),
            ("a/b", "a", None),
            ("a", "a/b", None),
            ("a/+", "a", None),
            ("d/%c", "d/c2", None),
            ("$SYS/a", "#", None),
            ("$SYS/#", "+/a", None),
            ("a/+/c", "a/b/d", None),
        ];
        for (rule, filter, expected) in rows {
            assert_eq!(parse(rule).compare(&CutTopic::new(filter), ANN), expected, "{rule} and {filter}");
        }
    }

    /// Compares with topics one by one: All is every topic, and None is no topic.
    #[test]
    fn the_comparison_agrees_with_the_topics() {
        let levels = ["", "a", "b", "$x"];
        let wild = ["", "a", "b", "$x", "+", "#"];
        let join = |levels: &[&'static str]| -> Vec<String> {
            let one = levels.iter().map(|level| (*level).to_owned());
            let two = levels.iter().flat_map(|a| levels.iter().map(move |b| format!("{a}/{b}")));
            one.chain(two).collect()
        };
        let topics: Vec<_> = join(&levels).into_iter().filter_map(|text| TopicName::parse(&text).ok()).collect();
        // `/#` would also match the empty topic, if that were valid.
        let is_filter = |text: &String| text != "/#" && TopicFilter::parse(text).is_ok();
        let filters: Vec<_> = join(&wild).into_iter().filter(is_filter).collect();
        for rule in filters.iter().map(|text| parse(text)) {
            for filter in filters.iter().map(|text| TopicFilter::parse(text).expect(text)) {
                let of_filter = || topics.iter().filter(|topic| filter.matches(topic));
                let named = of_filter().filter(|topic| rule.matches(&CutTopic::new(topic.as_str()), Some(ANN))).count();
                let overlap = rule.compare(&CutTopic::new(filter.filter()), ANN);
                let (rule, filter) = (rule.as_str(), filter.as_str());
                assert_eq!(overlap == Overlap::None, named == 0, "{rule} and {filter}: {overlap:?}, {named}");
                if overlap == Overlap::All {
                    assert_eq!(named, of_filter().count(), "{rule} and {filter}");
                }
            }
        }
    }

    /// Returns the steps of a check beyond one for each of 1,000 rules.
    fn steps(check: impl FnOnce(&Access, &mut Budget) -> bool) -> usize {
        let rule = |number: usize| AccessRule {
            action: None,
            filter: parse(&format!("+/%c/{number}")),
            client_id: None,
            username: None,
            verdict: Err(ReasonCode::NotAuthorized),
        };
        let mut budget = Budget::default();
        assert!(check(&Access::new((0..1_000).map(rule).collect()), &mut budget));
        budget.unsent_steps() - 1_000
    }

    /// One comparison serves all rules, and costs as much as the topic.
    #[test]
    fn a_long_identifier_is_compared_once_and_costs_its_bytes() {
        let long = "c".repeat(64_000);
        let identity = Identity { client_id: &long, username: None };
        let (topic, other) = (format!("a/{long}/x"), format!("a/{}x/1", &long[1..]));
        for topic in [&topic, &other] {
            let filter = TopicFilter::parse(topic).expect("a filter");
            let counted = [
                steps(|access, budget| access.check(Action::Publish, identity, topic, budget).is_ok()),
                steps(|access, budget| access.may_read(identity, topic, budget)),
                steps(|access, budget| access.check_subscription(identity, &filter, budget).is_ok()),
            ];
            assert_eq!(counted, [2_000; 3]);
        }
        let short = Identity { client_id: "c", username: None };
        let alone = steps(|access, budget| access.check(Action::Publish, short, &topic, budget).is_ok());
        assert!((1_000..1_100).contains(&alone), "{alone}");
    }

    #[test]
    fn a_rule_is_no_shared_subscription_and_no_bad_filter() {
        for text in ["$share/g/a", "a/#/b", "", "a%c+"] {
            assert!(AccessFilter::parse(text).is_err(), "{text}");
        }
    }
}
