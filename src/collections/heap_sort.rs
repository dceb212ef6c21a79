//! A heap sort.
//!
//! The standard library's sorts have ten times the code, once for each type of item. A heap sort
//! makes at most twice the comparisons, in any order of the items.

/// Sorts the items in place so that no item is less than one before it. Equal items may change
/// places.
pub(crate) fn sort_by<T>(items: &mut [T], is_less: impl Fn(&T, &T) -> bool) {
    if !items.windows(2).any(|pair| is_less(&pair[1], &pair[0])) {
        return;
    }
    for root in (0..items.len() / 2).rev() {
        sift_down(items, root, &is_less);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift_down(&mut items[..end], 0, &is_less);
    }
}

/// Moves the item at `root` down until it is not less than either of its two children.
fn sift_down<T>(items: &mut [T], mut root: usize, is_less: &impl Fn(&T, &T) -> bool) {
    loop {
        let mut child = 2 * root + 1;
        if child + 1 < items.len() && is_less(&items[child], &items[child + 1]) {
            child += 1;
        }
        if child >= items.len() || !is_less(&items[root], &items[child]) {
            return;
        }
        items.swap(root, child);
        root = child;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::sort_by;

    #[test]
    fn items_in_many_orders_are_sorted() {
        // 307 is prime: the multiples of a factor are all different.
        for (len, factor) in (0..300_u16).flat_map(|len| [1, 2, 101, 153, 306].map(|factor| (len, factor))) {
            let mut items: Vec<_> = (1..=len).map(|number| u32::from(number) * factor % 307).collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            sort_by(&mut items, |one, other| one < other);
            assert_eq!(items, expected, "{len} items by {factor}");
        }
    }
}
