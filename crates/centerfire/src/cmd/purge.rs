//! `centerfire purge`: takes something out of recordings, conversations and all that was made of them, for ever.

use crate::completion;
use crate::context::Context;
use crate::exit::Usage;
use crate::intake::{to_write, with_history};
use crate::term::counted;
use adapter::Adapter as _;
use adapter::generic::Generic;
use clap_complete::ArgValueCandidates;
use conversation::purge::{self as conversations, Target, Text};
use conversation::recorded::{is_conversation, is_of_recording, take_in_anew};
use conversation::store::Store;
use journal::{Purge, Purged};
use protocol::{Offset, Phase};
use serde_json::{Value, json};
use session::name::shell_word;
use session::purge as recordings;
use session::registry::Entry;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// A text at most.
const TEXT_MAX_BYTES: u64 = 64 << 10; // 64 KiB

/// Take a secret out for ever: out of recordings, conversations, search, and our copies of the CLIs' files
///
/// What is purged is overwritten, so that all else stays where it is: a recording is played, searched and verified as before,
/// and has a record that says what was purged. What the CLIs keep themselves, and files that were exported, are not touched.
/// A session that runs is refused; of a text that stands everywhere, the others are purged and that one is told. A text has
/// at least 4 bytes.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire purge --match 'sk-live-4711' --dry-run\n  pass show key | centerfire purge --match -\n  centerfire purge build --from 18200 --to 18900\n  centerfire purge 0198e5a2-4c11-7b10-9c55-d2f6a8b1c3e4 --entry claude:0f6a-1"
)]
pub(crate) struct Args {
    /// A session (with --from and --to, or --match), or a conversation by the CLI's own id
    #[arg(add = ArgValueCandidates::new(completion::all))]
    target: Option<String>,
    /// Purge what the program wrote from this offset on, what was typed there, and entries that stand there
    #[arg(long, value_name = "OFFSET", requires_all = ["to", "target"])]
    from: Option<u64>,
    /// Up to this offset
    #[arg(long, value_name = "OFFSET", requires = "from")]
    to: Option<u64>,
    /// Of the conversation only this entry, with the record that tells it; may be given more than once
    #[arg(long, value_name = "ID", requires = "target", conflicts_with = "from")]
    entry: Vec<String>,
    /// Purge this text of at least 4 bytes wherever it stands, or in the recording of one session; `-` reads it from standard input, where no
    /// other program sees it
    #[arg(long = "match", value_name = "TEXT", conflicts_with_all = ["from", "entry"], allow_hyphen_values = true)]
    text: Option<String>,
    /// Only say what would go
    #[arg(long, short = 'n')]
    dry_run: bool,
}

/// What went.
#[derive(Default)]
struct Outcome {
    conversations: conversations::Purged,
    recordings: Vec<(Entry, Purged)>,
    files: u64,
    /// Recordings and files that were not purged, by name, and why.
    failed: Vec<(String, String)>,
}

impl Outcome {
    fn add(&mut self, files: recordings::Files) {
        self.files += files.changed;
        let skipped = files.skipped.into_iter().map(|(path, why)| (path.display().to_string(), why));
        self.failed.extend(skipped);
    }
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let outcome = match (&self.target, &self.text, self.from, self.to) {
            (None, Some(text), ..) => self.everywhere(context, &text_of(text)?)?,
            (Some(name), Some(text), ..) => self.text_in(context, name, &text_of(text)?)?,
            (Some(name), None, Some(from), Some(to)) => self.span(context, name, from, to)?,
            (Some(name), None, ..) => self.conversation(context, name)?,
            (None, None, ..) => {
                let why =
                    "say what is to go: a conversation, a session with --from and --to, or --match TEXT";
                return Err(Usage(why.to_owned()).into());
            }
        };
        self.tell(context, &outcome);
        Ok(if outcome.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn everywhere(&self, context: &Context, text: &Text) -> anyhow::Result<Outcome> {
        let purge = Purge::Text(&text.spellings);
        // First: where somebody else holds it nothing is purged, instead of a half.
        let (mut store, unread) = self.store(context)?;
        let (mut found, mut failed) = (Vec::new(), unread);
        for entry in context.registry().list()? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    failed.push(("a session".to_owned(), error.to_string()));
                    continue;
                }
            };
            match recordings::would_purge(&entry, &purge) {
                Ok(would) if would.is_empty() && would.files.skipped.is_empty() => {}
                Ok(_) if entry.phase == Phase::Running => {
                    let word = shell_word(&entry.name);
                    let why = format!("it is running; end it with `centerfire kill {word}`, and purge again");
                    failed.push((entry.name, why));
                }
                Ok(_) => found.push(entry),
                // One that never began has nothing.
                Err(session::Error::Journal(journal::Error::Missing(_))) => {}
                Err(session::Error::Journal(error @ journal::Error::Corrupt { .. })) => {
                    let why = format!(
                        "{error}; where a recording is damaged nobody knows what it holds: `centerfire remove {}` removes it",
                        shell_word(&entry.name)
                    );
                    failed.push((entry.name, why));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut outcome = self.recordings(found, &purge)?;
        outcome.failed.append(&mut failed);
        outcome.conversations = self.purge(context, &mut store, &Target::Text(text.clone()))?;
        for (entry, _) in &outcome.recordings {
            self.read_anew(context, &mut store, entry)?;
        }
        let own = [conversation::purge::OWN_FILES, gateway::presence::OWN_FILES].concat();
        outcome.add(recordings::clean_files(&context.home.state, &own, &text.spellings, self.dry_run)?);
        Ok(outcome)
    }

    fn text_in(&self, context: &Context, name: &str, text: &Text) -> anyhow::Result<Outcome> {
        let (entry, purge) = (context.find(Some(name))?, Purge::Text(&text.spellings));
        if !is_conversation(&entry) {
            return self.recordings(vec![entry], &purge);
        }
        let (mut store, unread) = self.store(context)?;
        let mut outcome = self.recordings(vec![entry.clone()], &purge)?;
        outcome.failed.extend(unread);
        self.read_anew(context, &mut store, &entry)?;
        // What stood there is left in the file until something is purged.
        self.purge(context, &mut store, &Target::Entries(BTreeSet::new()))?;
        Ok(outcome)
    }

    /// Has a recording that is a conversation told as it is now.
    fn read_anew(&self, context: &Context, store: &mut Store, entry: &Entry) -> anyhow::Result<()> {
        if !self.dry_run {
            take_in_anew(store, &context.home.state, entry)?;
        }
        Ok(())
    }

    fn span(&self, context: &Context, name: &str, from: u64, to: u64) -> anyhow::Result<Outcome> {
        if to < from {
            return Err(Usage(format!("--to {to} is before --from {from}")).into());
        }
        let entry = context.find(Some(name))?;
        let (mut store, unread) = self.store(context)?;
        let span = Offset(from)..Offset(to);
        let mut outcome = self.recordings(vec![entry.clone()], &Purge::Span(span.clone()))?;
        outcome.failed.extend(unread);
        self.read_anew(context, &mut store, &entry)?;
        let mut placed = store.placed_in(entry.meta.id, &span)?;
        // What is left of them is told by the recording.
        placed.retain(|id| !is_of_recording(id));
        outcome.conversations = self.purge(context, &mut store, &Target::Entries(placed))?;
        Ok(outcome)
    }

    fn conversation(&self, context: &Context, name: &str) -> anyhow::Result<Outcome> {
        let (mut store, failed) = self.store(context)?;
        let named = store.named(name)?;
        let [one] = named.as_slice() else {
            let what = if named.is_empty() { "no" } else { "more than one" };
            anyhow::bail!(
                "{what} conversation `{name}`; `centerfire conversation --list` shows them. Of a session say --from and --to \
                 or --match; `centerfire remove` removes it whole"
            );
        };
        if one.cli == Generic.name() {
            anyhow::bail!(
                "conversation {name} is read from the recording of that session: purge there with --from and --to or --match, or \
                 remove it with `centerfire remove {name}`"
            );
        }
        let target = if self.entry.is_empty() {
            Target::Conversation(one.cli.clone(), one.name.clone())
        } else {
            let entries = store.entries(one.id)?;
            let unknown = |id: &&String| !entries.iter().any(|listed| listed.entry.id == **id);
            if let Some(id) = self.entry.iter().find(unknown) {
                anyhow::bail!(
                    "conversation {name} has no entry `{id}`; `centerfire conversation {name} --json` shows them"
                );
            }
            Target::Entries(self.entry.iter().cloned().collect())
        };
        let conversations = self.purge(context, &mut store, &target)?;
        Ok(Outcome { conversations, failed, ..Outcome::default() })
    }

    fn purge(
        &self,
        context: &Context,
        store: &mut Store,
        target: &Target,
    ) -> anyhow::Result<conversations::Purged> {
        Ok(conversations::purge(store, &context.home.state, target, self.dry_run)?)
    }

    /// The store with all that is new, as what comes later is not purged; and the files that could not be read now.
    fn store(&self, context: &Context) -> anyhow::Result<(Store, Vec<(String, String)>)> {
        let mut store = to_write(context)?;
        let outcome = with_history(context, |history, line| history.catch_up(&mut store, None, line))?;
        let unread = |(path, why): (PathBuf, String)| {
            let why = format!("it cannot be read now, and what it holds may come later: {why}");
            (path.display().to_string(), why)
        };
        Ok((store, outcome.failed.into_iter().map(unread).collect()))
    }

    fn recordings(&self, entries: Vec<Entry>, purge: &Purge<'_>) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::default();
        for entry in entries {
            let taken = match self.dry_run {
                // What would be refused is refused.
                true if entry.phase == Phase::Running => {
                    return Err(session::Error::Running(entry.name).into());
                }
                true => recordings::would_purge(&entry, purge),
                false => recordings::purge(&entry, purge),
            };
            let taken = match taken {
                Ok(taken) => taken,
                // What was purged before it is told all the same.
                Err(error) if !outcome.recordings.is_empty() => {
                    outcome.failed.push((entry.name, error.to_string()));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            outcome.add(taken.files);
            if !taken.journal.is_empty() {
                outcome.recordings.push((entry, taken.journal));
            }
        }
        Ok(outcome)
    }

    fn tell(&self, context: &Context, outcome: &Outcome) {
        let Outcome { conversations, recordings, files, failed } = outcome;
        for (name, why) in failed {
            let verb = if self.dry_run { "would not be" } else { "is not" };
            crate::exit::warn(&format!("`{name}` {verb} purged: {why}"));
        }
        let value = json!({
            "dry_run": self.dry_run,
            "recordings": recordings.iter().map(|(entry, purged)| recording(entry, purged)).collect::<Vec<_>>(),
            "conversations": conversations,
            "files": files,
            "failed": failed.iter().map(|(name, why)| json!({ "name": name, "error": why })).collect::<Vec<_>>(),
        });
        let nowhere = recordings.is_empty()
            && failed.is_empty()
            && conversations.entries.is_empty()
            && conversations.records + conversations.copies + conversations.given + files == 0;
        if nowhere {
            return context.say(&value, || "found nowhere; nothing to purge".to_owned());
        }
        let word = if self.dry_run { "would purge" } else { "purged" };
        context.say(&value, || {
            let line = |(entry, purged): &(Entry, Purged)| {
                let bytes = counted(purged.output_bytes, "byte");
                format!(
                    "{word} {bytes} of output and {} of {}",
                    counted(purged.records, "other record"),
                    entry.name
                )
            };
            let mut lines: Vec<String> = recordings.iter().map(line).collect();
            lines.push(format!(
                "{word} {} of conversations in {}, {}, {}",
                if conversations.entries.len() == 1 {
                    "1 entry".to_owned()
                } else {
                    format!("{} entries", conversations.entries.len())
                },
                counted(conversations.records, "record"),
                if conversations.copies == 1 {
                    "1 copy".to_owned()
                } else {
                    format!("{} copies", conversations.copies)
                },
                counted(*files + conversations.given, "other file")
            ));
            if conversations.made > 0 {
                let of = counted(conversations.made, "conversation");
                lines.push(format!("{word} what a model made of {of}"));
            }
            lines.push("not touched: what the CLIs keep themselves, and exports".to_owned());
            lines.join("\n")
        });
    }
}

fn recording(entry: &Entry, purged: &Purged) -> Value {
    json!({
        "id": entry.meta.id, "name": entry.name, "output_bytes": purged.output_bytes, "records": purged.records,
        "ranges": purged.ranges.iter().map(|range| json!([range.start, range.end])).collect::<Vec<_>>(),
    })
}

/// The text that is meant.
fn text_of(given: &str) -> anyhow::Result<Text> {
    let mut text = given.to_owned();
    if given == "-" {
        text.clear();
        std::io::stdin().take(TEXT_MAX_BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 > TEXT_MAX_BYTES {
            return Err(Usage("a text to purge has 64 KiB at most".to_owned()).into());
        }
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
    }
    Ok(Text::new(&text)?)
}
