//! The router: from a topic to its subscribers.
//!
//! A trie of topic filters, level by level. Walking it costs what the topic's levels and the wildcards on their way cost,
//! however many filters there are. Levels are interned, so that a filter's text is held once for all its subscribers
//! and comparing levels is comparing numbers.

use alloc::vec::Vec;

mod explain;
mod levels;
mod subscribers;
mod table;

pub use explain::{Explanation, LevelExplanation, Verdict, explain};

use crate::topic::{self, TopicFilter};
use levels::{LevelId, Levels};
use subscribers::Subscribers;
use table::{Table, hash_pair};

/// A node's place in [`Router::nodes`].
type NodeId = u32;

const ROOT: NodeId = 0;
/// No node: the root is nobody's child.
const NONE: NodeId = ROOT;

/// The subscribers `K` of topic filters, each with a `V` for the filter: its subscription options.
///
/// Visits are in a fixed order: by the walk, `#` before `+` before the level itself, and at one filter by `K`.
#[derive(Clone, Debug)]
pub struct Router<K, V = ()> {
    nodes: Vec<Node<K, V>>,
    /// Nodes to use again.
    free: Vec<NodeId>,
    /// The children of all nodes but each one's first, by parent and level.
    edges: Table,
    levels: Levels,
    subscriptions: usize,
}

#[derive(Clone, Debug)]
struct Node<K, V> {
    parent: NodeId,
    level: LevelId,
    /// The children of the wildcard levels, which every topic looks at.
    plus: NodeId,
    hash: NodeId,
    /// One child of another level. Most nodes have no more, and the way to it is then short: one of the two things that
    /// keep a match among a million filters below a microsecond. The other is that levels are numbers.
    first: (LevelId, NodeId),
    /// How many further children are in [`Router::edges`].
    further: u32,
    subscribers: Subscribers<K, V>,
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

    /// A router without subscriptions, for filters of strangers: who does not know the secret cannot choose filters that
    /// make matches slow.
    #[must_use]
    pub fn with_secret(secret: u64) -> Self {
        Self {
            nodes: vec![Node::new(NONE, LevelId::EMPTY)],
            free: Vec::new(),
            edges: Table::default(),
            levels: Levels::new(secret),
            subscriptions: 0,
        }
    }

    /// Subscribes `key`; gives back the value of its subscription to the same filter, which is replaced.
    ///
    /// A share name is not looked at: it belongs into `K`.
    pub fn insert(&mut self, filter: &TopicFilter, key: K, value: V) -> Option<V> {
        let mut node = ROOT;
        for level in topic::Levels::of(filter.filter()) {
            node = self.child_or_new(node, level);
        }
        let replaced = self.node_mut(node).subscribers.insert(key, value);
        self.subscriptions += usize::from(replaced.is_none());
        replaced
    }

    /// Ends a subscription; gives back its value.
    pub fn remove(&mut self, filter: &TopicFilter, key: &K) -> Option<V> {
        let node = self.find(filter)?;
        let removed = self.node_mut(node).subscribers.remove(key)?;
        self.subscriptions -= 1;
        self.prune(node);
        Some(removed)
    }

    /// The value of a subscription.
    #[must_use]
    pub fn get(&self, filter: &TopicFilter, key: &K) -> Option<&V> {
        self.node(self.find(filter)?).subscribers.get(key)
    }

    /// How many subscriptions there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.subscriptions
    }

    /// Whether there is no subscription.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.subscriptions == 0
    }

    /// Visits every subscription whose filter matches `topic` (MQTT 5.0 §4.7).
    ///
    /// A subscriber with several matching filters is visited once for each. The walk looks at the nodes that match the
    /// topic's first levels and at no others; wildcards can make these as many as filters are stored, never more. It
    /// allocates only where a `+` and the level itself both lead on, and does not recurse.
    pub fn for_each_match<'a>(&'a self, topic: &str, mut visit: impl FnMut(&'a K, &'a V)) {
        self.walk(topic.as_bytes(), &mut |subscribers| {
            for (key, value) in subscribers {
                visit(key, value);
            }
        });
    }

    /// Visits what hangs on the nodes that match. Its code is there once, whoever visits.
    fn walk<'a>(&'a self, topic: &[u8], visit: &mut dyn FnMut(&'a [(K, V)])) {
        // Where to go on, and at which byte of the topic, once the present path has ended.
        let mut pending: Vec<(NodeId, usize)> = Vec::new();
        let (mut id, mut at) = (ROOT, 0);
        loop {
            let node = self.node(id);
            // A wildcard in the first level does not match what begins with `$` [MQTT-4.7.2-1].
            let wildcards = at > 0 || topic.first() != Some(&b'$');
            if wildcards && node.hash != NONE {
                visit(self.node(node.hash).subscribers.as_slice());
            }
            let mut next = NONE;
            // The last level ends at the topic's end, and the next would begin a byte behind that.
            if let Some(rest) = topic.get(at..) {
                let (level, _) = topic::first_level(rest);
                at += level.len() + 1;
                next = self.child(node, id, level);
                if wildcards && node.plus != NONE {
                    if next != NONE {
                        pending.push((next, at));
                    }
                    next = node.plus;
                }
            } else {
                visit(node.subscribers.as_slice());
            }
            if next != NONE {
                id = next;
            } else if let Some(other) = pending.pop() {
                (id, at) = other;
            } else {
                return;
            }
        }
    }

    fn find(&self, filter: &TopicFilter) -> Option<NodeId> {
        let mut node = ROOT;
        for level in topic::Levels::of(filter.filter()) {
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
            return NONE;
        }
        let Some(level) = self.levels.find(level) else { return NONE };
        if level == first {
            return child;
        }
        if node.further == 0 {
            return NONE;
        }
        let further = self.edges.find(edge(id, level), |child| {
            let child = self.node(child);
            child.parent == id && child.level == level
        });
        further.unwrap_or(NONE)
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
        let child = self.new_node(parent, id);
        let node = self.node_mut(parent);
        if node.first.1 == NONE && !id.is_wildcard() {
            node.first.0 = id;
        }
        if let Some(link) = node.link(id) {
            *link = child;
        } else {
            node.further += 1;
            self.edges.insert(edge(parent, id), child);
        }
        child
    }

    fn new_node(&mut self, parent: NodeId, level: LevelId) -> NodeId {
        if let Some(id) = self.free.pop() {
            *self.node_mut(id) = Node::new(parent, level);
            return id;
        }
        #[expect(clippy::cast_possible_truncation, reason = "memory ends before four thousand million nodes do")]
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Node::new(parent, level));
        id
    }

    /// Frees `node` and its ancestors as far as nothing hangs on them.
    fn prune(&mut self, mut node: NodeId) {
        while node != ROOT && self.node(node).is_empty() {
            let (parent, level) = (self.node(node).parent, self.node(node).level);
            let above = self.node_mut(parent);
            if let Some(link) = above.link(level) {
                *link = NONE;
            } else {
                above.further -= 1;
                self.edges.remove(edge(parent, level), node);
            }
            if !level.is_wildcard() {
                self.levels.give_back(level);
            }
            self.free.push(node);
            node = parent;
        }
        if self.subscriptions == 0 {
            // A churn of filters leaves no memory behind.
            *self = Self::with_secret(self.levels.secret());
        }
    }

    fn node(&self, id: NodeId) -> &Node<K, V> {
        &self.nodes[id as usize]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node<K, V> {
        &mut self.nodes[id as usize]
    }
}

/// The hash of the edge from a node to its child of a level.
fn edge(parent: NodeId, LevelId(level): LevelId) -> u32 {
    hash_pair(parent, level)
}

impl<K, V> Node<K, V> {
    const fn new(parent: NodeId, level: LevelId) -> Self {
        let first = (LevelId::EMPTY, NONE);
        Self { parent, level, plus: NONE, hash: NONE, first, further: 0, subscribers: Subscribers::new() }
    }

    /// Where it holds the child of this level; `None` if that is among the further ones.
    const fn link(&mut self, level: LevelId) -> Option<&mut NodeId> {
        match level {
            LevelId::PLUS => Some(&mut self.plus),
            LevelId::HASH => Some(&mut self.hash),
            LevelId(level) if self.first.0.0 == level => Some(&mut self.first.1),
            LevelId(_) => None,
        }
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
