//! Satisfaction links (R13.2): the address at which a customer says how a conversation went. Nothing is kept of a link:
//! all that it stands for is in its token, and the MAC behind that says that this server made it.
//!
//! ```text
//! token = base64url without padding, 80 characters, of
//!     version, 1 byte; side, 1; workspace, 16; conversation, 16; ending, 4; expires, 4 (seconds since 1970); period, 2;
//!     MAC, 16 (keyed BLAKE3 of all before it)
//! ```
//!
//! Numbers are little-endian. Each period of thirty days has a key of its own, made of the data directory's secret and
//! the generation of the configuration; the token names its period. So no key makes many MACs, and a new generation ends
//! every link that there is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::domain::effect::{EffectContent, EffectView};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::rating::LinkTerms;
use crate::domain::time::{DAY, Millis, SECOND};

const VERSION: u8 = 1;
const MAC: usize = 16;
/// Of what the MAC speaks for.
const CONTENT: usize = 44;
/// Characters of a token. The bytes fill them, so each token has one spelling.
pub const TOKEN: usize = (CONTENT + MAC) / 3 * 4;
/// How long tokens are made with one key.
const PERIOD: Millis = 30 * DAY;

/// What a link stands for. There is nothing personal in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub key: WorkspaceKey,
    pub conversation: Id,
    /// How often the conversation had been reopened before the end that is rated.
    pub ending: u32,
    /// When it ends; a whole second.
    pub expires: Millis,
}

/// No token of this server's: altered, of another secret or generation, or something else altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no token of a satisfaction link")]
pub struct Forged;

/// Makes links and reads them.
pub struct Links {
    /// Of the secret and the generation; the keys of the periods are made of it.
    root: [u8; 32],
    /// Where `/s/` is from outside, without a slash at its end; empty: nowhere.
    public_url: Box<str>,
}

impl Links {
    /// With a key that serves nothing else.
    pub fn new(key: [u8; 32], generation: u32, public_url: &str) -> Self {
        let root = *blake3::keyed_hash(&key, &generation.to_le_bytes()).as_bytes();
        Self { root, public_url: public_url.trim_end_matches('/').into() }
    }

    /// The address of a link that is made at `issued`; none where it is not known how the server is reached.
    pub fn url(&self, link: &Link, issued: Millis) -> Option<String> {
        let is_reached = !self.public_url.is_empty();
        is_reached.then(|| format!("{}/s/{}", self.public_url, self.token(link, issued)))
    }

    /// Puts the link's address into the effect of a conversation's end.
    pub fn tell(&self, key: WorkspaceKey, effect: &mut EffectView) {
        let issued = effect.receipt;
        if let EffectContent::ConversationResolved { conversation: Some(conversation), link: Some(told), .. } =
            &mut effect.content
        {
            let LinkTerms { ending, expires } = &mut told.terms;
            *expires = *expires / SECOND * SECOND;
            let link = Link { key, conversation: *conversation, ending: *ending, expires: *expires };
            told.url = self.url(&link, issued).map(Into::into);
        }
    }

    /// What [`read`](Self::read) takes, made at `issued`.
    pub fn token(&self, link: &Link, issued: Millis) -> String {
        let period = u16::try_from(issued / PERIOD).unwrap_or_default();
        let mut bytes = content(link, period).to_vec();
        bytes.extend_from_slice(&self.mac(period, &bytes));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token of this server's stands for, whether or not it has expired.
    pub fn read(&self, token: &str) -> Result<Link, Forged> {
        if token.len() != TOKEN {
            return Err(Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Forged)?;
        let (content, mac) = bytes.split_first_chunk::<CONTENT>().ok_or(Forged)?;
        let (link, period) = read_content(content).ok_or(Forged)?;
        let is_own = bool::from(self.mac(period, content).ct_eq(mac));
        if is_own { Ok(link) } else { Err(Forged) }
    }

    fn mac(&self, period: u16, content: &[u8]) -> [u8; MAC] {
        let key = blake3::keyed_hash(&self.root, &period.to_le_bytes());
        let mac = blake3::keyed_hash(key.as_bytes(), content);
        mac.as_bytes().first_chunk().copied().expect("32 bytes have a first 16")
    }
}

/// As [`read_content`] reads it. A link that would expire after 2106 does so then.
fn content(link: &Link, period: u16) -> [u8; CONTENT] {
    let side = match link.key.side {
        Side::Live => 0,
        Side::Test => 1,
    };
    let expires = u32::try_from(link.expires.max(0) / SECOND).unwrap_or(u32::MAX);
    let mut bytes = [0; CONTENT];
    [bytes[0], bytes[1]] = [VERSION, side];
    bytes[2..18].copy_from_slice(&{ link.key.id.0 }.to_le_bytes());
    bytes[18..34].copy_from_slice(&{ link.conversation.0 }.to_le_bytes());
    bytes[34..38].copy_from_slice(&link.ending.to_le_bytes());
    bytes[38..42].copy_from_slice(&expires.to_le_bytes());
    bytes[42..].copy_from_slice(&period.to_le_bytes());
    bytes
}

fn read_content(bytes: &[u8; CONTENT]) -> Option<(Link, u16)> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let side = match *head {
        [VERSION, 0] => Side::Live,
        [VERSION, 1] => Side::Test,
        _ => return None,
    };
    let (workspace, rest) = rest.split_first_chunk()?;
    let (conversation, rest) = rest.split_first_chunk()?;
    let (ending, rest) = rest.split_first_chunk()?;
    let (expires, rest) = rest.split_first_chunk()?;
    let period = u16::from_le_bytes(*rest.first_chunk()?);
    let key = WorkspaceKey { id: Id(u128::from_le_bytes(*workspace)), side };
    let conversation = Id(u128::from_le_bytes(*conversation));
    let (ending, expires) = (u32::from_le_bytes(*ending), Millis::from(u32::from_le_bytes(*expires)) * SECOND);
    Some((Link { key, conversation, ending, expires }, period))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::{EffectId, EndedAs};
    use crate::domain::rating::ToldLink;

    use rand::rngs::StdRng;
    use rand::seq::IndexedRandom;
    use rand::{RngExt, SeedableRng};

    const NOW: Millis = 1_774_432_800_000;
    const LINK: Link = Link {
        key: WorkspaceKey { id: Id(0x1111_2222), side: Side::Live },
        conversation: Id(u128::MAX - 7),
        ending: 3,
        expires: NOW + 14 * DAY,
    };

    fn links() -> Links {
        Links::new([7; 32], 0, "https://rate.example.com/support/")
    }

    #[test]
    fn r13_2_a_token_gives_its_link_back() {
        let links = links();
        for link in [
            LINK,
            Link { key: WorkspaceKey { side: Side::Test, ..LINK.key }, ..LINK },
            Link { conversation: Id(0), ending: 0, expires: 0, ..LINK },
            Link { ending: u32::MAX, expires: Millis::from(u32::MAX) * SECOND, ..LINK },
        ] {
            let token = links.token(&link, NOW);
            assert_eq!(token.len(), TOKEN);
            assert_eq!(links.read(&token), Ok(link));
            assert_eq!(links.token(&link, NOW), token, "nothing is drawn");
        }
        let far = Link { expires: Millis::MAX, ..LINK };
        let read = links.read(&links.token(&far, NOW)).unwrap();
        assert_eq!(read.expires, Millis::from(u32::MAX) * SECOND);
    }

    #[test]
    fn r13_2_an_address_is_where_the_server_is_reached() {
        let token = links().token(&LINK, NOW);
        let url = Some(format!("https://rate.example.com/support/s/{token}"));
        assert_eq!(links().url(&LINK, NOW), url);
        assert_eq!(Links::new([7; 32], 0, "https://rate.example.com/support").url(&LINK, NOW), url);
        assert_eq!(Links::new([7; 32], 0, "").url(&LINK, NOW), None);
    }

    #[test]
    fn r8_2a_the_end_of_a_conversation_tells_the_link_that_it_is_rated_with() {
        let terms = LinkTerms { ending: LINK.ending, expires: LINK.expires + 7 };
        let content = EffectContent::ConversationResolved {
            conversation: Some(LINK.conversation),
            account: None,
            ending: EndedAs::Resolved,
            link: Some(ToldLink { terms, url: None }),
        };
        let mut effect = EffectView { id: EffectId::ZERO, receipt: NOW, content };
        let told = |links: Links, effect: &mut EffectView| {
            links.tell(LINK.key, effect);
            match &effect.content {
                EffectContent::ConversationResolved { link: Some(told), .. } => told.clone(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            told(Links::new([7; 32], 0, ""), &mut effect).url,
            None,
            "it is not known how the server is reached"
        );
        let told = told(links(), &mut effect);
        assert_eq!((told.terms.expires, told.url), (LINK.expires, links().url(&LINK, NOW).map(Into::into)));
    }

    #[test]
    fn r13_2_tokens_of_another_secret_or_generation_are_forged() {
        let token = links().token(&LINK, NOW);
        for other in [Links::new([8; 32], 0, ""), Links::new([7; 32], 1, "")] {
            assert_eq!(other.read(&token), Err(Forged));
            assert_eq!(links().read(&other.token(&LINK, NOW)), Err(Forged));
        }
        assert_eq!(Links::new([7; 32], 0, "").read(&token), Ok(LINK), "wherever it is reached");
    }

    #[test]
    fn r13_2_each_thirty_days_have_a_key_of_their_own() {
        let links = links();
        let begin = NOW / PERIOD * PERIOD;
        let [first, last, next] = [begin, begin + PERIOD - 1, begin + PERIOD].map(|issued| links.token(&LINK, issued));
        assert_eq!(first, last);
        let bytes = |token: &str| URL_SAFE_NO_PAD.decode(token).unwrap();
        let (old, new) = (bytes(&last), bytes(&next));
        assert_ne!(old[CONTENT..], new[CONTENT..]);
        // A MAC of one period under the name of another.
        let mixed = [&old[..CONTENT], &new[CONTENT..]].concat();
        assert_eq!(links.read(&URL_SAFE_NO_PAD.encode(mixed)), Err(Forged));
        assert_eq!((links.read(&last), links.read(&next)), (Ok(LINK), Ok(LINK)));
    }

    #[test]
    fn r13_2_every_bit_of_a_token_is_looked_at() {
        let links = links();
        let bytes = URL_SAFE_NO_PAD.decode(links.token(&LINK, NOW)).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(links.read(&URL_SAFE_NO_PAD.encode(&altered)), Err(Forged), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(links.read(&URL_SAFE_NO_PAD.encode(&bytes[..length])), Err(Forged), "{length} bytes");
        }
    }

    /// One altered text; it may come out the same.
    fn mutated(token: &str, draw: &mut StdRng) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        const STRANGE: &[u8] = b"+/=.~% \t\n\0&?#\x7f";
        let mut text = token.as_bytes().to_vec();
        for _ in 0..draw.random_range(1..=3) {
            let length = text.len();
            let at = draw.random_range(0..length.max(1));
            let (known, strange) = (*ALPHABET.choose(draw).unwrap(), *STRANGE.choose(draw).unwrap());
            match draw.random_range(0..11) {
                0 if at < length => text[at] = known,
                1 if at < length => text[at] = strange,
                2 => text.insert(at.min(length), known),
                3 => text.insert(at.min(length), strange),
                4 if at < length => drop(text.remove(at)),
                5 => text.truncate(at),
                6 if at < length => text[at] = swapped(text[at]),
                7 => text.extend_from_slice(&b"=="[..draw.random_range(1..=2)]),
                8 => text = text.iter().map(|byte| other_alphabet(*byte)).collect(),
                9 => text.rotate_left(at.min(length)),
                _ => text.iter_mut().for_each(|byte| *byte = swapped(*byte)),
            }
        }
        String::from_utf8(text).expect("ASCII")
    }

    fn swapped(byte: u8) -> u8 {
        if byte.is_ascii_lowercase() { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() }
    }

    fn other_alphabet(byte: u8) -> u8 {
        match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        }
    }

    #[test]
    fn r13_2_ten_thousand_altered_tokens_and_none_is_taken() {
        let (links, mut draw) = (links(), StdRng::seed_from_u64(13));
        let mut tried = 0;
        while tried < 10_000 {
            // So that some have both characters in which the alphabets differ, each is another's.
            let link = Link { conversation: Id(draw.random()), ..LINK };
            let token = links.token(&link, NOW);
            let altered = mutated(&token, &mut draw);
            if altered != token {
                assert_eq!(links.read(&altered), Err(Forged), "{token} as {altered:?}");
                tried += 1;
            }
        }
    }

    #[test]
    fn r13_2_a_token_has_one_spelling() {
        let links = links();
        let token = links.token(&LINK, NOW);
        for other in [format!("{token}="), format!(" {token}"), format!("{token}\n"), format!("{token}A")] {
            assert_eq!(links.read(&other), Err(Forged), "{other:?}");
        }
        // Where bits are left over, each value of them would be a spelling: none are.
        assert_eq!((CONTENT + MAC) % 3, 0);
    }
}
