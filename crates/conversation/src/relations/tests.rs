//! What a conversation's course tells.

use super::*;

type Told = (i64, &'static str, &'static str, &'static str);

fn found(steps: Vec<Step>) -> Vec<(i64, String, String, String)> {
    let mut course = Course::default();
    steps.into_iter().for_each(|step| course.take(step));
    let told = |(entry, relation): (i64, Relation)| {
        (entry, relation.from.1, relation.kind.to_owned(), relation.to.1)
    };
    course.found.into_iter().map(told).collect()
}

fn of(told: &[Told]) -> Vec<(i64, String, String, String)> {
    told.iter()
        .map(|(entry, from, kind, to)| (*entry, (*from).into(), (*kind).into(), (*to).into()))
        .collect()
}

fn runs(entry: i64, call: &str, command: &str) -> Step {
    Step::new(entry, call, None, &[("command", command)])
}

fn fails(entry: i64, call: &str, error: &str) -> Step {
    Step::new(entry, call, Some(true), &[("error", error)])
}

fn succeeds(entry: i64, call: &str) -> Step {
    Step::new(entry, call, Some(false), &[])
}

fn writes(entry: i64, call: &str, file: &str) -> Step {
    Step::new(entry, call, None, &[("file_written", file)])
}

#[test]
fn edits_between_a_failure_and_its_success_fixed_it() {
    let steps = vec![
        writes(1, "a", "before.rs"),
        succeeds(2, "a"),
        runs(3, "b", "cargo test"),
        fails(4, "b", "error: x"),
        writes(5, "c", "a.rs"),
        succeeds(6, "c"),
        // What was refused changed nothing.
        writes(7, "d", "refused.rs"),
        fails(8, "d", "error: not found"),
        runs(9, "e", "cd /w && cargo test 2>&1 | tail -5"),
        succeeds(10, "e"),
        writes(11, "f", "after.rs"),
        succeeds(12, "f"),
    ];
    let told = [
        (4, "cargo test", "failed_with", "error: x"),
        (5, "cargo test", "fixed_by", "a.rs"),
        (5, "error: x", "fixed_by", "a.rs"),
    ];
    assert_eq!(found(steps), of(&told));
}

#[test]
fn what_still_fails_is_fixed_by_nothing() {
    let steps = |last: Step| {
        vec![
            runs(1, "a", "make"),
            fails(2, "a", "error: x"),
            writes(3, "b", "a.c"),
            succeeds(4, "b"),
            runs(5, "c", "make"),
            last,
        ]
    };
    let failed = (2, "make", "failed_with", "error: x");
    let again = (6, "make", "failed_with", "error: y");
    assert_eq!(found(steps(fails(6, "c", "error: y"))), of(&[failed, again]));
    // A pipe hid that it failed.
    let hidden = Step::new(6, "c", Some(false), &[("error", "error: y")]);
    assert_eq!(found(steps(hidden)), of(&[failed]));
    // Another command, and a result whose call is not known.
    let mut other = steps(succeeds(6, "nobody"));
    other.extend([runs(7, "d", "make clean"), succeeds(8, "d")]);
    assert_eq!(found(other), of(&[failed]));
}

#[test]
fn an_error_that_came_later_is_not_fixed_by_what_was_edited_before_it() {
    let steps = vec![
        runs(1, "a", "make"),
        fails(2, "a", "error: x"),
        writes(3, "b", "a.c"),
        succeeds(4, "b"),
        runs(5, "c", "make"),
        fails(6, "c", "error: y"),
        writes(7, "d", "b.c"),
        succeeds(8, "d"),
        runs(9, "e", "make"),
        succeeds(10, "e"),
    ];
    let fixes: Vec<_> = found(steps)
        .into_iter()
        .filter(|(_, from, kind, _)| kind == "fixed_by" && from == "error: y")
        .collect();
    assert_eq!(fixes, of(&[(7, "error: y", "fixed_by", "b.c")]));
}

#[test]
fn what_is_remembered_is_limited() {
    let mut course = Course::default();
    for number in 0..2_000 {
        course.take(runs(number, &format!("open {number}"), "make"));
        course.take(writes(number, "w", &format!("{number}.c")));
        course.take(succeeds(number, "w"));
        course.take(runs(number, "r", &format!("make {number}")));
        course.take(fails(number, "r", &format!("error: {number}")));
    }
    assert!(
        course.open.len() <= OPEN_MAX && course.edits.len() <= OPEN_MAX && course.failing.len() <= OPEN_MAX
    );
}
