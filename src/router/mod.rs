//! The router: from a topic to its subscribers.
//!
//! A trie of topic filters, level by level. Walking it costs what the topic's levels and the wildcards on their way cost,
//! however many filters there are. Levels are interned, so that a filter's text is held once for all its subscribers
//! and comparing levels is comparing numbers.

mod explain;
mod levels;
mod subscribers;
mod table;

pub use explain::{Explanation, LevelExplanation, Verdict, explain};

use crate::topic::TopicFilter;
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
        for level in filter.levels() {
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
        // Where to go on, and with which levels, once the present path has ended.
        let mut pending: Vec<(NodeId, Option<&str>)> = Vec::new();
        let mut next = Some((ROOT, Some(topic)));
        // A wildcard in the first level does not match what begins with `$` [MQTT-4.7.2-1].
        let mut wildcards = !topic.starts_with('$');
        while let Some((id, rest)) = next {
            let node = self.node(id);
            if wildcards && node.hash != NONE {
                self.node(node.hash).subscribers.for_each(&mut visit);
            }
            let Some(topic) = rest else {
                node.subscribers.for_each(&mut visit);
                next = pending.pop();
                continue;
            };
            let (level, behind) = match topic.split_once('/') {
                Some((level, behind)) => (level, Some(behind)),
                None => (topic, None),
            };
            let plus = if wildcards && node.plus != NONE { Some((node.plus, behind)) } else { None };
            let exact = self.child(node, id, level).map(|child| (child, behind));
            wildcards = true;
            next = match (plus, exact) {
                (Some(plus), Some(exact)) => {
                    pending.push(exact);
                    Some(plus)
                }
                (plus, exact) => plus.or(exact).or_else(|| pending.pop()),
            };
        }
    }

    fn find(&self, filter: &TopicFilter) -> Option<NodeId> {
        filter.levels().try_fold(ROOT, |node, level| match level {
            "+" => Some(self.node(node).plus).filter(|child| *child != NONE),
            "#" => Some(self.node(node).hash).filter(|child| *child != NONE),
            level => self.child(self.node(node), node, level),
        })
    }

    /// The child of a level that is no wildcard; `node` is `id`'s.
    fn child(&self, node: &Node<K, V>, id: NodeId, level: &str) -> Option<NodeId> {
        if node.first.1 == NONE && node.further == 0 {
            return None;
        }
        let level = self.levels.find(level)?;
        if node.first.0 == level && node.first.1 != NONE {
            return Some(node.first.1);
        }
        if node.further == 0 {
            return None;
        }
        self.edges.find(edge(id, level), |child| {
            let child = self.node(child);
            child.parent == id && child.level == level
        })
    }

    fn child_or_new(&mut self, parent: NodeId, level: &str) -> NodeId {
        let known = match level {
            "+" => self.node(parent).plus,
            "#" => self.node(parent).hash,
            level => self.child(self.node(parent), parent, level).unwrap_or(NONE),
        };
        if known != NONE {
            return known;
        }
        let id = match level {
            "+" => LevelId::PLUS,
            "#" => LevelId::HASH,
            level => self.levels.take(level),
        };
        let child = self.new_node(parent, id);
        match id {
            LevelId::PLUS => self.node_mut(parent).plus = child,
            LevelId::HASH => self.node_mut(parent).hash = child,
            id if self.node(parent).first.1 == NONE => self.node_mut(parent).first = (id, child),
            id => {
                self.edges.insert(edge(parent, id), child);
                self.node_mut(parent).further += 1;
            }
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
            match level {
                LevelId::PLUS => self.node_mut(parent).plus = NONE,
                LevelId::HASH => self.node_mut(parent).hash = NONE,
                level => {
                    if self.node(parent).first == (level, node) {
                        self.node_mut(parent).first = (LevelId::EMPTY, NONE);
                    } else {
                        self.edges.remove(edge(parent, level), node);
                        self.node_mut(parent).further -= 1;
                    }
                    self.levels.give_back(level);
                }
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

    /// Nothing hangs on it.
    const fn is_empty(&self) -> bool {
        self.plus == NONE
            && self.hash == NONE
            && self.first.1 == NONE
            && self.further == 0
            && self.subscribers.is_empty()
    }
}
