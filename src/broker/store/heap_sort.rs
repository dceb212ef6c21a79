//! The order of records.

/// Sorts records by their keys.
///
/// A heap sort: a tenth of the code of the sorts that come with Rust, and at most twice the comparisons, whatever the order
/// they come in.
pub(crate) fn sort_by_key(records: &mut [(&[u8], &[u8])]) {
    if records.is_sorted_by_key(|(key, _)| *key) {
        return;
    }
    for root in (0..records.len() / 2).rev() {
        sift_down(records, root);
    }
    for end in (1..records.len()).rev() {
        records.swap(0, end);
        sift_down(&mut records[..end], 0);
    }
}

/// Lets the record at `root` sink until neither of the two below it has a greater key.
fn sift_down(records: &mut [(&[u8], &[u8])], mut root: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child + 1 < records.len() && records[child].0 < records[child + 1].0 {
            child += 1;
        }
        if child >= records.len() || records[child].0 <= records[root].0 {
            return;
        }
        records.swap(root, child);
        root = child;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::sort_by_key;

    #[test]
    fn records_in_many_orders_are_sorted() {
        // 307 is prime: the multiples of a factor are all different.
        for (len, factor) in (0..300_u16).flat_map(|len| [1, 2, 101, 153, 306].map(|factor| (len, factor))) {
            let keys: Vec<_> = (1..=len).map(|number| (u32::from(number) * factor % 307).to_be_bytes()).collect();
            let mut records: Vec<(&[u8], &[u8])> = keys.iter().map(|key| (&key[..], &key[2..])).collect();
            let mut expected = records.clone();
            expected.sort_unstable();
            sort_by_key(&mut records);
            assert_eq!(records, expected, "{len} records by {factor}");
        }
    }
}
