//! Runs every program in `examples/` and reads what it prints.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Where the examples are, once they are built. `cargo test` has built them; with `--test tests` it has not.
static EXAMPLES: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--examples"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    let this = std::env::current_exe().unwrap();
    let profile = this.ancestors().nth(2).unwrap();
    profile.join("examples")
});

/// The lines that an example prints.
fn output(example: &str) -> Vec<String> {
    let output = Command::new(EXAMPLES.join(example)).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{example}: {errors}");
    assert_eq!(errors, "", "{example}");
    text.lines().map(str::to_owned).collect()
}

/// How many lines contain `part`.
fn count(lines: &[String], part: &str) -> usize {
    lines.iter().filter(|line| line.contains(part)).count()
}

/// One test for each example; each is given the lines.
macro_rules! examples {
    ($($example:ident: $check:expr,)*) => {
        $(#[test] fn $example() {
            let check: fn(Vec<String>) = $check;
            check(output(stringify!($example)));
        })*

        #[test]
        fn every_example_is_run() {
            let listed = BTreeSet::from([$(stringify!($example).to_owned()),*]);
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
            let name = |entry: std::fs::DirEntry| {
                entry.path().file_stem().unwrap().to_str().unwrap().to_owned()
            };
            let there: BTreeSet<_> = dir.read_dir().unwrap().map(|e| name(e.unwrap())).collect();
            assert_eq!(there, listed);
        }
    };
}

examples! {
    basic_transaction: |lines| assert_eq!(lines, [
        "Transaction results: [11, 90, true]",
        "Counter: 11",
        "Balance: 90",
        "Last op: purchase",
    ]),
    discard: |lines| assert_eq!(lines, [
        "Account A: 1000",
        "Account B: 500",
        "Transfer log: None",
    ]),
    optimistic_locking: |lines| {
        assert_eq!(lines[0], "Starting concurrent counter increment test...");
        assert!(lines.contains(&"Final counter value: 5".to_owned()));
        for n in 1..=5 {
            assert_eq!(count(&lines, &format!("Successfully incremented to {n}")), 1);
        }
        assert_eq!(count(&lines, "last updated at: "), 5);
    },
    lost_reply: |lines| {
        assert_eq!(lines.len(), 4);
        assert_eq!(count(&lines, "Trying again: "), 2);
        assert_eq!(lines[1], "One visit, counted as 2");
        assert_eq!(lines[3], "One visit, counted as 1");
    },
    retrying_transaction: |lines| {
        for stock in 1..=3 {
            assert_eq!(count(&lines, &format!("bought one of {stock}")), 1);
        }
        assert_eq!(count(&lines, "sold out"), 2);
        assert_eq!(lines[5], "Stock: 0, sold: 3");
    },
    transactional_pipeline: |lines| assert_eq!(lines, [
        "Pipeline transaction executed 15 commands",
        r#"Items: ["value_0", "value_1", "value_2", "value_3", "value_4"]"#,
        "Counters: [1, 11, 21, 31, 41]",
        "All operations completed atomically",
    ]),
    plain_pipeline: |lines| assert_eq!(lines, [
        r#"Non-transactional pipeline results: (true, true, "value1", "value2", 1, 2)"#,
    ]),
    order_processing: |mut lines| {
        let order = lines.remove(3);
        assert!(order.starts_with("✅ Order order_") && order.ends_with(" processed successfully!"));
        assert_eq!(lines, [
            "=== Order Processing Test ===",
            "",
            "1. Processing valid order...",
            "   Total: $109.97",
            "   New balance: $40.03",
            "Order 1 result: Success",
            "Remaining balance: $40.03",
            "Product 1 stock: 8",
            "Product 2 stock: 4",
            "",
            "2. Processing order that exceeds balance...",
            "Insufficient balance: need $149.97, have $40.03",
            "",
            "3. Processing order with insufficient stock...",
            "Insufficient stock for product_3: need 1, have 0",
        ]);
    },
    atomic_counters: |mut lines| {
        lines[1..4].sort();
        assert_eq!(lines, [
            "=== Atomic Counter Test ===",
            "Worker 0 finished",
            "Worker 1 finished",
            "Worker 2 finished",
            r#"Final counts: {"orders_processed": 3, "page_views": 60, "user_signups": 6}"#,
            "",
            "=== Bulk Counter Update ===",
            r#"Bulk update results: {"api_calls": 500, "daily_logins": 100, "database_queries": 250}"#,
            "",
            "=== Conditional Counter Test ===",
            "Conditional increment (enabled): true",
            "Conditional increment (disabled): false",
            r#"Feature usage count: {"feature_usage": 1}"#,
        ]);
    },
    distributed_lock: |lines| {
        for n in 0..5 {
            let step = format!("Updated shared_counter from {n} to {}", n + 1);
            assert_eq!(count(&lines, &step), 1);
        }
        assert_eq!(count(&lines, "Released lock for shared_counter"), 5);
        assert_eq!(lines[lines.len() - 7..], [
            "Final shared counter value: 5",
            "",
            "=== Lock Guard Test ===",
            "Inside critical section for context_test",
            "Updated context_test to 10",
            "Final context test value: 10",
            "Lock still held: false",
        ]);
    },
}
