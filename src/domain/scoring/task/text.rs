//! From a message to what is kept of it: sentiment, list hits, flags and keyed word hashes, never a
//! word (R4.8).
//!
//! Word hashes are SipHash-2-4 with a key that BLAKE3 makes of secret and conversation: a pseudo-random function for
//! short inputs, at a fifth of BLAKE3's price.

use std::sync::Arc;

use siphasher::sip::SipHasher24;

use super::lexicon::{Pack, SentimentLexicon, builtin_packs, plain};
use super::{language, sentiment};
use crate::domain::event::TurnFeatures;
use crate::domain::ids::Id;

/// Characters read of a message; what stands behind them is not looked at.
pub const MAX_CHARS: usize = 16_000;

/// Distinct content words hashed per message: the first ones.
pub const MAX_WORDS: usize = 256;

/// A key for SipHash-2-4, a pseudo-random function for short inputs: without the key no dictionary tells which word a
/// hash stands for.
pub type WordKey = [u8; 16];

/// The key of a conversation's word hashes: they can be compared within it and nowhere else.
pub fn conversation_word_key(secret: &[u8; 32], conversation: Id) -> WordKey {
    const PURPOSE: &[u8; 16] = b"tripswitch words";
    let mut input = [0; 32];
    input[..16].copy_from_slice(PURPOSE);
    input[16..].copy_from_slice(&conversation.0.to_be_bytes());
    let mut key = WordKey::default();
    key.copy_from_slice(&blake3::keyed_hash(secret, &input).as_bytes()[..16]);
    key
}

/// What is kept of a content word (lower case).
pub fn word_hash(key: &WordKey, word: &str) -> u32 {
    SipHasher24::new_with_key(key).hash(word.as_bytes()) as u32
}

/// Reads messages: has the language packs, and the language for messages that do not show theirs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Analyzer {
    packs: Arc<[Pack]>,
    /// As [`language::primary_subtag`] writes it.
    default_language: Box<str>,
}

impl Default for Analyzer {
    /// English.
    fn default() -> Self {
        Self::new(builtin_packs().to_vec(), "en")
    }
}

impl Analyzer {
    /// `default_language` (BCP 47) may have no pack: then short messages are left unread.
    pub fn new(packs: impl Into<Arc<[Pack]>>, default_language: &str) -> Self {
        let default_language = language::primary_subtag(default_language).unwrap_or_default().into();
        Self { packs: packs.into(), default_language }
    }

    /// With the same packs.
    #[must_use]
    pub fn with_default_language(&self, language: &str) -> Self {
        Self::new(Arc::clone(&self.packs), language)
    }

    /// The packs, for [`Profile::computed_hash`](super::super::profile::Profile::computed_hash).
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// Reads one message.
    ///
    /// `language` is what the event says, any BCP 47 tag. `word_key` comes from
    /// [`conversation_word_key`]. A message without text (`None`) is known to exist and no more; one
    /// in a language without a pack also keeps its "?" and "!". An empty text is a text: it says
    /// nothing, neutrally.
    pub fn analyze(&self, text: Option<&str>, language: Option<&str>, word_key: &WordKey) -> TurnFeatures {
        let Some(text) = text.map(first_chars) else { return TurnFeatures::default() };
        let mut features =
            TurnFeatures { question: text.contains('?'), exclamation: text.contains('!'), ..TurnFeatures::default() };
        let plain = plain(text);
        let lower = plain.to_lowercase();
        let mut all_words = Vec::with_capacity(lower.len() / 4 + 1);
        all_words.extend(words(&lower));
        if let Some(pack) = self.pack_for(text, &all_words, language) {
            features.read = true;
            features.compound = compound(pack.sentiment(), text);
            features.hits = pack.hits(&plain);
            features.words = content_words(pack, &all_words, word_key);
        }
        features
    }

    /// By the language that the event names, else the one that the text looks like, else the default.
    fn pack_for(&self, text: &str, words: &[&str], language: Option<&str>) -> Option<&Pack> {
        let told = language.and_then(language::primary_subtag);
        let language = match &told {
            Some(told) => told,
            None => self.detect(text, words).unwrap_or(&self.default_language),
        };
        self.packs.iter().find(|pack| pack.language() == language)
    }

    /// If a pack's markers leave no doubt, [`language::detect`] is not asked: it takes twenty times as long as all
    /// the rest.
    fn detect(&self, text: &str, words: &[&str]) -> Option<&str> {
        if !language::is_long_enough(text) {
            return None;
        }
        let plainly = self.packs.iter().find(|pack| pack.is_plainly_its_language(words.iter().copied()));
        plainly.map_or_else(|| language::detect(text), |pack| Some(pack.language()))
    }
}

fn first_chars(text: &str) -> &str {
    if text.len() <= MAX_CHARS {
        return text;
    }
    text.char_indices().nth(MAX_CHARS).map_or(text, |(end, _)| &text[..end])
}

/// In ten-thousandths.
fn compound(lexicon: SentimentLexicon, text: &str) -> Option<i16> {
    match lexicon {
        SentimentLexicon::None => None,
        SentimentLexicon::Vader => Some(sentiment::compound(text)),
    }
}

/// Keyed hashes of the first [`MAX_WORDS`] distinct words that are no stopwords, ascending.
fn content_words(pack: &Pack, words: &[&str], word_key: &WordKey) -> Box<[u32]> {
    let mut hashes: Vec<u32> = Vec::with_capacity(words.len().min(MAX_WORDS));
    for word in words.iter().filter(|word| !pack.is_stopword(word)) {
        let hash = word_hash(word_key, word);
        if !hashes.contains(&hash) {
            hashes.push(hash);
            if hashes.len() == MAX_WORDS {
                break;
            }
        }
    }
    hashes.sort_unstable();
    hashes.into()
}

/// Runs of letters and digits, each with at most one `'` and the run behind it (`don't`).
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = skip(text, at, false);
        let mut end = skip(text, start, true);
        if text.as_bytes().get(end) == Some(&b'\'') {
            let suffix = skip(text, end + 1, true);
            if suffix > end + 1 {
                end = suffix;
            }
        }
        at = end;
        (start < end).then(|| &text[start..end])
    })
}

/// The end of the characters from `at` that are letters or digits, or that are not.
fn skip(text: &str, mut at: usize, alphanumeric: bool) -> usize {
    while let Some(byte) = text.as_bytes().get(at) {
        if byte.is_ascii() {
            if byte.is_ascii_alphanumeric() != alphanumeric {
                break;
            }
            at += 1;
        } else {
            match text[at..].chars().next().filter(|c| c.is_alphanumeric() == alphanumeric) {
                Some(c) => at += c.len_utf8(),
                None => break,
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::lexicon::{List, PackSource};
    use super::*;

    const KEY: WordKey = [7; 16];

    fn read(text: &str) -> TurnFeatures {
        Analyzer::default().analyze(Some(text), None, &KEY)
    }

    #[test]
    fn a_word_has_at_most_one_suffix() {
        let split = |text: &'static str| words(text).collect::<Vec<_>>();
        assert_eq!(
            split("i don't, 3rd 'quoted' rock'n'roll_x é9"),
            ["i", "don't", "3rd", "quoted", "rock'n", "roll", "x", "é9"]
        );
        assert_eq!(split("a' 'b"), ["a", "b"]);
        assert_eq!(split(" -- "), Vec::<&str>::new());
    }

    #[test]
    fn a_message_becomes_sentiment_hits_flags_and_hashes() {
        let features = read("Thank you, the GARDEN room is perfect!");
        assert!(features.read && features.exclamation && !features.question);
        assert!(List::Gratitude.is_in(features.hits) && List::Praise.is_in(features.hits));
        assert!(features.compound > Some(5_000));
        assert_eq!(features.words, read("room garden. perfect thank Room").words);
        assert_eq!(features.words.len(), 4);
        assert!(features.words.is_sorted());
    }

    #[test]
    fn both_apostrophes_make_the_same_words() {
        assert_eq!(read("couldn’t load").words, read("couldn't load").words);
    }

    #[test]
    fn a_language_without_a_pack_leaves_only_the_structure() {
        let french = Some(
            "Bonjour, je vous écris parce que ma commande n'est toujours pas arrivée. Pouvez-vous me dire quand elle \
             sera livrée ? Merci beaucoup pour votre aide !",
        );
        let expected = TurnFeatures { question: true, exclamation: true, ..TurnFeatures::default() };
        let analyzer = Analyzer::default();
        assert_eq!(analyzer.analyze(french, None, &KEY), expected, "detected");
        assert_eq!(analyzer.analyze(Some("perfect, thank you!?"), Some("fr-CA"), &KEY), expected, "told");
        assert!(analyzer.analyze(Some("perfect"), Some("EN-gb"), &KEY).read);
        assert!(analyzer.analyze(Some("perfect"), Some(""), &KEY).read);
        assert!(!Analyzer::new(builtin_packs().to_vec(), "da").analyze(Some("perfect"), None, &KEY).read);
    }

    #[test]
    fn plain_english_is_english_and_a_few_english_words_make_no_text_english() {
        let analyzer = Analyzer::new(builtin_packs().to_vec(), "da");
        let is_read = |text| analyzer.analyze(Some(text), None, &KEY).read;
        assert!(is_read("Could you please tell me where the parcel is that I ordered?"));
        assert!(!is_read("Could you please tell me where?"), "too short to tell: the default language");
        assert!(!is_read(
            "Bonjour, votre site affiche \"You do not have access\" depuis hier soir et je ne peux plus ouvrir mes \
             factures. Pouvez-vous vérifier mon compte et me dire quand cela sera réparé ?"
        ));
        assert!(
            is_read("A refund of £12.90 is on the way to your Mastercard, Mr Sørensen-Østergaard."),
            "markers and stopwords"
        );
        assert!(!is_read(
            "Please please please please bonjour madame, quelles chambres avez-vous encore aujourd'hui ?"
        ));
    }

    #[test]
    fn no_other_language_is_plainly_english_even_with_english_in_it() {
        let is_english = |text| Analyzer::new(builtin_packs().to_vec(), "da").analyze(Some(text), None, &KEY).read;
        for text in [
            "Hej, jeg har ikke modtaget min pakke endnu, og jeres \"track and trace\" siger bare \"on the way\".",
            "Vil I have mine penge, før jeg får en bekræftelse? Det må I da kunne se i systemet.",
            "Hei, jeg får bare opp \"please try again\" når jeg prøver å betale for abonnementet mitt.",
            "Hej, varför står det \"your order has been cancelled\" när jag redan har betalat för paketet?",
            "Kunnen we morgen bellen? We hebben het al twee keer geprobeerd maar we krijgen geen antwoord.",
            "Ik krijg steeds de melding \"this is not available\" als ik op de link in jullie e-mail klik.",
            "Der Link in der E-Mail funktioniert nicht, da steht nur \"this page could not be found\", bitte um Hilfe.",
            "Was war das Problem im Hotel? Man sagte mir, die Information sei am Service Desk, also an der Bar.",
            "Bonjour, le message \"your card was declined\" apparaît toujours quand je veux payer ma commande.",
            "Hola, me sale \"something went wrong, try again\" cuando quiero cambiar la fecha de mi reserva.",
            "No me has dado el número de la reserva, y no sé a qué hora sale el bus del hotel.",
            "Olá, recebi um e-mail a dizer \"payment failed\" mas o valor já foi debitado da minha conta.",
            "Buongiorno, non riesco ad accedere: il sito dice \"you do not have access\" da ieri sera.",
            "Dzień dobry, moje zamówienie nadal nie dotarło, a na stronie widzę tylko \"out for delivery\".",
        ] {
            assert!(!is_english(text), "{text}");
        }
    }

    #[test]
    fn a_pack_without_a_sentiment_lexicon_reads_words_and_no_sentiment() {
        let table = "language = \"da\"\nstopwords = [\"det\"]\n[lists]\ngratitude = [\"(?:mange )?tak\"]\n";
        let pack = Pack::compile(&toml::from_str::<PackSource>(table).unwrap()).unwrap();
        let features = Analyzer::new(vec![pack], "da").analyze(Some("Tak for det"), None, &KEY);
        assert_eq!((features.read, features.compound, features.hits), (true, None, List::Gratitude.bit()));
        assert_eq!(features.words.len(), 2);
    }

    #[test]
    fn a_message_without_text_is_not_read() {
        let analyzer = Analyzer::default();
        assert_eq!(analyzer.analyze(None, Some("en"), &KEY), TurnFeatures::default());
        let silence = TurnFeatures { read: true, compound: Some(0), ..TurnFeatures::default() };
        assert_eq!(analyzer.analyze(Some(""), None, &KEY), silence);
    }

    #[test]
    fn r4_8_nothing_behind_the_character_limit_is_read_and_hashes_are_bounded() {
        let long = "é".repeat(MAX_CHARS - 1) + "! awful?";
        let features = Analyzer::default().analyze(Some(&long), Some("en"), &KEY);
        assert_eq!((features.exclamation, features.question, features.hits), (true, false, 0));
        let many: String = (0..300).map(|i| format!("word{i} ")).collect();
        let first: String = (0..MAX_WORDS).map(|i| format!("word{i} ")).collect();
        let features = Analyzer::default().analyze(Some(&many), Some("en"), &KEY);
        assert_eq!(features.words.len(), MAX_WORDS);
        assert_eq!(features.words, Analyzer::default().analyze(Some(&first), Some("en"), &KEY).words);
    }

    #[test]
    fn r4_8_word_hashes_differ_between_conversations_and_secrets() {
        let key = |secret: u8, id: u128| conversation_word_key(&[secret; 32], Id(id));
        let keys = [key(1, 1), key(1, 2), key(2, 1)];
        let hashed = keys.map(|key| Analyzer::default().analyze(Some("garden"), None, &key).words);
        assert!(hashed[0] != hashed[1] && hashed[0] != hashed[2] && hashed[1] != hashed[2]);
        assert_eq!(key(1, 1), keys[0]);
    }
}
