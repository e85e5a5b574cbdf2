//! The rules, as one table: from the formats that vendors document for their keys.
//!
//! Each is looked at only where one of its keywords stands, in any case of letters; its pattern begins at the keyword.
//! Patterns tell letters' cases apart unless they say otherwise. To add one, write a line here and a case in
//! `cases/secrets.txt`.

use crate::judge;

/// How secrets of one kind are found.
pub(super) struct Rule {
    /// Its name in a mask.
    pub name: &'static str,
    /// Where it is looked at.
    pub keywords: &'static [&'static str],
    /// What stands there, from the keyword on.
    pub pattern: &'static str,
    /// Which part of that is the secret.
    pub place: Place,
    /// What else must be true of the secret.
    pub judge: fn(&str) -> bool,
}

/// Which part of a match is the secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// All of it, and it stands as a word of its own.
    Word,
    /// The first group of the pattern.
    Group,
    /// The value behind it, in quotes or up to where a bare value ends.
    Behind,
    /// The lines of base64 behind it.
    Block,
}

const fn word(name: &'static str, keywords: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule { name, keywords, pattern, place: Place::Word, judge: judge::is_random }
}

const fn group(name: &'static str, keywords: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule { name, keywords, pattern, place: Place::Group, judge: judge::is_real }
}

/// The rules; where two find the same, the first names it.
pub(super) const RULES: &[Rule] = &[
    // Hosts of code.
    word("github-token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"gh[pousr]_[A-Za-z0-9_.-]{36,}"),
    word("github-token", &["github_pat_"], r"github_pat_[A-Za-z0-9_]{60,}"),
    word(
        "gitlab-token",
        &["glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glagent-", "glft-", "glimt-", "glsoat-", "gloas-"],
        r"gl(?:pat|dt|rt|ptt|cbt|agent|ft|imt|soat|oas)-[A-Za-z0-9_.-]{20,}",
    ),
    word("bitbucket-token", &["atbb"], r"ATBB[A-Za-z0-9]{28,}"),
    word("atlassian-token", &["atatt3", "atctt3"], r"AT[AC]TT3[A-Za-z0-9_=-]{60,}"),
    word("sourcegraph-token", &["sgp_"], r"sgp_(?:[a-fA-F0-9]{16}_|local_)?[a-fA-F0-9]{40}"),
    // Registries of packages and images.
    word("npm-token", &["npm_"], r"npm_[A-Za-z0-9]{36}"),
    word("pypi-token", &["pypi-ag"], r"pypi-Ag[A-Za-z0-9_-]{50,}"),
    word("rubygems-token", &["rubygems_"], r"rubygems_[a-f0-9]{48}"),
    word("crates-token", &["cio"], r"cio[A-Za-z0-9]{32}"),
    word("clojars-token", &["clojars_"], r"CLOJARS_[a-z0-9]{60}"),
    word("docker-token", &["dckr_pat_", "dckr_oat_"], r"dckr_[po]at_[A-Za-z0-9_-]{24,}"),
    // Models.
    word("anthropic-key", &["sk-ant-"], r"sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{32,}"),
    word(
        "openai-key",
        &["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-none-"],
        r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{32,}",
    ),
    word("openrouter-key", &["sk-or-v1-"], r"sk-or-v1-[a-f0-9]{64}"),
    word("openai-key", &["sk-"], r"sk-[A-Za-z0-9]{32,}"),
    word("huggingface-token", &["hf_", "api_org_"], r"(?:hf_|api_org_)[A-Za-z0-9]{34,}"),
    word("replicate-token", &["r8_"], r"r8_[A-Za-z0-9]{37,}"),
    word("groq-key", &["gsk_"], r"gsk_[A-Za-z0-9]{48,}"),
    word("xai-key", &["xai-"], r"xai-[A-Za-z0-9]{60,}"),
    word("perplexity-key", &["pplx-"], r"pplx-[A-Za-z0-9]{40,}"),
    word("nvidia-key", &["nvapi-"], r"nvapi-[A-Za-z0-9_-]{60,}"),
    word("langsmith-key", &["lsv2_pt_", "lsv2_sk_"], r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    word("tavily-key", &["tvly-"], r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{32,}"),
    // Clouds.
    word("aws-key-id", &["akia", "asia", "abia", "acca"], r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    group(
        "aws-secret-key",
        &[
            "aws_secret",
            "awssecret",
            "aws-secret",
            "secret_access_key",
            "secretaccesskey",
            "secret access key",
        ],
        r#"(?i)(?:aws[_-]?)?secret[_ -]?(?:access[_ -]?)?key\\{0,3}["']?[ \t]{0,4}(?:[:=]|=>)[ \t]{0,4}\\{0,3}["']?([A-Za-z0-9+/]{40})"#,
    ),
    group(
        "aws-session-token",
        &["aws_session_token", "sessiontoken", "x-amz-security-token"],
        r#"(?i)(?:aws_session_token|sessiontoken|x-amz-security-token)\\{0,3}["']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,3}["']?([A-Za-z0-9+/=%]{80,})"#,
    ),
    group("aws-signature", &["x-amz-signature="], r"(?i)x-amz-signature=([a-f0-9]{64})"),
    word("google-api-key", &["aiza"], r"AIza[A-Za-z0-9_-]{35}"),
    word("google-oauth-token", &["ya29."], r"ya29\.[A-Za-z0-9_-]{40,}"),
    word("google-client-secret", &["gocspx-"], r"GOCSPX-[A-Za-z0-9_-]{24,}"),
    group("google-refresh-token", &["1//0"], r"(1//0[A-Za-z0-9_-]{38,})"),
    group(
        "azure-storage-key",
        &["accountkey=", "sharedaccesskey="],
        r"(?i)(?:account|sharedaccess)key=([A-Za-z0-9+/]{40,88}={0,2})",
    ),
    group("azure-signature", &["&sig=", "?sig="], r"(?i)[&?]sig=([A-Za-z0-9%/+_-]{40,}={0,2})"),
    group("azure-client-secret", &["7q~", "8q~"], r"([78]Q~[A-Za-z0-9_.~-]{31,34})"),
    word("alibaba-key-id", &["ltai"], r"LTAI[A-Za-z0-9]{17,21}"),
    word("tencent-key-id", &["akid"], r"AKID[A-Za-z0-9]{32}"),
    word("digitalocean-token", &["dop_v1_", "doo_v1_", "dor_v1_"], r"do[por]_v1_[a-f0-9]{64}"),
    word("cloudflare-key", &["v1.0-"], r"v1\.0-[a-f0-9]{24}-[a-f0-9]{146}"),
    word("heroku-token", &["hrku-"], r"HRKU-[A-Za-z0-9_-]{36,}"),
    group("fly-token", &["flyv1 ", "fm1r_", "fm2_"], r"(?:FlyV1 )?(fm(?:1r|2)_[A-Za-z0-9+/=_,-]{60,})"),
    word("render-key", &["rnd_"], r"rnd_[A-Za-z0-9]{28,}"),
    word("planetscale-token", &["pscale_"], r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9=._-]{32,}"),
    word("supabase-token", &["sbp_", "sb_secret_"], r"(?:sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{30,})"),
    word("databricks-token", &["dapi"], r"dapi[a-f0-9]{32}(?:-\d)?"),
    word("terraform-token", &["atlasv1."], r"atlasv1\.[A-Za-z0-9_=-]{60,}"),
    word("vault-token", &["hvs.", "hvb.", "hvr."], r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    word("pulumi-token", &["pul-"], r"pul-[a-f0-9]{40}"),
    word(
        "doppler-token",
        &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."],
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}",
    ),
    word(
        "tailscale-key",
        &["tskey-"],
        r"tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]+-[A-Za-z0-9]{20,}",
    ),
    word("onepassword-token", &["ops_eyj"], r"ops_eyJ[A-Za-z0-9_=-]{100,}"),
    word("age-key", &["age-secret-key-1"], r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    // Chat and mail.
    word(
        "slack-token",
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxe-", "xoxe.", "xoxc-", "xoxd-"],
        r"xox[a-z](?:\.xox[bp])?-[A-Za-z0-9%/+-]{24,}",
    ),
    word("slack-token", &["xapp-"], r"xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{32,}"),
    group(
        "slack-webhook",
        &["hooks.slack.com/"],
        r"(?i)hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/-]{30,})",
    ),
    group("discord-webhook", &["/api/webhooks/"], r"/api/webhooks/\d{15,20}/([A-Za-z0-9_-]{60,})"),
    group(
        "discord-token",
        &["discord", "bot "],
        r#"(?i)(?:discord[a-z_ .-]{0,24}\\{0,3}["']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,3}["']?|bot )([MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,})"#,
    ),
    group(
        "teams-webhook",
        &[".webhook.office.com/"],
        r"(?i)\.webhook\.office\.com/webhookb2/([A-Za-z0-9@/-]{60,})",
    ),
    // The digits before it are the bot's public number.
    group("telegram-token", &[":aa"], r":(AA[A-Za-z0-9_-]{33})"),
    word("sendgrid-key", &["sg."], r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
    word("mailgun-key", &["key-"], r"key-[a-f0-9]{32}"),
    word("brevo-key", &["xkeysib-", "xsmtpsib-"], r"x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    word("resend-key", &["re_"], r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}"),
    word("postman-key", &["pmak-"], r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    group(
        "twilio-secret",
        &["twilio"],
        r#"(?i)twilio[a-z_ .-]{0,24}(?:token|secret)\\{0,3}["']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,3}["']?([a-f0-9]{32})"#,
    ),
    // Payment and shops.
    word(
        "stripe-key",
        &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_org_"],
        r"(?:sk|rk)_(?:live|test|org)_[A-Za-z0-9_]{24,}",
    ),
    word("webhook-secret", &["whsec_"], r"whsec_[A-Za-z0-9+/]{24,}={0,2}"),
    word("square-token", &["sq0atp-", "sq0csp-", "sq0idp-"], r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}"),
    word("square-token", &["eaaa"], r"EAAA[A-Za-z0-9_-]{60}"),
    word(
        "shopify-token",
        &["shpat_", "shpca_", "shppa_", "shpss_", "shptka_"],
        r"shp(?:at|ca|pa|ss|tka)_[a-fA-F0-9]{32}",
    ),
    group(
        "braintree-token",
        &["access_token$"],
        r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$([a-f0-9]{32})",
    ),
    word("razorpay-key", &["rzp_live_", "rzp_test_"], r"rzp_(?:live|test)_[A-Za-z0-9]{14,}"),
    word("flutterwave-key", &["flwseck"], r"FLWSECK(?:_TEST)?-[A-Za-z0-9]{32,}(?:-X)?"),
    word("easypost-key", &["ezak", "eztk"], r"EZ[AT]K[A-Za-z0-9]{54,}"),
    word("shippo-token", &["shippo_live_", "shippo_test_"], r"shippo_(?:live|test)_[a-f0-9]{40}"),
    // Tools of teams.
    word("notion-token", &["ntn_", "secret_"], r"(?:ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43})"),
    word("linear-key", &["lin_api_", "lin_oauth_"], r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    word("figma-token", &["figd_", "figo_"], r"fig[do]_[A-Za-z0-9_-]{36,}"),
    word(
        "hubspot-token",
        &["pat-na", "pat-eu"],
        r"pat-(?:na|eu)\d-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}",
    ),
    word("grafana-token", &["glsa_"], r"glsa_[A-Za-z0-9]{32}_[a-fA-F0-9]{8}"),
    word("grafana-token", &["glc_ey"], r"glc_ey[A-Za-z0-9+/]{40,}={0,2}"),
    word("newrelic-key", &["nrak-", "nrjs-"], r"NR(?:AK-[A-Z0-9]{27}|JS-[a-f0-9]{19})"),
    word("sentry-token", &["sntrys_", "sntryu_"], r"sntry[su]_[A-Za-z0-9+/=_-]{60,}"),
    word("dynatrace-token", &["dt0c01."], r"dt0c01\.[A-Z2-7]{24}\.[A-Z2-7]{64}"),
    word("posthog-key", &["phx_"], r"phx_[A-Za-z0-9]{40,}"),
    word("prefect-key", &["pnu_", "pnb_"], r"pn[ub]_[A-Za-z0-9]{36}"),
    word("readme-key", &["rdme_"], r"rdme_[a-z0-9]{70}"),
    word("duffel-token", &["duffel_live_", "duffel_test_"], r"duffel_(?:live|test)_[A-Za-z0-9_=-]{43}"),
    word("facebook-token", &["eaac", "eaag", "eaab"], r"EAA[A-Z][A-Za-z0-9]{80,}"),
    // Forms of many vendors.
    word("jwt", &["eyj"], r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    Rule {
        name: "private-key",
        keywords: &["-----begin ", "private-lines: "],
        pattern: r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|Private-Lines: \d+",
        place: Place::Block,
        judge: judge::is_any,
    },
    // Where it stands tells that it is one.
    Rule {
        name: "url-password",
        keywords: &["://"],
        pattern: r#"://[^\s/:@"'<>?#\[\]\\]{0,128}:([^\s/@"'<>\[\]\\`]{3,256})@[A-Za-z0-9\[_$%{.-]"#,
        place: Place::Group,
        judge: judge::is_chosen,
    },
    Rule {
        name: "basic-auth",
        keywords: &["basic "],
        pattern: r"(?i)basic\s{1,4}([A-Za-z0-9+/_-]{6,}={0,2})",
        place: Place::Group,
        judge: judge::is_basic,
    },
    Rule {
        name: "bearer-token",
        keywords: &["bearer "],
        pattern: r"(?i)bearer\s{1,4}([A-Za-z0-9._~+/-]{16,}={0,2})",
        place: Place::Group,
        judge: judge::is_key,
    },
    Rule {
        name: "authorization",
        keywords: &["authorization"],
        pattern: r#"(?i)authorization\\{0,3}["']?[ \t]{0,4}(?:[:=]|=>|,)[ \t]{0,4}\\{0,3}["']?(?:(?:token|apikey|key|bot|splunk|genie(?:key)?|sso-key|discogs token=)\s)?([A-Za-z0-9._~+/-]{16,}={0,2})"#,
        place: Place::Group,
        judge: judge::is_key,
    },
    Rule {
        name: "cookie",
        keywords: &["cookie"],
        pattern: r#"(?i)cookie["']?[ \t]{0,4}[:,=][ \t]{0,4}["']?[^\n]*?(?:sess(?:ion)?(?:[_-]?(?:id|token))?|sid|auth|token)=([A-Za-z0-9%._~+/:|-]{16,}={0,2})"#,
        place: Place::Group,
        judge: judge::is_random,
    },
    group(
        "registry-auth",
        &[":_authtoken", ":_password", ":_auth"],
        r#"(?i):_(?:authtoken|password|auth)[ \t]{0,4}=[ \t]{0,4}["']?([A-Za-z0-9+/_.-]{12,}={0,2})"#,
    ),
    Rule {
        name: "docker-auth",
        keywords: &["\"auth"],
        pattern: r#"(?i)"auth\\{0,3}"[ \t]{0,4}:[ \t]{0,4}\\{0,3}"([A-Za-z0-9+/]{8,}={0,2})"#,
        place: Place::Group,
        judge: judge::is_basic,
    },
    Rule {
        name: "command-password",
        keywords: &["curl ", "curlie ", "wget ", "http "],
        pattern: r#"(?:curl(?:ie)?|wget|http)(?:[^\n|;]|\\\n)*?\s(?:-u|-a|--user|--proxy-user|-U|--auth)(?:\s{1,4}|=)?["']?[^\s:"'/]{1,64}:([^\s"']{4,128})"#,
        place: Place::Group,
        judge: judge::is_password,
    },
    Rule {
        name: "command-password",
        keywords: &["mysql", "mariadb", "sshpass ", "redis-cli ", "smbclient "],
        pattern: r#"(?:(?:mysql|mariadb)(?:dump|admin)?[^\n|;]*?\s-p|sshpass\s{1,4}-p[ \t]{0,4}|redis-cli[^\n|;]*?\s-a\s{1,4}|smbclient[^\n|;]*?\s-U[ \t]{0,4}["']?[^\s%]{1,64}%)["']?([^\s"']{4,128})"#,
        place: Place::Group,
        judge: judge::is_password,
    },
    Rule {
        name: "password",
        keywords: &[
            "identified by ",
            "identified with ",
            "password '",
            "requirepass ",
            "masterauth ",
            "machine ",
        ],
        pattern: r#"(?i)(?:identified\s(?:with\s\w{1,32}\s)?by\s(?:password\s)?["']|password\s{1,4}["']|requirepass\s|masterauth\s|machine\s[^\s]{1,128}\s{1,4}login\s[^\s]{1,128}\s{1,4}password\s)["']?([^\s"'`]{4,128})"#,
        place: Place::Group,
        judge: judge::is_password,
    },
    Rule {
        name: "password",
        keywords: &[
            "password",
            "passwd",
            "passwort",
            "passphrase",
            "passcode",
            "pwd",
            "_pass",
            "-pass",
            "pass=",
            "pass:",
        ],
        pattern: r#"(?i)(?:(?:password|passwd|passwort|passphrase|passcode|pwd)(?:[_-]?(?:value|text|string|prod|production|dev|staging|live|old|new|\d{1,2}))?|[_-]?pass)\\{0,3}["']?\]?[ \t]{0,16}(?::=|=>|[:=])[ \t]{0,16}"#,
        place: Place::Behind,
        judge: judge::is_password,
    },
    Rule {
        name: "password",
        keywords: &[
            "--password",
            "--passwd",
            "--passphrase",
            "--pass",
            "--db-password",
            "--admin-password",
            "--pw",
        ],
        pattern: r"--(?:db-|admin-)?(?:password|passwd|passphrase|pass|pw)\s{1,4}",
        place: Place::Behind,
        judge: judge::is_password,
    },
    Rule {
        name: "key",
        keywords: &[
            "--token",
            "--api-key",
            "--apikey",
            "--secret",
            "--access-token",
            "--auth-token",
            "--key",
        ],
        pattern: r"--(?:token|api-?key|secret(?:-key)?|access-token|auth-token|key)\s{1,4}",
        place: Place::Behind,
        judge: judge::is_key,
    },
    Rule {
        name: "key",
        keywords: &[
            "token",
            "secret",
            "api_key",
            "api-key",
            "apikey",
            "api key",
            "access_key",
            "access-key",
            "accesskey",
            "auth_key",
            "auth-key",
            "authkey",
            "private_key",
            "private-key",
            "privatekey",
            "encryption_key",
            "encryption-key",
            "encryptionkey",
            "signing_key",
            "signing-key",
            "signingkey",
            "secret_key",
            "secret-key",
            "secretkey",
            "master_key",
            "master-key",
            "masterkey",
            "license_key",
            "account_key",
            "credential",
            "app_key",
            "appkey",
            "service_key",
            "subscription-key",
            "hmac_key",
            "key_base",
            "webhook_key",
            "auth_code",
        ],
        pattern: r#"(?i)(?:token|secret|api[_ -]?key|access[_-]?key|auth[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|secret[_-]?key|master[_-]?key|license_key|account_key|credentials?|app[_-]?key|service_key|subscription-key|hmac_key|key_base|webhook_key|auth_code)(?:[_-]?(?:value|text|string|key|base|prod|production|dev|staging|live|old|new|\d{1,2}))?\\{0,3}["']?\]?[ \t]{0,16}(?::=|=>|[:=])[ \t]{0,16}"#,
        place: Place::Behind,
        judge: judge::is_key,
    },
    group("pgpass", &[":5432:", ":5433:"], r":543[23]:[^:\s/]{1,64}:[^:\s/]{1,64}:([^\s:]{4,128})"),
];
