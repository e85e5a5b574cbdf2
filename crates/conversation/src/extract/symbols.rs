//! Names that code defines: functions, types, classes, constants.
//!
//! Found line by line by what begins a definition in its language, not by a parser: code that a tool writes is seldom whole.
//! A name that is only used is none of these, and what is not sure is left out.

use regex::Regex;
use std::sync::LazyLock;

/// A language by whose patterns code is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// TypeScript and JavaScript.
    Script,
    /// Go.
    Go,
    /// C and C++.
    C,
    /// Java.
    Java,
}

/// Endings of files and words behind the fence of a block, in small letters.
const NAMES: &[(Language, &[&str])] = &[
    (Language::Rust, &["rs", "rust"]),
    (Language::Python, &["py", "pyi", "python"]),
    (Language::Script, &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "typescript", "javascript"]),
    (Language::Go, &["go", "golang"]),
    (Language::C, &["c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "c++"]),
    (Language::Java, &["java"]),
];

impl Language {
    /// By the word behind a block's fence.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(language, _)| *language)
    }

    /// By the end of a file's name.
    pub fn of_path(path: &str) -> Option<Self> {
        path.rsplit_once('.').and_then(|(_, end)| Self::named(end))
    }

    fn pattern(self) -> &'static Regex {
        match self {
            Self::Rust => &RUST,
            Self::Python => &PYTHON,
            Self::Script => &SCRIPT,
            Self::Go => &GO,
            Self::C => &C,
            Self::Java => &JAVA,
        }
    }
}

/// What stands where a type or a name would, in a statement of C that looks like a definition.
const KEYWORDS: &[&str] = &[
    "if", "else", "for", "while", "switch", "return", "catch", "do", "case", "new", "throw", "sizeof",
    "delete", "goto", "using", "typedef",
];

static RUST: LazyLock<Regex> = LazyLock::new(|| {
    of(&[
        r#"(?:pub(?:\([^)\n]*\))?\s+)?(?:default\s+)?(?:const\s+)?(?:async\s+)?(?:unsafe\s+)?(?:extern\s+(?:"[^"\n]*"\s+)?)?fn\s+([A-Za-z_]\w*)\s*[<(]"#,
        r"(?:pub(?:\([^)\n]*\))?\s+)?(?:unsafe\s+)?(?:struct|enum|trait|union|type)\s+([A-Z]\w*)\s*(?:[<({;=:]|where\b|$)",
        r"(?:pub(?:\([^)\n]*\))?\s+)?(?:const|static)\s+(?:mut\s+)?([A-Z][A-Z0-9_]*)\s*:",
        r"macro_rules!\s*(\w+)",
    ])
});
static PYTHON: LazyLock<Regex> = LazyLock::new(|| {
    of(&[r"(?:async\s+)?def\s+([A-Za-z_]\w*)\s*[(\[]", r"class\s+([A-Za-z_]\w*)\s*(?:[(\[]|:\s*(?:#.*)?$)"])
});
static SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    const HEAD: &str = r"(?:export\s+)?(?:default\s+)?(?:declare\s+)?";
    of(&[
        &format!(r"{HEAD}(?:async\s+)?function\s*\*?\s*([A-Za-z_$][\w$]*)\s*[<(]"),
        &format!(r"{HEAD}(?:abstract\s+)?class\s+([A-Za-z_$][\w$]*)\s*(?:[<{{]|extends\b|implements\b)"),
        &format!(r"{HEAD}interface\s+([A-Za-z_$][\w$]*)\s*(?:[<{{]|extends\b)"),
        &format!(r"{HEAD}(?:const\s+)?enum\s+([A-Za-z_$][\w$]*)\s*\{{"),
        &format!(r"{HEAD}type\s+([A-Za-z_$][\w$]*)\s*(?:<[^=\n]*>)?\s*="),
        &format!(
            r"{HEAD}(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*(?::[^=\n]+)?=\s*(?:async\s*)?(?:function\b|(?:<[^>\n]*>)?\([^()\n]*\)\s*(?::[^=\n]+)?=>|[A-Za-z_$][\w$]*\s*=>)"
        ),
    ])
});
static GO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^(?:func\s+(?:\([^)\n]*\)\s*)?([A-Za-z_]\w*)\s*[(\[]|type\s+([A-Za-z_]\w*)(?:\[[^\]\n]*\])?\s+=?\s*(?:struct|interface|func|map|chan|[\[\]*\w.]+\s*$))",
    )
    .expect("a regular expression")
});
static C: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m)^(?:[ \t]*(?:typedef\s+)?(?:struct|class|union|enum(?:\s+(?:class|struct))?)\s+([A-Za-z_]\w*)\s*(?:final\s*)?(?::[^:;\n][^;\n]*)?(?:\{|$)",
        r"|[ \t]*namespace\s+([A-Za-z_]\w*)\s*\{|[ \t]*#\s*define\s+([A-Za-z_]\w*)",
        r"|[A-Za-z_][\w:<>,*& \t]*?[\s*&]((?:\w+::)*~?[A-Za-z_]\w*)\s*\([^;{}()]*\)\s*(?:const\s*)?(?:noexcept\s*)?(?:override\s*)?\{)"
    ))
    .expect("a regular expression")
});
static JAVA: LazyLock<Regex> = LazyLock::new(|| {
    of(&[
        r"(?:(?:public|protected|private|static|final|abstract|sealed)\s+)*(?:class|@?interface|enum|record)\s+([A-Za-z_]\w*)\s*(?:[<({]|extends\b|implements\b)",
        r"(?:(?:public|protected|private|static|final|abstract|synchronized|default|native)\s+)+(?:<[^>\n]+>\s+)?(?:[\w<>\[\],.? ]+?\s+)?([A-Za-z_]\w*)\s*\([^;{}()]*\)\s*(?:throws\s+[\w,. ]+?)?\s*[{;]",
    ])
});

/// Any of these at the begin of a line.
fn of(patterns: &[&str]) -> Regex {
    Regex::new(&format!(r"(?m)^[ \t]*(?:{})", patterns.join("|"))).expect("a regular expression")
}

/// The names that code defines, in its order.
pub fn defined(language: Language, code: &str) -> impl Iterator<Item = &str> {
    language.pattern().captures_iter(code).filter_map(move |found| {
        let name = found.iter().skip(1).flatten().next()?.as_str();
        let first = found.get(0)?.as_str().split_whitespace().next().unwrap_or_default();
        let is_statement = KEYWORDS.contains(&name) || KEYWORDS.contains(&first);
        (language != Language::C || !is_statement).then_some(name)
    })
}
