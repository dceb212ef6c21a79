//! A topic, or the filter of a subscription, while the rules of an access list are compared with it
//! for one client.

use alloc::vec::Vec;
use core::cell::Cell;

use crate::broker::auth::identity::Identity;
use crate::topic::Levels;

/// A topic that is compared with many rules. The levels of a long one are found once.
pub(super) struct CutTopic<'a> {
    text: &'a str,
    cut: Vec<&'a [u8]>,
    /// Bytes of identifiers that were compared with it.
    pub(super) compared: Cell<usize>,
    /// The last comparison with a client identifier, and with a user name.
    last: [Cell<Comparison>; 2],
}

/// Comparison of a long identifier with the rest of a level, by its address. Many rules ask for the
/// same one.
#[derive(Clone, Copy, Default)]
struct Comparison {
    level: usize,
    is_prefix: bool,
}

impl<'a> CutTopic<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        /// Levels of a topic of no more bytes are found about as fast as they are kept.
        const SHORT: usize = 256;
        let cut = if text.len() > SHORT { Levels::of(text).collect() } else { Vec::new() };
        Self { text, cut, compared: Cell::new(0), last: Default::default() }
    }

    pub(super) fn levels(&self) -> impl Iterator<Item = &'a [u8]> {
        let uncut = self.cut.is_empty().then(|| Levels::of(self.text));
        self.cut.iter().copied().chain(uncut.into_iter().flatten())
    }

    /// True if a level equals a rule's level for this client, or may for any.
    pub(super) fn is_level_for(&self, expected: &[u8], level: &[u8], identity: Option<Identity<'_>>) -> bool {
        expected == level && !expected.contains(&b'%')
            || identity.map_or(expected.contains(&b'%'), |identity| self.is_level(expected, level, identity))
    }

    /// True if a level equals a rule's level, with `%c` and `%u` replaced.
    pub(super) fn is_level(&self, expected: &[u8], level: &[u8], identity: Identity<'_>) -> bool {
        let (mut expected, mut level) = (expected, level);
        while let Some((first, behind)) = expected.split_first() {
            let (is_next, length);
            (is_next, length, expected) = match (first, behind.first()) {
                (b'%', Some(b'c')) => {
                    (self.begins(level, identity.client_id, 0), identity.client_id.len(), &behind[1..])
                }
                (b'%', Some(b'u')) => {
                    let username = identity.username.unwrap_or_default();
                    (self.begins(level, username, 1), username.len(), &behind[1..])
                }
                _ => (level.first() == Some(first), 1, behind),
            };
            if !is_next {
                return false;
            }
            level = level.get(length..).unwrap_or_default();
        }
        level.is_empty()
    }

    /// True if the rest of a level begins with an identifier, which is of this kind and not empty.
    fn begins(&self, level: &[u8], name: &str, kind: usize) -> bool {
        /// Identifiers of no more bytes are compared about as fast as a comparison is found.
        const SHORT: usize = 64;
        if name.is_empty() || name.len() > level.len() {
            return false;
        }
        let (last, address) = (&self.last[kind], level.as_ptr().addr());
        if name.len() > SHORT && last.get().level == address {
            return last.get().is_prefix;
        }
        self.compared.set(self.compared.get() + name.len());
        let is_prefix = level.starts_with(name.as_bytes());
        last.set(Comparison { level: address, is_prefix });
        is_prefix
    }
}
