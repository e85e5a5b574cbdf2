//! What the terminal in control is: the facts from which queries are answered when nobody is there to ask.
//!
//! It is learned once at attach (`probe`), kept after detach, and written with the session; so it is plain data. It
//! does not say what state the terminal is in: that is `Screen`.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Modes that a terminal may not know: 1016 mouse in pixels, 2026 synchronized output, 2027 grapheme clusters, 2031
/// colour scheme reports, 2048 resize reports, 5522 clipboard. DECRQM answers them from the profile.
pub const OPTIONAL_MODES: [u16; 6] = [1016, 2026, 2027, 2031, 2048, 5522];

/// A colour, 16 bits a channel as terminals report it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Rgb(pub u16, pub u16, pub u16);

/// Width and height in pixels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Pixels {
    /// Width.
    pub width: u16,
    /// Height.
    pub height: u16,
}

/// Whether the terminal's colours are dark or light.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Light text on a dark ground.
    Dark,
    /// Dark text on a light ground.
    Light,
}

/// The facts about one terminal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Whether a real terminal was asked. Otherwise this is what we are without one.
    pub asked: bool,
    /// The name and version that XTVERSION answers; a terminal without an answer has none.
    pub name: Option<String>,
    /// DA1: the numbers between `CSI ?` and `c`.
    pub primary: String,
    /// DA2: the numbers between `CSI >` and `c`.
    pub secondary: Option<String>,
    /// The colour of text.
    pub foreground: Option<Rgb>,
    /// The colour behind it.
    pub background: Option<Rgb>,
    /// The colour of the cursor.
    pub cursor: Option<Rgb>,
    /// Palette entries that are known to differ from, or to be, xterm's.
    pub palette: BTreeMap<u8, Rgb>,
    /// The size of one cell.
    pub cell: Option<Pixels>,
    /// Whether it speaks the Kitty keyboard protocol.
    pub kitty_keyboard: bool,
    /// Whether it shows Kitty graphics.
    pub kitty_graphics: bool,
    /// Which of [`OPTIONAL_MODES`] it knows.
    pub modes: BTreeSet<u16>,
    /// Whether program status reports (OSC 7501) are taken. We take them ourselves, whatever the terminal does.
    pub program_status: bool,
}

impl Profile {
    /// What a session is that never had a terminal: a plain colour terminal, under its own name.
    pub fn plain(version: &str) -> Self {
        Self {
            asked: false,
            name: Some(format!("Centerfire({version})")),
            primary: "62;22".into(),
            secondary: Some(format!("0;{};0", version_number(version))),
            foreground: Some(Rgb::from_bytes(0xe5, 0xe5, 0xe5)),
            background: Some(Rgb::from_bytes(0, 0, 0)),
            cursor: Some(Rgb::from_bytes(0xe5, 0xe5, 0xe5)),
            palette: BTreeMap::new(),
            cell: None,
            kitty_keyboard: false,
            kitty_graphics: false,
            modes: BTreeSet::new(),
            program_status: true,
        }
    }

    /// A real terminal of which nothing is known yet.
    pub fn unknown() -> Self {
        Self {
            asked: true,
            name: None,
            secondary: None,
            foreground: None,
            background: None,
            cursor: None,
            ..Self::default()
        }
    }

    /// A palette entry; xterm's, where no terminal says otherwise.
    pub fn colour(&self, entry: u8) -> Option<Rgb> {
        let known = self.palette.get(&entry).copied();
        if self.asked { known } else { known.or_else(|| Some(standard(entry))) }
    }

    /// Dark or light, by the brightness of the background.
    pub fn scheme(&self) -> Option<Scheme> {
        let Rgb(red, green, blue) = self.background?;
        let brightness = 299 * u64::from(red) + 587 * u64::from(green) + 114 * u64::from(blue);
        Some(if brightness > 500 * u64::from(u16::MAX) { Scheme::Light } else { Scheme::Dark })
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::plain(env!("CARGO_PKG_VERSION"))
    }
}

/// `1.2.3` as 10203, the way terminals put their version into DA2.
fn version_number(version: &str) -> u32 {
    let parts = version.split(['.', '-', '+']).take(3).map(|part| part.parse::<u32>().unwrap_or(0).min(99));
    parts.fold(0, |number, part| number * 100 + part)
}

impl Rgb {
    /// A colour of 8 bits a channel.
    pub fn from_bytes(red: u8, green: u8, blue: u8) -> Self {
        Self(u16::from(red) * 0x101, u16::from(green) * 0x101, u16::from(blue) * 0x101)
    }

    /// Reads `rgb:R/G/B`, `rgba:R/G/B/A` (1 to 4 digits each) or `#RRGGBB`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix('#') {
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6)?;
            let [_, red, green, blue] = number.to_be_bytes();
            return Some(Self::from_bytes(red, green, blue));
        }
        let channels = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
        let mut channels = channels.split('/').map(channel);
        Some(Self(channels.next()??, channels.next()??, channels.next()??))
    }
}

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rgb:{:04x}/{:04x}/{:04x}", self.0, self.1, self.2)
    }
}

/// One channel, scaled from its 1 to 4 digits to 16 bits.
fn channel(digits: &str) -> Option<u16> {
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| (1..=4).contains(&digits.len()))?;
    let most = (1_u32 << (4 * digits.len())) - 1;
    u16::try_from(value * u32::from(u16::MAX) / most).ok()
}

/// xterm's palette: 16 named colours, a cube of 6 by 6 by 6, 24 greys.
fn standard(entry: u8) -> Rgb {
    const NAMED: [[u8; 3]; 16] = [
        [0, 0, 0],
        [205, 0, 0],
        [0, 205, 0],
        [205, 205, 0],
        [0, 0, 238],
        [205, 0, 205],
        [0, 205, 205],
        [229, 229, 229],
        [127, 127, 127],
        [255, 0, 0],
        [0, 255, 0],
        [255, 255, 0],
        [92, 92, 255],
        [255, 0, 255],
        [0, 255, 255],
        [255, 255, 255],
    ];
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match entry {
        0..=15 => {
            let [red, green, blue] = NAMED[usize::from(entry)];
            Rgb::from_bytes(red, green, blue)
        }
        16..=231 => {
            let cube = entry - 16;
            Rgb::from_bytes(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        232.. => {
            let grey = 8 + 10 * (entry - 232);
            Rgb::from_bytes(grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_form() {
        for (text, expect) in [
            ("rgb:1e1e/2E2E/ffff", Some(Rgb(0x1e1e, 0x2e2e, 0xffff))),
            ("rgb:f/0/8", Some(Rgb(0xffff, 0, 0x8888))),
            ("rgb:ff/00/80", Some(Rgb(0xffff, 0, 0x8080))),
            ("rgba:ffff/0000/0000/8000", Some(Rgb(0xffff, 0, 0))),
            ("#ff8000", Some(Rgb::from_bytes(255, 128, 0))),
            ("rgb:1/2", None),
            ("rgb:12345/0/0", None),
            ("red", None),
            ("#fff", None),
        ] {
            assert_eq!(Rgb::parse(text), expect, "{text}");
        }
        assert_eq!(Rgb(1, 0xffff, 0).to_string(), "rgb:0001/ffff/0000");
        assert_eq!([standard(16), standard(231), standard(244)].map(|c| c.0 >> 8), [0, 255, 128]);
    }

    #[test]
    fn the_plain_profile_says_what_we_are() {
        let plain = Profile::plain("1.2.3");
        assert_eq!(plain.name.as_deref(), Some("Centerfire(1.2.3)"));
        assert_eq!(plain.secondary.as_deref(), Some("0;10203;0"));
        assert_eq!(plain.scheme(), Some(Scheme::Dark));
        assert!(!plain.kitty_keyboard && plain.modes.is_empty());
    }

    /// The form on disk: a change of this sample is a change of format.
    #[test]
    fn a_profile_is_remembered() {
        let mut profile = Profile::unknown();
        profile.background = Some(Rgb(1, 2, 3));
        profile.palette.insert(7, Rgb(4, 5, 6));
        profile.modes.insert(2026);
        profile.cell = Some(Pixels { width: 9, height: 18 });
        let sample = r#"{"asked":true,"name":null,"primary":"62;22","secondary":null,"foreground":null,"background":[1,2,3],"cursor":null,"palette":{"7":[4,5,6]},"cell":{"width":9,"height":18},"kitty_keyboard":false,"kitty_graphics":false,"modes":[2026],"program_status":true}"#;
        assert_eq!(serde_json::to_string(&profile).unwrap(), sample);
        assert_eq!(serde_json::from_str::<Profile>(sample).unwrap(), profile);
        assert_eq!(serde_json::from_str::<Profile>("{}").unwrap(), Profile::default());
    }
}
