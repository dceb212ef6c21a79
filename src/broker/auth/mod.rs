//! Access control: the access list, the questions to the host, and their answers.

pub(crate) mod access_list;
pub(crate) mod open_questions;
pub(crate) mod question;
pub(crate) mod verdict;
