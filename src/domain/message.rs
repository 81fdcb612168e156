//! What is kept of a message that was read for `support-2` until its conversation settles (R4.8): flags,
//! marks and keyed hashes, never a word.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A message as it was read at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heard {
    /// Written by a machine (an absence note, a receipt): no turn of the conversation.
    Automatic,
    Turn(Box<MessageFeatures>),
}

/// What is kept of one turn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFeatures {
    /// The event named its language: it is read in that one alone.
    pub told: Option<LanguageCode>,
    /// What does not depend on a language, one bit each ([`flag`]).
    pub flags: u16,
    /// The number of words, at most 65,535. A number is no word.
    pub words: u16,
    /// The number of letters of its text, at most 65,535.
    pub letters: u16,
    /// Of these the Latin ones.
    pub latin: u16,
    /// What it says in each language that it may be in, by language; at most
    /// [`MAX_READINGS`](crate::domain::scoring::support::text::MAX_READINGS).
    pub readings: Box<[Reading]>,
    /// Keyed 32-bit hashes of its distinct content words, ascending; at most
    /// [`MAX_WORDS`](crate::domain::scoring::task::text::MAX_WORDS). Odd where the word begins with a digit.
    pub content: Box<[u32]>,
}

impl MessageFeatures {
    pub const fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }
}

/// Bits of [`MessageFeatures::flags`]. Part of the on-disk format.
pub mod flag {
    /// It has a question mark.
    pub const QUESTION: u16 = 1;
    /// It has just one.
    pub const ONE_QUESTION: u16 = 1 << 1;
    pub const EXCLAMATION: u16 = 1 << 2;
    /// `??`, `?!`, `!?`, or question marks and no word.
    pub const INSISTENT: u16 = 1 << 3;
    /// In capitals, as far as one can tell.
    pub const CAPITALS: u16 = 1 << 4;
    pub const DIGIT: u16 = 1 << 5;
    /// A friendly emoji or emoticon.
    pub const GLAD: u16 = 1 << 6;
    /// An unfriendly or sad one.
    pub const SAD: u16 = 1 << 7;
}

/// What a message says if it is in this language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub language: LanguageCode,
    /// How much in it speaks for this language, in sixtieths of a word.
    pub votes: u16,
    /// Lists that it hits, and what else its words do, one bit each
    /// ([`List`](crate::domain::scoring::support::pack::List), [`mark`](crate::domain::scoring::support::pack::mark)).
    pub marks: u32,
}

/// The primary subtag of a language: two or three letters, lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageCode([u8; 3]);

impl LanguageCode {
    pub const ENGLISH: Self = Self(*b"en\0");

    /// `None` unless it is two or three lower case letters.
    pub fn new(code: &str) -> Option<Self> {
        let bytes = code.as_bytes();
        let fits = (2..=3).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_lowercase);
        fits.then(|| Self([bytes[0], bytes[1], bytes.get(2).copied().unwrap_or(0)]))
    }

    pub fn as_str(&self) -> &str {
        let length = if self.0[2] == 0 { 2 } else { 3 };
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl fmt::Debug for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for LanguageCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.as_str())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for LanguageCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = if deserializer.is_human_readable() {
            Self::new(&String::deserialize(deserializer)?)
        } else {
            let bytes = <[u8; 3]>::deserialize(deserializer)?;
            let length = if bytes[2] == 0 { 2 } else { 3 };
            std::str::from_utf8(&bytes[..length]).ok().and_then(Self::new)
        };
        code.ok_or_else(|| serde::de::Error::custom("a language is two or three lower case letters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_two_or_three_lower_case_letters() {
        for code in ["en", "fil"] {
            assert_eq!(LanguageCode::new(code).unwrap().as_str(), code);
        }
        for code in ["", "e", "EN", "e1", "engl", "dé"] {
            assert_eq!(LanguageCode::new(code), None, "{code}");
        }
    }
}
