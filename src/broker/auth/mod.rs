//! Access control: the access list, questions to the host, and verdicts.

pub(crate) mod access_list;
mod cut_topic;
pub(crate) mod identity;
pub(crate) mod open_questions;
pub(crate) mod question;
pub(crate) mod verdict;
