//! The real Claude Code on the scripted model: what was asked and answered is in the recording and in the log.

use crate::{contents, log};
use serde_json::Value;
use testkit::instance::{LIMIT, finish};
use testkit::{Claude, Instance, ModelServer};

/// Turns of the conversation, each with a longer answer.
const TURNS: usize = 3;

/// An answer takes its time, so that the program reports that it works and is done. Its words stand nowhere in the
/// prompt, whose echo would count for them.
fn prompt(turn: usize) -> String {
    format!("question{turn} [[sleep:500]] [[lorem:{}]]", 8 * (turn + 1))
}

#[test]
fn every_prompt_and_every_word_of_every_answer_is_in_the_recording_and_in_the_log() {
    let instance = crate::instance();
    let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let claude = Claude::prepare(folder.path(), &server).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = instance.command(arguments);
        command.envs(claude.environment()).current_dir(claude.project());
        let output = finish(command, LIMIT);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(&["run", "-d", "--name", "s", "--size", "120x40", "--", claude.program().to_str().unwrap()]);
    run(&["wait", "s", "--for", "idle", "--timeout", "30"]);
    for turn in 0..TURNS {
        let sent = run(&["send", "s", "--submit", &prompt(turn), "--json"]);
        let sent: Value = serde_json::from_str(&sent).unwrap();
        run(&["wait", "s", "--for", "done", "--since", &sent["offset"].to_string(), "--timeout", "30"]);
    }
    run(&["kill", "s"]);
    complete(&instance, &answers(&server));
    assert_eq!(instance.json(&["verify", "s", "--json"])["sound"], true);
}

/// What the model said, as the program repeats it to the model with its next question: all answers but the last.
fn answers(server: &ModelServer) -> Vec<String> {
    let requests = server.requests();
    let messages = |body: &Value| body["messages"].as_array().map_or(0, Vec::len);
    let longest = requests.iter().max_by_key(|request| messages(&request.body)).unwrap();
    let all = longest.body["messages"].as_array().unwrap();
    let said = all.iter().filter(|message| message["role"] == "assistant");
    let answers: Vec<String> = said.map(|message| message["content"].to_string()).collect();
    assert_eq!(answers.len(), TURNS - 1, "{answers:?}");
    answers
}

fn complete(instance: &Instance, answers: &[String]) {
    let log = log(instance, "s");
    let (typed, said) = (contents(&log, "UserInput"), contents(&log, "ClaudeOutput"));
    let recorded = instance.out(&["export", "s", "--format", "raw"]);
    let recorded = String::from_utf8_lossy(&recorded).into_owned();
    let asked: Vec<_> = (0..TURNS).map(|turn| typed.find(&prompt(turn))).collect();
    assert!(asked.iter().all(Option::is_some) && asked.is_sorted(), "{asked:?} in {typed}");
    for answer in answers {
        let words = answer.split(|c: char| !c.is_ascii_lowercase()).filter(|word| word.len() > 1);
        // The names of the fields around the text are no words of the answer.
        for word in words.filter(|word| !["type", "text", "cache", "control", "ephemeral"].contains(word)) {
            assert!(recorded.contains(word), "{word} is not in the recording");
            assert!(said.contains(word), "{word} is not in the log");
        }
    }
}
