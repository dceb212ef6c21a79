//! The table of hostile inputs: for each, the longest wait of another client's ping.
//!
//! `cargo bench --bench hostile`, or with a part of a row's name `-- wills`. `npm run bench --
//! hostile` runs it too.

mod clock;
mod lab;
mod packets;
mod rows;
mod scale;
mod topics;

use std::time::Duration;

use lab::Report;
use rows::ROWS;

/// The goal: the longest wait of the ping, natively.
const WAIT_MAX: Duration = Duration::from_millis(25);

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    println!(
        "{:<66}{:>10}{:>12}{:>8}{:>12}{:>9}{:>13}{:>12}",
        "input", "wait (ms)", "steps", "turns", "batch (KB)", "bytes in", "memory (KB)", "bound (KB)",
    );
    let mut is_late = false;
    for (name, run) in ROWS {
        if !only.is_empty() && !only.iter().any(|text| name.contains(text.as_str())) {
            continue;
        }
        let Report { wait, steps, turns, batch_bytes_max, bytes_in, memory } = run();
        let mark = if wait > WAIT_MAX { " late" } else { "" };
        is_late |= wait > WAIT_MAX;
        println!(
            "{name:<66}{:>10.1}{steps:>12}{turns:>8}{:>12}{bytes_in:>9}{:>13}{:>12}{mark}",
            wait.as_secs_f64() * 1e3,
            batch_bytes_max.div_ceil(1_000),
            memory.highest.div_ceil(1_000),
            memory.max / 1_000,
        );
    }
    println!("\nThe goal is {} ms. A step is a unit of the broker's budget for work.", WAIT_MAX.as_millis());
    if is_late {
        std::process::exit(1);
    }
}
