//! Ten thousand mails, cut and stirred with a seed: each is read, and soundly.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::assert_sound;

/// Pieces of mails, of encodings and of markup.
const PIECES: &[&str] = &[
    "Hello Mia,\n\n",
    "It still does not work. ",
    "Where is my order 4711?\n",
    "Thanks,\nPriya\n",
    "Kind regards\nPriya Raman | Head of Purchasing\n",
    "Mit freundlichen Grüßen\nJörg\n",
    "Mvh Lone\n",
    "On Tue, 10 Mar 2026 at 09:12, Mia <mia@x.example> wrote:\n",
    "Le 10/03/2026 à 09:12, Mia a écrit :\n",
    "> quoted line\n",
    ">> twice\n",
    "-----Original Message-----\n",
    "From: Mia <mia@x.example>\nSent: Monday\nTo: Jo\nSubject: RE: x\n\n",
    "Sent from my iPhone\n",
    "##- Please type your reply above this line -##\n",
    "This e-mail is confidential. If you have received it in error, delete it.\n",
    "I am out of the office until Monday.\n",
    "--\n",
    "PS: one more\n",
    "<div>",
    "</div>",
    "<blockquote>",
    "</blockquote>",
    "<p class=\"gmail_quote\">",
    "<a href=\"https://x.example?a=1&amp;b=2\">link</a>",
    "<style>p{}",
    "</style>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<br>",
    "<b",
    "<",
    ">",
    "&lt;b&gt;",
    "&amp;amp;lt;br&amp;gt;",
    "&nbsp;",
    "&#61;E2=80=99",
    "&nGt;",
    "=E2=80=99",
    "=3D",
    "=20\n",
    "=\n",
    "=C3",
    "\u{200b}",
    "\u{ad}",
    "\u{feff}",
    "\u{fe0f}",
    "\u{301}",
    "’",
    "´",
    "½",
    "\u{fdfa}",
    "＜ｂ＞",
    "👍🏽",
    "https://x.example/?q=[a]",
    "[image: x",
    "]",
    "www.x.example",
    "\r\n",
    "\n\n",
    "\t",
    " ",
    "| cell |",
];

fn mail(dice: &mut StdRng) -> String {
    let pieces = 1 + dice.random_range(0..24);
    let mut mail: String = (0..pieces).map(|_| PIECES[dice.random_range(0..PIECES.len())]).collect();
    for _ in 0..dice.random_range(0..4) {
        let place = mail.floor_char_boundary(dice.random_range(0..=mail.len()));
        match dice.random_range(0..4) {
            0 => mail.truncate(place),
            1 => drop(mail.drain(..place)),
            2 => mail.insert_str(place, PIECES[dice.random_range(0..PIECES.len())]),
            _ => {
                let part = mail[place..].to_owned();
                mail.push_str(&part);
            }
        }
    }
    mail
}

#[test]
fn ten_thousand_stirred_mails_are_read_soundly() {
    let mut dice = StdRng::seed_from_u64(20_260_310);
    for _ in 0..10_000 {
        assert_sound(&mail(&mut dice));
    }
}
