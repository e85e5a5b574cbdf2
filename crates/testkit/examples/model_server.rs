//! A scripted model server to try things with by hand: prints its address, then each request, until killed.
//!
//! `cargo run -p testkit --example model_server`, then set ANTHROPIC_BASE_URL to what it prints.

use std::time::Duration;

use testkit::ModelServer;
use testkit::model::anthropic::turn;
use testkit::model::turn::Prompt;

/// How long one wait for the next request lasts; it is simply begun again.
const HOUR: Duration = Duration::from_secs(3600);

fn main() -> std::io::Result<()> {
    let server = ModelServer::start()?;
    println!("{}", server.base_url());
    let mut printed = 0;
    loop {
        if server.wait_for_request_after(printed, |_| true, HOUR).is_err() {
            continue;
        }
        for request in &server.requests()[printed..] {
            let messages = request.body["messages"].as_array().map_or(&[][..], Vec::as_slice);
            let Prompt { text, answered, .. } = turn::prompt(messages).unwrap_or_default();
            println!("{} {} answer {answered} of {text:?}", request.method, request.path);
            printed += 1;
        }
    }
}
