//! Questions that wait, as values: which dialog is whose, what is given up when, and what a new host finds.

use super::*;
use journal::Writer;
use protocol::{BlockKind, SessionId};
use serde_json::json;

const HOOK: ClientNumber = ClientNumber(7);

fn ask(agent: Option<&str>) -> Ask {
    Ask {
        kind: BlockKind::Permission,
        tool: "Bash".to_owned(),
        input: json!({ "command": "touch a" }),
        cut: false,
        suggestions: None,
        always: Vec::new(),
        agent: agent.map(str::to_owned),
        turn: None,
        unseen: agent.is_some(),
        typed: false,
        screen: false,
        notes: false,
    }
}

/// Questions of the agent itself, or of sub-agents, that wait.
fn waiting(agents: &[Option<&str>]) -> Approvals {
    let mut approvals = Approvals::default();
    for agent in agents {
        let approval = approvals.number(ask(*agent), Offset::ZERO).unwrap();
        approvals.begin(approval, Some(HOOK));
    }
    approvals
}

fn settled(id: u32) -> Settled {
    Settled { id, time: Time(9), by: TERMINAL.to_owned(), decision: None }
}

fn report(state: ProgramState, msg: &str) -> ProgramReport {
    ProgramReport { state, msg: Some(msg.to_owned()), ..ProgramReport::default() }
}

#[test]
fn a_dialog_that_is_gone_ends_its_question_and_no_other() {
    let (working, blocked) = (report(ProgramState::Working, ""), report(ProgramState::Blocked, "a"));
    let mut approvals = waiting(&[Some("sub"), None]);
    assert_eq!(approvals.reported(&working, &working), None, "a state before the dialog says nothing");
    assert_eq!(approvals.reported(&working, &blocked), None);
    assert_eq!(approvals.reported(&blocked, &working), Some(2), "the agent's own dialog is in front");
    approvals.end(settled(2)).unwrap();
    assert_eq!(approvals.reported(&working, &blocked), None);
    let next = report(ProgramState::Blocked, "b");
    assert_eq!(approvals.reported(&blocked, &next), Some(1), "another dialog took its place");
    let (mut approvals, of) =
        (waiting(&[None]), |kind| ProgramReport { kind: Some(kind), ..report(ProgramState::Blocked, "") });
    approvals.reported(&working, &of(BlockKind::Permission));
    let over = approvals.reported(&of(BlockKind::Permission), &of(BlockKind::Question));
    assert_eq!(over, Some(1), "and one of another kind does, of which nothing else is told");
}

#[test]
fn what_was_answered_elsewhere_ends_nothing_when_its_dialog_goes() {
    let (working, blocked) = (report(ProgramState::Working, ""), report(ProgramState::Blocked, "a"));
    let mut approvals = waiting(&[Some("sub"), None]);
    approvals.reported(&working, &blocked);
    approvals.end(settled(2)).unwrap();
    assert_eq!(approvals.reported(&blocked, &working), None, "the sub-agent still asks");
}

#[test]
fn there_is_a_limit_to_what_waits_and_to_what_is_remembered() {
    let mut approvals = waiting(&[None; MAX_PENDING]);
    assert!(approvals.number(ask(None), Offset::ZERO).is_none());
    for id in 1..=MAX_PENDING as u32 {
        assert!(approvals.end(settled(id)).is_some());
        assert!(approvals.end(settled(id)).is_none(), "it ends once");
        let approval = approvals.number(ask(None), Offset::ZERO).unwrap();
        approvals.begin(approval, Some(HOOK));
    }
    approvals.end(settled(MAX_PENDING as u32 + 1)).unwrap();
    assert_eq!(approvals.settled.len(), SETTLED_KEPT);
    assert!(approvals.find_settled(1).is_none() && approvals.find_settled(2).is_some());
}

#[test]
fn a_status_stays_small_whatever_is_asked() {
    let mut approvals = Approvals::default();
    for _ in 0..MAX_PENDING {
        let long = Ask { input: json!("x".repeat(100 << 10)), ..ask(None) };
        let approval = approvals.number(long, Offset::ZERO).unwrap();
        approvals.begin(approval, Some(HOOK));
    }
    let bytes: usize = approvals
        .list(LISTED_INPUT_BYTES, STATUS_INPUT_BYTES)
        .iter()
        .map(|approval| serde_json::to_string(approval).unwrap().len())
        .sum();
    assert!(bytes < STATUS_INPUT_BYTES + MAX_PENDING * 512, "{bytes}");
    assert!(approvals.listed().iter().all(|approval| approval.ask.cut));
}

#[test]
fn a_question_is_given_up_by_the_rule_that_comes_first() {
    let mut approvals = waiting(&[None, Some("sub")]);
    let now = Instant::now();
    let limits = |seconds: Option<u64>, watched| Limits {
        deny_after: seconds.map(Duration::from_secs),
        escalate_after: None,
        watched,
        works_since: None,
    };
    assert_eq!(approvals.deadline(&limits(None, false)), None, "an idle host has no timer");
    assert_eq!(approvals.due(&limits(None, true), now + UNSEEN_FOR), [(2, Overdue::Unseen)]);
    let denied = [(1, Overdue::Denied), (2, Overdue::Denied)];
    assert_eq!(approvals.due(&limits(Some(1), true), now + UNSEEN_FOR), denied);
    assert_eq!(approvals.due(&limits(Some(u64::MAX), true), now), []);
    let escalate_after = Some(Duration::from_secs(1));
    let told = Limits { deny_after: None, escalate_after, watched: false, works_since: None };
    assert_eq!(approvals.due(&told, now + UNSEEN_FOR), [(1, Overdue::Unanswered), (2, Overdue::Unanswered)]);
    approvals.get(2).unwrap().escalated = true;
    assert_eq!(approvals.due(&told, now + UNSEEN_FOR), [(1, Overdue::Unanswered)], "each once");
    approvals.get(1).unwrap().hook = None;
    assert_eq!(approvals.due(&limits(None, false), now + HOOK_RETURNS), [(1, Overdue::HookLost)]);
}

/// A hook of its user's decided, or the program itself.
#[test]
fn a_question_of_a_program_that_goes_on_without_a_dialog_is_over() {
    let works =
        |since| Limits { deny_after: None, escalate_after: None, watched: true, works_since: Some(since) };
    let mut approvals = Approvals::default();
    for typed in [true, false] {
        let approval = approvals.number(Ask { typed, ..ask(None) }, Offset::ZERO).unwrap();
        approvals.begin(approval, Some(HOOK));
    }
    let (now, later) = (Time::now(), Instant::now() + DIALOG_WITHIN * 2);
    let before = Time(now.0 - 3_600_000_000);
    assert_eq!(approvals.due(&works(before), Instant::now()), [], "its dialog may come");
    assert_eq!(approvals.due(&works(before), later), [(1, Overdue::Decided)]);
    approvals.get(1).unwrap().approval.since = before;
    assert_eq!(approvals.due(&works(now), Instant::now()), [], "it showed a dialog until now");
    approvals.get(1).unwrap().approval.ask.screen = true;
    assert_eq!(approvals.due(&works(before), later), [], "which is how it is known");
}

#[test]
fn a_host_that_takes_over_knows_what_waits_and_what_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::at(dir.path());
    let mut writer = Writer::create(&folder.journal(), SessionId::generate()).unwrap();
    let mut approvals = Approvals::default();
    for _ in 0..3 {
        let approval = approvals.number(ask(None), writer.offset()).unwrap();
        writer
            .append(&[Body::Asked(Box::new(approval.clone())), Body::Output { bytes: b"x", held: 0 }])
            .unwrap();
        approvals.begin(approval, Some(HOOK));
    }
    writer.append(&[Body::Settled(Box::new(settled(2)))]).unwrap();
    let mut restored = Approvals::restore(&folder, None).unwrap();
    assert_eq!(restored.last, 3);
    assert_eq!(restored.which(|pending| pending.hook.is_none()), [1, 3]);
    assert_eq!(restored.find_settled(2), Some(&settled(2)));
    let again = restored.find_unclaimed(&ask(None)).map(|pending| pending.approval.id);
    assert_eq!(again, Some(1), "a hook that was not told its number asks the same again");
}
