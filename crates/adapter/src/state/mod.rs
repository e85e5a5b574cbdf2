//! What an agent does, taken from all that is said of it.
//!
//! Sources differ in what they know and when. A program that reports to its terminal (OSC 7501) tells each change at once;
//! hooks tell most of them and no interrupt; transcripts and registers tell it late; the screen tells what a person would
//! see. [`Fusion`] keeps what each said last and decides, by rules that stand beside the code that applies them.

mod fusion;
mod screen;
mod terminal;

pub use fusion::{Decided, Fusion, of_ask, of_question};
pub use screen::{Rules, Shown};
pub use terminal::{Marks, Seen};
