//! The order of what was sent.

use crate::codec::PacketId;

/// Sorts by the numbers, so that the lowest is popped first.
///
/// A shell sort: a fifth of the code of the sorts that come with Rust, and milliseconds for all 65,535 identifiers.
pub(super) fn sort_latest_first(order: &mut [(u64, PacketId)]) {
    // One less than a power of two (Hibbard), which bounds the steps by the length to the power of 1.5.
    let mut gap = order.len().next_power_of_two() - 1;
    while gap > 0 {
        for end in gap..order.len() {
            let mut place = end;
            while place >= gap && order[place - gap].0 < order[place].0 {
                order.swap(place - gap, place);
                place -= gap;
            }
        }
        gap /= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn numbers_in_many_orders_are_sorted() {
        for len in 0..300_u64 {
            // 307 is prime: the multiples of a factor are all different.
            for factor in [1, 2, 101, 153, 306] {
                let mut order: Vec<(u64, PacketId)> =
                    (1..=len).map(|number| (number * factor % 307, PacketId::FIRST)).collect();
                let mut expected = order.clone();
                expected.sort_unstable_by_key(|(number, _)| core::cmp::Reverse(*number));
                sort_latest_first(&mut order);
                assert_eq!(order, expected, "{len} numbers by {factor}");
            }
        }
    }
}
