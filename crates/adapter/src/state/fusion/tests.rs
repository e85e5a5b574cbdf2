//! What comes of claims, said one after the other at whole seconds.

use super::*;

fn claim(source: Source, state: AgentState, since: u64) -> Claim {
    let evidence = format!("{source:?} at {since}");
    Claim { state, on: None, reason: None, source, since: Time(since * 1_000_000), evidence, agent: None }
}

/// A fusion to which things are said at whole seconds.
struct Told(Fusion);

impl Told {
    fn new() -> Self {
        let mut told = Self(Fusion::starting(Time(0), "cli", false));
        told.at(0);
        told
    }

    fn at(&mut self, second: u64) -> AgentState {
        let now = Time(second * 1_000_000);
        self.0.decide(None, now, Offset(second));
        assert!(self.0.settles().is_none_or(|due| due > now), "who waits for it would spin");
        self.0.status().claim.state
    }

    fn hear(&mut self, source: Source, state: AgentState, since: u64) -> AgentState {
        self.0.hear(claim(source, state, since));
        self.at(since)
    }
}

use AgentState::{Blocked, Done, Error, Exited, Idle, Limit, Starting, Unknown, Working};
use Source::{Hook, Process, Report, Screen};

#[test]
fn who_says_nothing_starts_and_is_then_unknown() {
    let mut told = Told::new();
    assert_eq!(told.at(1), Starting);
    assert!(told.0.settles().is_some());
    assert_eq!(told.at(31), Unknown);
    assert_eq!(told.0.settles(), None);
    assert_eq!(told.hear(Screen, Idle, 40), Idle);
}

#[test]
fn of_a_cli_that_reports_nobody_else_says_that_it_is_ready() {
    let mut told = Told(Fusion::starting(Time(0), "cli", true));
    assert_eq!(told.hear(Screen, Idle, 1), Starting);
    assert_eq!(told.0.settles(), Some(Time(REPORTS_WITHIN_US)));
    assert_eq!(told.hear(Screen, Blocked, 2), Blocked, "a question before the start");
    assert_eq!(told.hear(Screen, Idle, 3), Starting);
    assert_eq!(told.at(10), Idle, "it does not report after all");
    let mut told = Told(Fusion::starting(Time(0), "cli", true));
    assert_eq!(told.hear(Report, Idle, 1), Idle);
}

#[test]
fn a_turn_without_a_report_is_believed_once_it_works() {
    let mut told = Told(Fusion::starting(Time(0), "cli", true));
    assert_eq!(told.hear(Hook, Idle, 1), Starting);
    assert_eq!(told.hear(Hook, Working, 2), Working);
    assert_eq!(told.hear(Hook, Done, 4), Done);
    // A minute later it says that it waits for input.
    assert_eq!(told.hear(Hook, Idle, 64), Done);
    assert_eq!(told.hear(Hook, Working, 70), Working);
}

#[test]
fn what_is_so_again_after_a_question_is_so_since_then() {
    let mut told = Told::new();
    told.hear(Report, Working, 1);
    let second = |second: u64| Time(second * 1_000_000);
    let question = Claim { on: Some(BlockKind::Permission), ..claim(Hook, Blocked, 100) };
    told.0.decide(Some(&question), second(100), Offset(1));
    assert_eq!((told.0.status().claim.state, told.0.status().claim.since), (Blocked, second(100)));
    told.at(110);
    assert_eq!((told.0.status().claim.state, told.0.status().claim.since), (Working, second(110)));
}

#[test]
fn of_a_shell_nothing_is_known_once_its_cli_took_its_report_back() {
    let mut told = Told(Fusion::new(Time(0)));
    assert_eq!(told.hear(Report, Done, 1), Done);
    assert_eq!(told.hear(Report, Unknown, 5), Unknown);
    assert_eq!(told.0.status().claim.since, Time(5_000_000));
    assert_eq!(told.hear(Report, Working, 9), Working);
}

#[test]
fn what_is_told_again_is_told() {
    let mut fusion = Fusion::new(Time(0));
    let mut hear = |since, offset| {
        fusion.hear(claim(Report, Done, since));
        let decided = fusion.decide(None, Time(since * 1_000_000), Offset(offset));
        (decided, fusion.status().claim.since, fusion.status().offset)
    };
    let second = Time(1_000_000);
    assert_eq!(hear(1, 10), (Decided::Other, second, Offset(10)));
    assert_eq!(hear(1, 20), (Decided::Same, second, Offset(10)));
    assert_eq!(hear(5, 30), (Decided::Again, second, Offset(30)));
}

#[test]
fn a_report_is_believed_before_all_others() {
    let mut told = Told::new();
    told.hear(Report, Working, 1);
    assert_eq!(told.hear(Screen, Idle, 2), Working);
    assert_eq!(told.hear(Hook, Done, 3), Working);
    assert_eq!(told.hear(Report, Idle, 4), Idle);
    // Taken back, it counts no more.
    assert_eq!(told.hear(Report, Unknown, 5), Done);
}

#[test]
fn of_the_others_the_last_is_believed_and_the_best_word_for_rest() {
    let mut told = Told::new();
    told.hear(Hook, Working, 1);
    assert_eq!(told.hear(Hook, Done, 5), Done);
    assert_eq!(told.hear(Screen, Idle, 6), Done, "the same rest in a poorer word");
    told.hear(Hook, Working, 10);
    // No hook tells of an interrupt.
    assert_eq!(told.hear(Screen, Idle, 15), Idle);
    told.hear(Hook, Working, 20);
    assert_eq!(told.hear(Hook, Limit, 25), Limit);
}

#[test]
fn why_is_told_by_who_knows_it() {
    let mut told = Told::new();
    let mut say = |source, state, since, reason: Option<&str>| {
        told.0.hear(Claim { reason: reason.map(str::to_owned), ..claim(source, state, since) });
        told.at(since);
        told.0.status().claim.reason.clone()
    };
    say(Report, Error, 1, Some("by the report"));
    // A screen knows the state and no reason, and spoke last.
    assert_eq!(say(Screen, Limit, 2, None).as_deref(), Some("by the report"));
    assert_eq!(say(Hook, Limit, 2, Some("by the hook")).as_deref(), Some("by the hook"));
    assert_eq!(say(Screen, Limit, 3, None).as_deref(), Some("by the hook"));
}

#[test]
fn a_limit_has_no_word_in_a_report() {
    let mut told = Told::new();
    told.hear(Report, Working, 1);
    told.hear(Hook, Limit, 5);
    assert_eq!(told.hear(Report, Error, 6), Limit);
    // One of an earlier turn is over.
    told.hear(Report, Working, 20);
    assert_eq!(told.hear(Report, Error, 30), Error);
}

#[test]
fn a_plan_has_no_word_in_a_report_and_a_reminder_forgets_nothing() {
    let mut told = Told::new();
    let blocked = |source, on, since| Claim { on, ..claim(source, Blocked, since) };
    told.0.hear(blocked(Report, Some(BlockKind::Permission), 5));
    told.0.hear(blocked(Hook, Some(BlockKind::Plan), 5));
    told.at(5);
    assert_eq!(told.0.status().claim.on, Some(BlockKind::Plan));
    told.0.hear(blocked(Hook, None, 11));
    told.at(11);
    assert_eq!(told.0.status().claim.on, Some(BlockKind::Plan));
}

#[test]
fn a_plan_on_the_screen_waits_although_the_turn_is_over() {
    let mut told = Told::new();
    let plan = |since| Claim { on: Some(BlockKind::Plan), ..claim(Screen, Blocked, since) };
    told.hear(Report, Working, 1);
    told.hear(Report, Done, 10);
    told.0.hear(plan(11));
    assert_eq!((told.at(11), told.0.status().claim.on), (Blocked, Some(BlockKind::Plan)));
    // Told again, it is as over as before.
    assert_eq!(told.hear(Report, Done, 20), Blocked);
    assert_eq!(told.hear(Screen, Idle, 21), Done);
    // What was shown before it worked on is answered.
    told.0.hear(plan(22));
    assert_eq!(told.at(22), Blocked);
    assert_eq!(told.hear(Report, Working, 30), Working);
    assert_eq!(told.hear(Report, Done, 40), Done);
}

#[test]
fn a_sub_agent_that_waits_blocks_the_whole_until_it_goes_on_or_is_gone() {
    let mut told = Told::new();
    let of_agent = |state, since| Claim { agent: Some("a".to_owned()), ..claim(Hook, state, since) };
    told.hear(Report, Working, 1);
    told.0.hear(of_agent(Blocked, 2));
    assert_eq!(told.at(2), Blocked);
    assert_eq!(told.0.status().claim.agent.as_deref(), Some("a"));
    told.0.hear(of_agent(Working, 3));
    assert_eq!(told.at(3), Working);
    told.0.hear(of_agent(Blocked, 4));
    told.0.hear(of_agent(Exited, 5));
    assert_eq!(told.at(5), Working);
    told.0.hear(of_agent(Blocked, 6));
    assert_eq!(told.hear(Report, Idle, 7), Idle, "interrupted, with all that it had begun");
}

#[test]
fn a_state_began_when_it_was_first_said_and_the_end_is_the_end() {
    let mut told = Told::new();
    told.hear(Hook, Working, 3);
    told.hear(Hook, Working, 9);
    assert_eq!((told.0.status().claim.since, told.0.status().offset), (Time(3_000_000), Offset(9)));
    told.hear(Process, Exited, 20);
    assert_eq!(told.hear(Hook, Working, 21), Exited);
}

#[test]
fn no_number_of_sub_agents_grows_it_without_end() {
    let mut fusion = Fusion::new(Time(0));
    fusion.hear(claim(Report, Working, 0));
    for number in 0..1_000 {
        fusion.hear(Claim { agent: Some(number.to_string()), ..claim(Hook, Working, number) });
    }
    assert_eq!(fusion.status().claims.len(), CLAIMS_MAX);
    assert!(fusion.of(Report).is_some(), "what is said of the agent itself is kept");
}
