//! What looks like markup, a thread or a signature, and is what somebody says.

use super::{assert_sound, auto};

#[test]
fn r5_6_what_people_say_stays() {
    for text in [
        "From: my point of view this is wrong\nTo: be honest, I expected more",
        "Hello\nFrom: Berlin\nTo: Paris\nDate: 12 May\nThat is the trip I booked",
        "On Monday you wrote: it is done. It is not",
        "On 5 March your colleague wrote:\nthe refund is on its way. Where is it?",
        "My best, Tom, is never enough",
        "It was late\nBest, would be a refund, I think",
        "It is late -- and wrong",
        "Hello\n\nmy confidential data was leaked, unsubscribe me!",
        "Hello again.\nI am not the intended recipient, you sent me the mail of somebody else",
        "Hi, it is about the contract.\nThe disclaimer and the liability in it are new to us all",
        "The list:\n- one\n- two",
        "I waited > 5 days",
        "I <3 it, a < b > c :) <- that one",
        ">:(",
        "Sent from my bank on Monday, and still not with you",
        "Sent with DHL, they say, but the phone is not here",
        "Scanned by the courier on Monday",
        "I cannot write anything below the line",
        "Please answer the question below, my line is still dead",
        "Ihr seid ein tolles Team!\nDas war alles",
        "does your bot answer out of office hours?",
        "My address is:\nJonas Falk\nNordic Parts ApS\nTel. 12 34 56 78",
        "Thanks!",
        "Thank you so much for your help,\nit works",
        "Thanks\nstill waiting for the parcel",
        "Kind regards to your colleague, she solved it",
        "Where is it? Thanks, Aurelio",
        "Is AT&T a=b supported?",
        "Yours sincerely is how I ended my last mail, and nobody answered",
    ] {
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(auto(text), one_line);
        assert_sound(text);
    }
}

#[test]
fn r5_6_thanks_that_are_all_stay() {
    for (text, read) in [
        ("Thanks,\nPriya", "Thanks, Priya"),
        ("Hi Mia,\n\nThanks,\nPriya", "Hi Mia, Thanks, Priya"),
        ("Thanks", "Thanks"),
        ("It works now.\n\nThanks!\nPriya", "It works now. Thanks! Priya"),
        ("It works now.\n\nThank you", "It works now. Thank you"),
        ("Kind regards", "Kind regards"),
        (
            "First part\n---\nSecond part, which is long\nand has more lines",
            "First part Second part, which is long and has more lines",
        ),
    ] {
        assert_eq!(auto(text), read);
    }
}

#[test]
fn r5_6_of_a_message_of_quotes_nothing_is_left() {
    for text in [
        "> old\n> older",
        "On Tue, 10 Mar 2026 at 09:12, Mia <mia@x.example> wrote:\n> old",
        "Sent from my iPhone",
        "##- Please type your reply above this line -##",
        "\u{200b}\u{feff}",
        "<p>&nbsp;</p><blockquote>old</blockquote>",
        "https://x.example/?a=b",
    ] {
        assert_eq!(auto(text), "");
    }
}

/// A helpdesk's address to which customers' mails are forwarded gets such.
#[test]
fn r5_6_a_forwarded_mail_with_nothing_above_is_read() {
    let forwarded = "-----Original Message-----\nFrom: Jo <jo@x.example>\nSent: Monday\nSubject: Late\n\nIt is late.";
    assert_eq!(auto(forwarded), "It is late.");
}

#[test]
fn r5_6_a_postscript_stays() {
    let mail =
        "It is late.\n\nKind regards\nPriya\nNordic Parts ApS\n\nPS: I want my money\nback.\n\n-- \nNordic Parts";
    assert_eq!(auto(mail), "It is late. PS: I want my money back.");
}
