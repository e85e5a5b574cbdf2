//! Where a Codex asks its model, and how it is told to ask elsewhere.
//!
//! Its configuration has many layers, so it is asked what comes of them: [`question`] is what its own server is started with and
//! told, in lines of JSON, and [`Provider::read`] takes what that answers. Tried with 0.169.0.

use super::words::Words;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where it asks with a key, if nobody says otherwise.
const OPENAI: &str = "https://api.openai.com/v1";
/// Where it asks for a user of ChatGPT.
const CHATGPT: &str = "https://chatgpt.com/backend-api/codex";
/// The provider that it has by itself, and whose address may be set.
const BUILT_IN: &str = "openai";
/// A workspace that may be served anywhere.
const UNBOUND: &str = "NO_CONSTRAINT";
/// What in a file or a word of the command line says where it asks.
const ADDRESSES: &[&str] = &["model_provider", "openai_base_url"];

/// How Codex is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Its program and arguments.
    pub words: Vec<OsString>,
    /// What it is told, each in a line.
    pub lines: Vec<String>,
}

/// Where a Codex asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    /// The address of the model's server.
    pub address: String,
    /// What it is called in the configuration.
    name: String,
}

/// How to ask a Codex of this command line and folder, or why it cannot be told another address. `read` gives the text of a file,
/// `home` is where its configuration lies.
pub fn question(
    words: &[OsString],
    cwd: &Path,
    home: Option<PathBuf>,
    read: impl Fn(&Path) -> Option<String>,
) -> Result<Question, String> {
    let Some((program, given)) = words.split_first() else { return Err("there is no command".to_owned()) };
    let words = Words::read(given);
    if !words.is_conversation() {
        return Err("this command of Codex holds no conversation".to_owned());
    }
    let has = |option: &str| words.options.iter().any(|word| word.starts_with(option));
    if let Some(option) = ["--remote", "--oss", "--local-provider"].into_iter().find(|option| has(option)) {
        return Err(format!("with {option} Codex asks another server than that of its configuration"));
    }
    let settings = words.settings();
    let sets = |setting: &&&str| {
        let key = setting.split('=').next().unwrap_or_default().trim();
        key == "openai_base_url" || key.starts_with("model_providers")
    };
    if let Some(setting) = settings.iter().find(sets) {
        let key = setting.split('=').next().unwrap_or_default();
        return Err(format!("the command line sets {key}; set it in Codex's config.toml"));
    }
    if let Some(profile) = words.profile() {
        let file = home.map(|home| home.join(format!("{profile}.config.toml")));
        let text = file.and_then(|file| read(&file)).unwrap_or_default();
        if ADDRESSES.iter().any(|address| text.contains(address)) {
            return Err(format!("the profile `{profile}` says where Codex asks; say it in its config.toml"));
        }
    }
    let mut words = vec![program.clone(), "app-server".into()];
    for setting in settings {
        words.extend(["-c".into(), setting.into()]);
    }
    let client = json!({ "name": "centerfire", "version": env!("CARGO_PKG_VERSION") });
    let lines = [
        json!({ "id": 0, "method": "initialize", "params": { "clientInfo": client } }),
        json!({ "method": "initialized" }),
        json!({ "id": AUTH, "method": "getAuthStatus", "params": {} }),
        json!({ "id": CONFIG, "method": "config/read", "params": { "includeLayers": false, "cwd": cwd } }),
        json!({ "id": ACCOUNT, "method": "account/read", "params": {} }),
    ];
    Ok(Question { words, lines: lines.map(|line| line.to_string()).to_vec() })
}

/// Numbers of what is asked.
const AUTH: u64 = 1;
const CONFIG: u64 = 2;
const ACCOUNT: u64 = 3;

/// The answers so far.
#[derive(Default)]
pub struct Answers {
    auth: Option<Value>,
    config: Option<Value>,
    /// Of a user of ChatGPT it is asked over the network.
    account: Option<Result<Value, String>>,
}

impl Answers {
    /// Takes a line; says whether all is answered.
    pub fn take(&mut self, line: &str) -> bool {
        let mut line: Value = serde_json::from_str(line).unwrap_or_default();
        match line["id"].as_u64() {
            Some(AUTH) => self.auth = Some(line["result"].take()),
            Some(CONFIG) => self.config = Some(line["result"]["config"].take()),
            Some(ACCOUNT) => {
                let failed = line["error"]["message"].as_str().map(str::to_owned);
                self.account = Some(failed.map_or_else(|| Ok(line["result"].take()), Err));
            }
            _ => {}
        }
        self.auth.is_some() && self.config.is_some() && self.account.is_some()
    }
}

impl Provider {
    /// Where it asks by its answers, or why it cannot be told another address.
    pub fn read(answers: &Answers) -> Result<Self, String> {
        let (Some(auth), Some(config), Some(account)) = (&answers.auth, &answers.config, &answers.account)
        else {
            return Err("Codex does not say where it asks".to_owned());
        };
        let name = config["model_provider"].as_str().unwrap_or(BUILT_IN);
        let provider = &config["model_providers"][name];
        if provider.is_null() && name != BUILT_IN {
            return Err(format!("Codex's own provider `{name}` takes no other address"));
        }
        // A request that is signed for a server is none for another.
        if let Some(what) = ["aws", "gateway_oauth"].into_iter().find(|what| !provider[what].is_null()) {
            return Err(format!("the provider `{name}` has `{what}`, which is for one address alone"));
        }
        let set = if name == BUILT_IN { &config["openai_base_url"] } else { &provider["base_url"] };
        let address = match (set.as_str(), auth["authMethod"].as_str()) {
            (Some(address), _) => address,
            (None, Some("apikey")) => OPENAI,
            (None, Some("chatgpt")) => CHATGPT,
            (None, _) => {
                return Err("Codex is logged in neither with a key nor with ChatGPT; log in first".to_owned());
            }
        };
        let chatgpt = config["chatgpt_base_url"].as_str().unwrap_or(CHATGPT);
        let address = routed(address, chatgpt, account)?;
        Ok(Self { address, name: name.to_owned() })
    }

    /// The words to put between its program and these arguments, so that it asks elsewhere. The provider's name stays, and all else that
    /// is set of it.
    pub fn elsewhere(&self, address: &str, arguments: &[OsString]) -> Vec<OsString> {
        // TOML reads the strings of JSON.
        let (name, address) = (json!(self.name), json!(address));
        let setting = if self.name == BUILT_IN {
            format!("openai_base_url={address}")
        } else {
            format!("model_providers={{{name}={{base_url={address}}}}}")
        };
        let alone = Words::read(arguments).shares().then(|| "--no-daemon".into());
        alone.into_iter().chain(["-c".into(), setting.into()]).collect()
    }
}

/// Where the workspace of a user of ChatGPT is asked: Codex goes by that instead of its own address, and the tap's is none of them.
fn routed(address: &str, chatgpt: &str, account: &Result<Value, String>) -> Result<String, String> {
    let own = origin(address);
    let is_chatgpts = address == CHATGPT || own == origin(chatgpt);
    let routing = match account {
        Ok(account) => &account["workspaceRouting"],
        Err(why) if is_chatgpts => return Err(format!("Codex does not know where its workspace is: {why}")),
        Err(_) => &Value::Null,
    };
    let Some(backend) = routing["backendOrigin"].as_str() else { return Ok(address.to_owned()) };
    if !is_chatgpts && own != backend {
        return Ok(address.to_owned());
    }
    // The server is told so in a header, which is for those addresses alone.
    match routing["accountRoutingOverride"].as_str() {
        None | Some(UNBOUND) => Ok(format!("{backend}{}", &address[own.len()..])),
        Some(_) => Err("the workspace of this ChatGPT login is bound to a region, which Codex tells only \
                        servers of OpenAI that it asks itself"
            .to_owned()),
    }
}

/// An address without its path.
fn origin(address: &str) -> &str {
    let host = address.find("//").map_or(0, |scheme| scheme + 2);
    &address[..address[host..].find(['/', '?', '#']).map_or(address.len(), |end| host + end)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(words: &[&str]) -> Result<Question, String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let read = |path: &Path| {
            Some(if path.ends_with("x.config.toml") { "model_provider = 1" } else { "model = 1" }.to_owned())
        };
        question(&words, Path::new("/w"), Some("/h".into()), read)
    }

    fn provider(auth: &str, config: &str) -> Result<Provider, String> {
        provider_of(auth, config, r#"{"id":3,"result":{"account":null}}"#)
    }

    fn provider_of(auth: &str, config: &str, account: &str) -> Result<Provider, String> {
        let mut answers = Answers::default();
        assert!(!answers.take(r#"{"id":0,"result":{}}"#) && !answers.take("nonsense"));
        assert!(!answers.take(&format!(r#"{{"id":2,"result":{{"config":{config}}}}}"#)));
        assert!(!answers.take(&format!(r#"{{"id":1,"result":{{"authMethod":{auth}}}}}"#)));
        assert!(answers.take(account));
        Provider::read(&answers)
    }

    #[test]
    fn it_is_asked_with_what_it_would_be_started_with() {
        let asked = ask(&["codex", "-m", "gpt", "-c", "model_provider=\"a\"", "resume"]).unwrap();
        assert_eq!(asked.words, ["codex", "app-server", "-c", "model_provider=\"a\""].map(OsString::from));
        assert!(ask(&["codex", "-p", "y", "hello"]).is_ok());
        for no in [
            &["codex", "-c", "model_providers.a.base_url=\"h\""][..],
            &["codex", "exec", "-copenai_base_url=\"h\""],
            &["codex", "--oss"],
            &["codex", "-p", "x"],
            &["codex", "login"],
            &["codex", "--remote=ws://h"],
        ] {
            assert!(ask(no).is_err(), "{no:?}");
        }
    }

    #[test]
    fn an_address_is_that_of_the_provider_that_it_uses() {
        let own = r#"{"model_provider":"a.b","model_providers":{"a.b":{"base_url":"http://h/v1"}}}"#;
        let own = provider("null", own).unwrap();
        assert_eq!(own.address, "http://h/v1");
        let told = own.elsewhere("http://t", &[]);
        let words = ["--no-daemon", "-c", r#"model_providers={"a.b"={base_url="http://t"}}"#];
        assert_eq!(told, words.map(OsString::from));
        let plain = |auth: &str| provider(auth, r#"{"model_provider":null}"#).map(|one| one.address);
        assert_eq!(plain("\"apikey\"").as_deref(), Ok(OPENAI));
        assert_eq!(plain("\"chatgpt\"").as_deref(), Ok(CHATGPT));
        let set = provider("null", r#"{"openai_base_url":"http://o"}"#).unwrap();
        let told = set.elsewhere("http://t", &["--no-daemon".into()]);
        assert_eq!(set.address, "http://o");
        assert_eq!(told, ["-c", "openai_base_url=\"http://t\""].map(OsString::from));
        for no in [
            r#"{"model_provider":"ollama","model_providers":{}}"#,
            r#"{"model_provider":"a","model_providers":{"a":{"base_url":"http://h","aws":{}}}}"#,
            "{}",
        ] {
            assert!(provider("null", no).is_err(), "{no}");
        }
    }

    #[test]
    fn a_workspace_is_asked_where_it_is() {
        let ask = |config: &str, bound: &str| {
            let routing = format!(
                r#"{{"backendOrigin":"https://gov.chatgpt.com","accountRoutingOverride":"{bound}"}}"#
            );
            let account = format!(r#"{{"id":3,"result":{{"workspaceRouting":{routing}}}}}"#);
            provider_of("\"chatgpt\"", config, &account).map(|provider| provider.address)
        };
        let gov = "https://gov.chatgpt.com/backend-api/codex";
        assert_eq!(ask("{}", UNBOUND).as_deref(), Ok(gov));
        let set = r#"{"openai_base_url":"http://h:1/v1","chatgpt_base_url":"http://h:1/api/"}"#;
        assert_eq!(ask(set, UNBOUND).as_deref(), Ok("https://gov.chatgpt.com/v1"));
        let elsewhere = r#"{"openai_base_url":"http://h:2/v1","chatgpt_base_url":"http://h:1/api/"}"#;
        assert_eq!(ask(elsewhere, "us").as_deref(), Ok("http://h:2/v1"));
        assert!(ask("{}", "us").unwrap_err().contains("bound to a region"));
        let offline =
            |config: &str| provider_of("\"chatgpt\"", config, r#"{"id":3,"error":{"message":"no network"}}"#);
        assert!(offline("{}").unwrap_err().ends_with("no network"));
        assert_eq!(offline(elsewhere).unwrap().address, "http://h:2/v1");
    }
}
