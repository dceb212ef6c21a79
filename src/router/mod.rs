//! The router: finds the subscribers of a topic.
//!
//! A trie of topic filters, level by level. A walk costs as much as the topic's levels and the
//! wildcards on their way, however many filters there are. A level costs a hash of its text, and
//! one look at a table. Among a million filters, the nodes of a quiet topic are in no cache of the
//! processor. Each look then reads main memory, as with any structure. Texts of levels are
//! interned, so that each is held once.

use alloc::vec::Vec;

mod explain;
mod levels;
mod matching;
mod pages;
mod subscribers;
mod table;

pub use explain::{Explanation, LevelExplanation, LevelVerdict, explain};
pub use matching::{FilterMatch, Matching, MatchingLevel, explain_all};

use crate::topic::{self, TopicFilter};
use levels::{LevelId, Levels};
use pages::Pages;
use subscribers::Subscribers;
use table::Table;

/// A node's place in [`Router::nodes`].
type NodeId = u32;

const ROOT: NodeId = 0;
/// No node: the root is nobody's child.
const NONE: NodeId = ROOT;

/// Bytes of a level whose hash costs about as much as a look at a node.
const BYTES_IN_LOOK: usize = 64;

/// The subscribers `K` of topic filters, each with a `V` for the filter: its subscription options.
///
/// Visits are in a fixed order: by the walk, `#` before `+` before the level itself, and at one
/// filter by `K`.
#[derive(Clone, Debug)]
pub struct Router<K, V = ()> {
    nodes: Pages<Node<K, V>>,
    /// The children of all nodes but each one's first, by the parent and the hash of the level.
    edges: Table,
    levels: Levels,
    subscriptions: usize,
    /// Bytes of memory of the subscribers beside their nodes.
    subscriber_bytes: usize,
}

#[derive(Clone, Debug)]
struct Node<K, V> {
    level: LevelId,
    /// The children of the wildcard levels, which every topic looks at.
    plus: NodeId,
    hash: NodeId,
    /// One child of another level, and before it the hash of that level. Most nodes have no more,
    /// and the way to it is then short.
    first: (u32, NodeId),
    /// How many further children are in [`Router::edges`].
    further: u32,
    subscribers: Subscribers<K, V>,
}

/// A match that is under way: how far it has come.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Where to go on, and at which byte of the topic, once the present path has ended.
    pending: Vec<(NodeId, usize)>,
    /// The present node, and the byte of the topic.
    id: NodeId,
    at: usize,
    /// True if the subscribers of the node's `#` are visited.
    is_behind_hash: bool,
    visited: Visited,
    /// Nodes that it has looked at, and long levels in the time of so many nodes.
    pub(crate) looked_at: usize,
}

/// Subscribers of a filter that are visited: whole chunks, and those of the next.
#[derive(Clone, Copy, Debug, Default)]
struct Visited {
    chunks: usize,
    in_chunk: usize,
}

impl Walk {
    /// Begins another match. The memory is used again.
    pub(crate) fn restart(&mut self) {
        self.pending.clear();
        (self.id, self.at, self.is_behind_hash, self.looked_at) = (ROOT, 0, false, 0);
        self.visited = Visited::default();
    }
}

impl<K: Ord, V> Default for Router<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord, V> Router<K, V> {
    /// A router without subscriptions, for filters of one's own.
    #[must_use]
    pub fn new() -> Self {
        Self::with_secret(0)
    }

    /// A router without subscriptions, for filters of strangers: a stranger without the secret
    /// cannot choose filters that make matches slow.
    #[must_use]
    pub fn with_secret(secret: u64) -> Self {
        let mut nodes = Pages::new();
        let root = nodes.insert(Node::new(LevelId::EMPTY));
        debug_assert_eq!(root, ROOT);
        Self { nodes, edges: Table::default(), levels: Levels::new(secret), subscriptions: 0, subscriber_bytes: 0 }
    }

    /// Subscribes `key`; returns the value of its subscription to the same filter, which is
    /// replaced.
    ///
    /// A share name is not looked at: it belongs into `K`.
    pub fn insert(&mut self, filter: &TopicFilter, key: K, value: V) -> Option<V> {
        let mut node = ROOT;
        for level in topic::Levels::of(filter.filter()) {
            node = self.child_or_new(node, level);
        }
        let subscribers = &mut self.nodes.get_mut(node).subscribers;
        self.subscriber_bytes -= subscribers.held_bytes();
        let replaced = subscribers.insert(key, value);
        self.subscriber_bytes += subscribers.held_bytes();
        self.subscriptions += usize::from(replaced.is_none());
        replaced
    }

    /// Ends a subscription; returns its value.
    pub fn remove(&mut self, filter: &TopicFilter, key: &K) -> Option<V> {
        let mut path = Vec::new();
        let mut node = self.find(filter, |node| path.push(node))?;
        let subscribers = &mut self.nodes.get_mut(node).subscribers;
        let bytes = subscribers.held_bytes();
        let removed = subscribers.remove(key)?;
        self.subscriber_bytes = self.subscriber_bytes - bytes + subscribers.held_bytes();
        self.subscriptions -= 1;
        while let Some(parent) = path.pop()
            && self.node(node).is_empty()
        {
            self.unlink(parent, node);
            node = parent;
        }
        if self.subscriptions == 0 {
            // A churn of filters leaves no memory behind.
            *self = Self::with_secret(self.levels.secret());
        }
        Some(removed)
    }

    /// The value of a subscription.
    #[must_use]
    pub fn get(&self, filter: &TopicFilter, key: &K) -> Option<&V> {
        self.node(self.find(filter, |_| ())?).subscribers.get(key)
    }

    /// How many subscriptions there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.subscriptions
    }

    /// Bytes of memory that it takes.
    pub(crate) const fn held_bytes(&self) -> usize {
        self.nodes.held_bytes() + self.edges.held_bytes() + self.levels.held_bytes() + self.subscriber_bytes
    }

    /// True if there is no subscription.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.subscriptions == 0
    }

    /// Visits every subscription whose filter matches `topic` (MQTT 5.0 §4.7).
    ///
    /// A subscriber with several matching filters is visited once for each. The walk visits the
    /// nodes that match the topic's first levels and no others. With wildcards these can be as many
    /// as there are filters, never more. It allocates only where a `+` and the level itself both
    /// lead on, and does not recurse. Returns the number of nodes visited: the cost of a match on
    /// any machine.
    pub fn for_each_match<'a>(&'a self, topic: &str, mut visit: impl FnMut(&'a K, &'a V)) -> usize {
        let mut walk = Walk::default();
        self.resume_match(topic, &mut walk, usize::MAX, &mut |subscribers| {
            for (key, value) in subscribers {
                visit(key, value);
            }
            subscribers.len()
        });
        walk.looked_at
    }

    /// Visits the subscriptions of a match as [`for_each_match`](Self::for_each_match), from where
    /// the walk has come to. True if it has come to its end.
    ///
    /// It stops after `nodes_max` further nodes, or where `visit` handles fewer subscribers than it
    /// is given. `visit` returns how many it has handled. The router must not change until the end.
    pub(crate) fn resume_match<'a>(
        &'a self,
        topic: &str,
        walk: &mut Walk,
        nodes_max: usize,
        visit: &mut dyn FnMut(&'a [(K, V)]) -> usize,
    ) -> bool {
        let topic = topic.as_bytes();
        let end = walk.looked_at.saturating_add(nodes_max);
        // A wildcard in the first level does not match what begins with `$` [MQTT-4.7.2-1].
        let is_reserved = topic.first() == Some(&b'$');
        let Walk { pending, visited, .. } = walk;
        let (mut id, mut at, mut is_behind_hash) = (walk.id, walk.at, walk.is_behind_hash);
        let mut looked_at = walk.looked_at;
        let is_over = loop {
            if looked_at > end {
                break false;
            }
            let node = self.node(id);
            let wildcards = at > 0 || !is_reserved;
            if !is_behind_hash {
                looked_at += 1;
                if wildcards && node.hash != NONE {
                    looked_at += 1;
                    if !self.visit_node(node.hash, visited, visit) {
                        break false;
                    }
                }
                is_behind_hash = true;
            }
            let mut next = (NONE, 0);
            // The last level ends at the topic's end, and the next would begin a byte behind that.
            if let Some(rest) = topic.get(at..) {
                let (level, _) = topic::first_level(rest);
                // Its hash costs more than a look at a node if it is long.
                looked_at += level.len() / BYTES_IN_LOOK;
                let at = at + level.len() + 1;
                next = (self.child(node, id, level), at);
                if wildcards && node.plus != NONE {
                    if next.0 != NONE {
                        pending.push(next);
                    }
                    next.0 = node.plus;
                }
            } else if !self.visit_node(id, visited, visit) {
                break false;
            }
            if next.0 == NONE {
                let Some(other) = pending.pop() else { break true };
                next = other;
            }
            (id, at) = next;
            is_behind_hash = false;
        };
        (walk.id, walk.at, walk.is_behind_hash, walk.looked_at) = (id, at, is_behind_hash, looked_at);
        is_over
    }

    /// Visits the subscribers of a node, from those on that are visited. True if it has come to
    /// their end.
    fn visit_node<'a>(
        &'a self,
        id: NodeId,
        visited: &mut Visited,
        visit: &mut dyn FnMut(&'a [(K, V)]) -> usize,
    ) -> bool {
        let subscribers = &self.node(id).subscribers;
        while let Some(chunk) = subscribers.chunk(visited.chunks) {
            let rest = chunk.get(visited.in_chunk..).unwrap_or_default();
            let handled = visit(rest);
            if handled < rest.len() {
                visited.in_chunk += handled;
                return false;
            }
            visited.chunks += 1;
            visited.in_chunk = 0;
        }
        visited.chunks = 0;
        true
    }

    /// Returns the node of a filter; `above` is called with those on the way to it.
    fn find(&self, filter: &TopicFilter, mut above: impl FnMut(NodeId)) -> Option<NodeId> {
        let mut node = ROOT;
        for level in topic::Levels::of(filter.filter()) {
            above(node);
            node = self.child_of_filter(node, level);
            if node == NONE {
                return None;
            }
        }
        Some(node)
    }

    /// The child of a level of a filter, or `NONE`.
    fn child_of_filter(&self, id: NodeId, level: &[u8]) -> NodeId {
        let node = self.node(id);
        match level {
            b"+" => node.plus,
            b"#" => node.hash,
            level => self.child(node, id, level),
        }
    }

    /// The child of a level that is no wildcard, or `NONE`; `node` is `id`'s.
    fn child(&self, node: &Node<K, V>, id: NodeId, level: &[u8]) -> NodeId {
        let (first, child) = node.first;
        if child == NONE && node.further == 0 {
            // Wildcards alone need no hash of the level.
            return NONE;
        }
        let hash = self.levels.hash(level);
        let is = |child| self.levels.is(self.node(child).level, level);
        if child != NONE && first == hash && is(child) {
            return child;
        }
        if node.further == 0 {
            return NONE;
        }
        // Of this text: then of this parent, too.
        self.edges.find(self.levels.hash_of_edge(id, hash), is).unwrap_or(NONE)
    }

    fn child_or_new(&mut self, parent: NodeId, level: &[u8]) -> NodeId {
        let known = self.child_of_filter(parent, level);
        if known != NONE {
            return known;
        }
        let id = match level {
            b"+" => LevelId::PLUS,
            b"#" => LevelId::HASH,
            level => self.levels.take(level),
        };
        let child = self.nodes.insert(Node::new(id));
        let hash = self.levels.hash(level);
        let node = self.nodes.get_mut(parent);
        match id {
            LevelId::PLUS => node.plus = child,
            LevelId::HASH => node.hash = child,
            _ if node.first.1 == NONE => node.first = (hash, child),
            _ => {
                node.further += 1;
                self.edges.insert(self.levels.hash_of_edge(parent, hash), child);
            }
        }
        child
    }

    /// Frees `node`, on which nothing hangs.
    fn unlink(&mut self, parent: NodeId, node: NodeId) {
        let level = self.node(node).level;
        let above = self.nodes.get_mut(parent);
        match level {
            LevelId::PLUS => above.plus = NONE,
            LevelId::HASH => above.hash = NONE,
            _ if above.first.1 == node => above.first.1 = NONE,
            _ => {
                above.further -= 1;
                self.edges.remove(self.levels.hash_of_edge(parent, self.levels.hash_of(level)), node);
            }
        }
        if !level.is_wildcard() {
            self.levels.give_back(level);
        }
        self.nodes.free(node);
    }

    fn node(&self, id: NodeId) -> &Node<K, V> {
        self.nodes.get(id)
    }
}

impl<K, V> Node<K, V> {
    const fn new(level: LevelId) -> Self {
        let first = (0, NONE);
        Self { level, plus: NONE, hash: NONE, first, further: 0, subscribers: Subscribers::new() }
    }

    /// Nothing hangs on it.
    const fn is_empty(&self) -> bool {
        self.plus == NONE
            && self.hash == NONE
            && self.first.1 == NONE
            && self.further == 0
            && self.subscribers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::String;

    use super::*;

    #[test]
    fn levels_whose_hashes_are_equal_are_told_apart() {
        let mut texts: BTreeMap<u32, String> = BTreeMap::new();
        let hash = |text: &str| table::hash_text(0, text.as_bytes());
        let (left, right) = (0_u32..)
            .map(|number| format!("{number}"))
            .find_map(|text| texts.insert(hash(&text), text.clone()).map(|other| (other, text)))
            .expect("two of a quarter of a million, or sooner");
        let found = |router: &Router<u8>, topic: &str| {
            let mut keys = Vec::new();
            router.for_each_match(topic, |key, ()| keys.push(*key));
            keys
        };
        // One of them is the first child, or both are further ones.
        for skipped in [1, 0] {
            let filters = ["other", &left, &right].map(|text| TopicFilter::parse(text).expect("a filter"));
            let mut router = Router::new();
            for (key, filter) in (0..).zip(&filters).skip(skipped) {
                router.insert(filter, key, ());
            }
            assert_eq!((found(&router, &left), found(&router, &right)), (vec![1], vec![2]));
            router.remove(&filters[1], &1);
            assert_eq!((found(&router, &left), found(&router, &right)), (vec![], vec![2]));
        }
    }
}
