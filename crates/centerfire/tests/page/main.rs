//! The web page in a real browser, against the real server and real sessions. Each test is a story of that name in
//! `tests/page`, which starts and kills the server itself; what the browser complains about fails it too.

use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use testkit::instance::finish;
use testkit::{Claude, Codex, Gemini, Instance, ModelServer, Opencode, tools};

/// A story has waits with limits of their own, which tell more.
const LIMIT: Duration = Duration::from_secs(120);

#[track_caller]
fn tell(story: &str) {
    tell_of("stories.mjs", story);
}

/// A story from one of the files.
#[track_caller]
fn tell_of(file: &str, story: &str) {
    tell_with(file, story, |_| {});
}

/// A story whose environment has something more.
#[track_caller]
fn tell_with(file: &str, story: &str, prepare: impl FnOnce(&mut Command)) {
    let page = tools::repository().join("web/dist/index.html");
    assert!(page.exists(), "the page is not built; `make page` builds it");
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let mut command = Command::new("node");
    instance.settle(&mut command);
    command.arg(tools::page().unwrap().join(file)).arg(story);
    command.env("CENTERFIRE", instance.binary()).env("CHROMIUM", tools::program("chromium").unwrap());
    prepare(&mut command);
    let output = finish(command, LIMIT);
    assert!(output.status.success(), "{story}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A CLI of a user, for a story.
fn cli(program: &Path, project: &Path, environment: Vec<(&'static str, OsString)>) -> String {
    let environment: Vec<_> =
        environment.into_iter().map(|(name, value)| (name, value.into_string().unwrap())).collect();
    json!({ "program": program, "project": project, "environment": environment }).to_string()
}

/// A story with a real CLI on a scripted model, as it is prepared in a folder.
#[track_caller]
fn tell_of_cli(file: &str, story: &str, prepare: impl FnOnce(&Path, &ModelServer) -> String) {
    let folder = tempfile::Builder::new().prefix("cl").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let cli = prepare(folder.path(), &server);
    tell_with(file, story, |command| {
        command.env("CLI", cli);
    });
}

/// A story with the real Claude Code on a scripted model, whose conversations are followed.
#[track_caller]
fn tell_of_claude(file: &str, story: &str) {
    let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let claude = Claude::prepare(folder.path(), &server).unwrap();
    // A folder that comes to be while a server runs is found at its next look at everything.
    let transcripts = claude.project().to_string_lossy().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    fs::create_dir_all(claude.config().join("projects").join(transcripts)).unwrap();
    let cli = cli(claude.program(), &claude.project(), claude.environment());
    tell_with(file, story, |command| {
        command.env("CLI", cli).env("CLAUDE_CONFIG_DIR", claude.config());
    });
}

#[test]
fn a_link_lets_a_browser_in_once_and_it_types() {
    tell("a_link_lets_a_browser_in_once_and_it_types");
}

#[test]
fn a_session_is_started_found_by_keys_and_seen_to_end() {
    tell("a_session_is_started_found_by_keys_and_seen_to_end");
}

#[test]
fn two_tabs_share_a_session_and_one_controls_it() {
    tell("two_tabs_share_a_session_and_one_controls_it");
}

#[test]
fn a_server_that_dies_in_the_middle_costs_no_byte() {
    tell("a_server_that_dies_in_the_middle_costs_no_byte");
}

#[test]
fn a_server_that_says_nothing_is_noticed_and_waited_for() {
    tell("a_server_that_says_nothing_is_noticed_and_waited_for");
}

#[test]
fn what_is_typed_before_the_page_is_connected_arrives() {
    tell("what_is_typed_before_the_page_is_connected_arrives");
}

#[test]
fn a_flood_is_painted_to_its_end() {
    tell("a_flood_is_painted_to_its_end");
}

#[test]
fn a_phone_has_the_keys_it_lacks_and_sends_a_line_as_a_whole() {
    tell("a_phone_has_the_keys_it_lacks_and_sends_a_line_as_a_whole");
}

#[test]
fn a_page_types_no_answers_and_who_may_only_look_types_nothing() {
    tell("a_page_types_no_answers_and_who_may_only_look_types_nothing");
}

#[test]
fn a_new_session_shows_up_by_itself_and_a_server_that_is_away_is_told() {
    tell("a_new_session_shows_up_by_itself_and_a_server_that_is_away_is_told");
}

#[test]
fn a_shared_link_opens_one_session_to_somebody_who_watches() {
    tell("a_shared_link_opens_one_session_to_somebody_who_watches");
}

#[test]
fn a_session_is_renamed_downloaded_ended_and_removed() {
    tell("a_session_is_renamed_downloaded_ended_and_removed");
}

#[test]
fn a_token_is_made_and_its_secret_shown_once() {
    tell("a_token_is_made_and_its_secret_shown_once");
}

#[test]
fn everything_is_found_by_its_name_and_the_terminal_keeps_its_keys() {
    tell("everything_is_found_by_its_name_and_the_terminal_keeps_its_keys");
}

#[test]
fn who_controls_sets_the_size_and_only_he_gets_the_clipboard() {
    tell("who_controls_sets_the_size_and_only_he_gets_the_clipboard");
}

#[test]
fn pictures_are_shown_and_answer_nothing() {
    tell("pictures_are_shown_and_answer_nothing");
}

#[test]
fn every_view_can_be_used_by_everybody() {
    tell("every_view_can_be_used_by_everybody");
}

#[test]
fn a_recording_is_played_and_sought_by_pointer_and_keys() {
    tell_of("replay.mjs", "a_recording_is_played_and_sought_by_pointer_and_keys");
}

#[test]
fn pauses_are_cut_and_time_goes_faster() {
    tell_of("replay.mjs", "pauses_are_cut_and_time_goes_faster");
}

#[test]
fn a_text_is_found_in_a_long_recording() {
    tell_of("replay.mjs", "a_text_is_found_in_a_long_recording");
}

#[test]
fn a_jump_shows_what_the_server_paints() {
    tell_of("replay.mjs", "a_jump_shows_what_the_server_paints");
}

#[test]
fn a_running_session_is_replayed_and_goes_on() {
    tell_of("replay.mjs", "a_running_session_is_replayed_and_goes_on");
}

#[test]
fn a_phone_plays_a_recording() {
    tell_of("replay.mjs", "a_phone_plays_a_recording");
}

#[test]
fn what_claude_code_says_appears_and_leads_to_the_recording() {
    tell_of_claude("talk.mjs", "what_claude_code_says_appears_and_leads_to_the_recording");
}

#[test]
fn the_replay_and_the_conversation_go_together() {
    tell_of("talk.mjs", "the_replay_and_the_conversation_go_together");
}

#[test]
fn what_was_said_is_found_and_opened() {
    tell_of("talk.mjs", "what_was_said_is_found_and_opened");
}

#[test]
fn what_a_tool_mentions_leads_to_where_else_it_comes_up() {
    tell_of("talk.mjs", "what_a_tool_mentions_leads_to_where_else_it_comes_up");
}

#[test]
fn what_means_the_same_is_found() {
    tell_of("talk.mjs", "what_means_the_same_is_found");
}

#[test]
fn twenty_thousand_entries_stay_usable() {
    tell_of("talk.mjs", "twenty_thousand_entries_stay_usable");
}

#[test]
fn a_message_is_sent_from_below_the_conversation() {
    tell_of("talk.mjs", "a_message_is_sent_from_below_the_conversation");
}

#[test]
fn calls_and_words_are_told_as_people_put_them() {
    tell_of("talk.mjs", "calls_and_words_are_told_as_people_put_them");
}

#[test]
fn hostile_words_are_words() {
    tell_of("talk.mjs", "hostile_words_are_words");
}

#[test]
fn what_a_model_made_is_marked_as_that() {
    tell_of("talk.mjs", "what_a_model_made_is_marked_as_that");
}

#[test]
fn conversations_can_be_read_by_everybody() {
    tell_of("talk.mjs", "conversations_can_be_read_by_everybody");
}

#[test]
fn a_phone_shows_conversations() {
    tell_of("talk.mjs", "a_phone_shows_conversations");
}

#[test]
fn a_question_beside_the_terminal_is_answered_by_keys_and_by_pointer() {
    tell_of("needs.mjs", "a_question_beside_the_terminal_is_answered_by_keys_and_by_pointer");
}

#[test]
fn an_answer_from_elsewhere_is_told_and_a_late_one_refused() {
    tell_of("needs.mjs", "an_answer_from_elsewhere_is_told_and_a_late_one_refused");
}

#[test]
fn the_board_shows_who_waits_and_answers_in_place() {
    tell_of("needs.mjs", "the_board_shows_who_waits_and_answers_in_place");
}

#[test]
fn who_does_not_look_is_told_if_he_asked_for_it() {
    tell_of("needs.mjs", "who_does_not_look_is_told_if_he_asked_for_it");
}

#[test]
fn who_may_only_look_sees_what_is_asked_and_answers_nothing() {
    tell_of("needs.mjs", "who_may_only_look_sees_what_is_asked_and_answers_nothing");
}

#[test]
fn hostile_questions_are_words() {
    tell_of("needs.mjs", "hostile_questions_are_words");
}

#[test]
fn a_long_command_is_seen_to_its_end() {
    tell_of("needs.mjs", "a_long_command_is_seen_to_its_end");
}

#[test]
fn a_phone_answers() {
    tell_of("needs.mjs", "a_phone_answers");
}

#[test]
fn questions_can_be_answered_by_everybody() {
    tell_of("needs.mjs", "questions_can_be_answered_by_everybody");
}

#[test]
fn of_an_answer_on_the_page_and_one_in_the_terminal_at_once_one_counts() {
    tell_of_claude("needs.mjs", "of_an_answer_on_the_page_and_one_in_the_terminal_at_once_one_counts");
}

#[test]
fn codex_is_answered_on_the_page_and_in_its_terminal() {
    tell_of_cli("needs.mjs", "codex_is_answered_on_the_page_and_in_its_terminal", |folder, server| {
        let codex = Codex::prepare(folder, server).unwrap();
        cli(codex.program(), &codex.project(), codex.environment())
    });
}

#[test]
fn gemini_is_answered_on_the_page_and_in_its_terminal() {
    tell_of_cli("needs.mjs", "gemini_is_answered_on_the_page_and_in_its_terminal", |folder, server| {
        let gemini = Gemini::prepare(folder, server).unwrap();
        cli(gemini.program(), &gemini.project(), gemini.environment())
    });
}

#[test]
fn opencode_is_answered_on_the_page_and_in_its_terminal() {
    tell_of_cli("needs.mjs", "opencode_is_answered_on_the_page_and_in_its_terminal", |folder, server| {
        let opencode = Opencode::prepare(folder, server).unwrap();
        cli(opencode.program(), &opencode.project(), opencode.environment())
    });
}

#[test]
fn what_a_program_offers_for_later_is_seen_whole_and_chosen() {
    tell_of("needs.mjs", "what_a_program_offers_for_later_is_seen_whole_and_chosen");
}

#[test]
fn claude_code_is_answered_on_the_page_and_in_its_terminal() {
    tell_of_claude("needs.mjs", "claude_code_is_answered_on_the_page_and_in_its_terminal");
}

#[test]
fn what_waits_is_answered_after_the_server_is_back() {
    tell_of("needs.mjs", "what_waits_is_answered_after_the_server_is_back");
}

#[test]
fn projects_are_listed_and_one_is_looked_at() {
    tell_of("projects.mjs", "projects_are_listed_and_one_is_looked_at");
}

#[test]
fn projects_can_be_read_by_everybody() {
    tell_of("projects.mjs", "projects_can_be_read_by_everybody");
}

#[test]
fn jobs_that_are_off_say_how_to_turn_them_on() {
    tell_of("jobs.mjs", "jobs_that_are_off_say_how_to_turn_them_on");
}

#[test]
fn jobs_are_done_and_tried_again_on_the_page() {
    tell_of("jobs.mjs", "jobs_are_done_and_tried_again_on_the_page");
}

#[test]
fn a_budget_that_is_used_up_is_told() {
    tell_of("jobs.mjs", "a_budget_that_is_used_up_is_told");
}
