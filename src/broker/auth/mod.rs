//! Access control: the access list, questions to the host, and verdicts.

pub(crate) mod access_list;
pub(crate) mod open_questions;
pub(crate) mod question;
pub(crate) mod verdict;
