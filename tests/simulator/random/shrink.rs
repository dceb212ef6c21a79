//! The shortest list of actions that still breaks a guarantee.

use wasmqtt::simulator::Action;

use super::features::Features;
use super::{PREAMBLE, run};

/// Leaves out actions, ever fewer at a time, as long as something is wrong without them. Returns
/// what is left, and what is wrong with it.
pub(super) fn shortest(features: &Features, mut actions: Vec<Action>, problem: &str) -> (Vec<Action>, String) {
    let mut problem = problem.to_owned();
    let mut len = actions.len().saturating_sub(PREAMBLE).div_ceil(2);
    while len > 0 {
        let mut at = PREAMBLE;
        while at < actions.len() {
            let mut fewer = actions.clone();
            fewer.drain(at..(at + len).min(actions.len()));
            match run(features, &fewer).problem {
                Some(other) => (actions, problem) = (fewer, other),
                None => at += len,
            }
        }
        len = if len > 1 { len.div_ceil(2) } else { 0 };
    }
    (actions, problem)
}
