//! How well search finds what was meant, with the real model: the questions of `crates/conversation/cases/quality`.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::super::Field;
use super::{of_queries, path, percentiles, row, timed};
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::table::Table;
use crate::bench::web::http::Client;
use crate::bench::web::server::Running;

const LIMIT: Duration = Duration::from_secs(600);
const CASES: &str = "crates/conversation/cases/quality";
const MODEL: &str = ".tools/minilm/model.whl";
/// Results that somebody looks at.
const SEEN: usize = 5;

/// How well a question was answered.
struct Score<'a> {
    kind: &'a str,
    recall: f64,
    rank: f64,
}

/// The mean of what some of the questions have.
fn mean<'a>(
    scores: &[Score<'a>],
    which: impl Fn(&Score<'a>) -> bool,
    of: impl Fn(&Score<'a>) -> f64,
) -> Option<f64> {
    let values: Vec<f64> = scores.iter().filter(|score| which(score)).map(of).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let found = field.our_server()?;
    let ground = Ground::new()?;
    let cases = found.script(CASES);
    let entries = write(&cases.join("entries"), &ground.folder().join("home/.claude/projects/-w"))?;
    let model = found.script(MODEL).to_string_lossy().into_owned();
    for words in [&["models", "install", &model][..], &["import"]] {
        let mut command = ground.command(found.program());
        let status = command::run(command.args(words).stdout(Stdio::null()).stderr(Stdio::null()), LIMIT)?;
        ensure!(status.success(), "{} ended with {status}", words.join(" "));
    }
    let server = Running::over(found, ground, &[])?;
    let mut client = Client::connect(&server, "")?;
    let questions = std::fs::read_to_string(cases.join("questions.txt")).context("read the questions")?;
    let questions: Vec<Vec<&str>> = questions.lines().map(|line| line.split('|').collect()).collect();
    let title = format!("{} questions over {entries} entries, with MiniLM", questions.len());
    let columns = ["recall@5", "MRR", "of exact words", "paraphrased", "half remembered", "p50 ms", "p95 ms"];
    let mut table = of_queries("talk-quality", &title, &columns);
    for (name, mode) in [("by words", "words"), ("by meaning", "meaning"), ("by both", "both")] {
        eprintln!("Quality: {name}");
        let (mut scores, mut times) = (Vec::new(), Vec::new());
        for question in &questions {
            let [kind, text, right] = question[..] else { continue };
            let right: Vec<&str> = right.split(' ').collect();
            let path = path(&[("mode", mode), ("q", text), ("limit", "50")]);
            let mut answer = json!(null);
            times.push(timed(|| {
                answer = client.json(&path)?;
                Ok(())
            })?);
            let hits = answer["hits"].as_array().cloned().unwrap_or_default();
            let is_right = |hit: &serde_json::Value| {
                let id = hit["entry"].as_str().and_then(|id| id.split([':', '/']).nth(1)).unwrap_or_default();
                right.contains(&id)
            };
            let recall =
                hits.iter().take(SEEN).filter(|hit| is_right(hit)).count() as f64 / right.len() as f64;
            let rank = hits.iter().position(is_right).map_or(0.0, |place| 1.0 / (place + 1) as f64);
            scores.push(Score { kind, recall, rank });
        }
        let recall_of = |wanted: &str| mean(&scores, |score| score.kind == wanted, |score| score.recall);
        let [p50, p95] = percentiles(&times);
        let cells = vec![
            mean(&scores, |_| true, |score| score.recall),
            mean(&scores, |_| true, |score| score.rank),
            recall_of("exact"),
            recall_of("paraphrase"),
            recall_of("recalled"),
            p50,
            p95,
        ];
        table.rows.push(row(name, cells));
    }
    let note = "By words all of a question's words must be in an entry, which no question in other words meets; the columns \
                of kinds are recall@5.";
    Ok(vec![table.noting(vec![note.to_owned()])])
}

/// Writes the entries as a CLI writes them; how many there are.
fn write(from: &Path, to: &Path) -> Result<usize> {
    std::fs::create_dir_all(to).context("create the transcripts' folder")?;
    let mut count = 0;
    for file in std::fs::read_dir(from).context("read the entries")?.flatten() {
        let name = file.path().file_stem().context("a name")?.to_string_lossy().into_owned();
        let mut transcript =
            std::fs::File::create(to.join(format!("{name}.jsonl"))).context("create a transcript")?;
        for entry in std::fs::read_to_string(file.path()).context("read entries")?.lines() {
            let parts: Vec<&str> = entry.splitn(3, '|').collect();
            let [id, role, text] = parts[..] else { continue };
            let text = text.replace("\\n", "\n");
            let (kind, content) = match role {
                "user" => ("user", json!(text)),
                "tool" => ("user", json!([{ "type": "tool_result", "tool_use_id": id, "content": text }])),
                _ => ("assistant", json!([{ "type": "text", "text": text }])),
            };
            let line = json!({
                "type": kind, "uuid": id, "sessionId": name, "cwd": "/w", "version": "2.1.329",
                "timestamp": format!("2026-01-01T00:{:02}:{:02}Z", count / 60 % 60, count % 60),
                "message": { "role": kind, "id": id, "model": "m", "content": content },
            });
            writeln!(transcript, "{line}").context("write a transcript")?;
            count += 1;
        }
    }
    Ok(count)
}
