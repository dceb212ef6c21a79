//! Containers that the broker and the session share.

pub(crate) mod change_list;
pub(crate) mod named_slab;
pub(crate) mod slab;
pub(crate) mod sorted_list;
