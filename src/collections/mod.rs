//! Containers that the broker, the session and the simulator share, small in code where the
//! standard ones are large.

pub(crate) mod by_id;
pub(crate) mod change_list;
pub(crate) mod fifo;
pub(crate) mod heap_sort;
pub(crate) mod named_slab;
pub(crate) mod order;
pub(crate) mod slab;
pub(crate) mod sorted_list;
