//! What people and machines write in a support chat: templates with gaps, twelve words in the
//! mean. Nothing needs escaping in JSON.

use crate::random::Random;

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Opening,
    Detail,
    Complaint,
    Thanks,
    WantsHuman,
    Answer,
    Question,
    Apology,
    Closing,
    ComesBack,
}

const OPENING: [&str; 12] = [
    "Hi, my {item} from order {number} arrived {state}, can you help me with that please?",
    "Hello, I ordered a {item} {when} and it has still not been delivered.",
    "I cannot log in to my account since {when}, it says {error}.",
    "Why was I charged twice for order {number}? I only bought one {item}.",
    "Where is my {item}? The tracking page has not changed since {when}.",
    "I would like to return the {item} I bought {when}, how does that work?",
    "Can you change the delivery address of order {number} to our new office?",
    "Your {app} keeps showing {error} whenever I open the {page} page.",
    "Good morning, could you send me the invoice for order {number} again?",
    "How do I add a colleague to our {plan} plan?",
    "We want to cancel the {plan} plan at the end of the month.",
    "The {item} stopped working {when}. Is it still under warranty?",
];
const DETAIL: [&str; 12] = [
    "The order number is {number}.",
    "I am using {app} on my phone, the newest version I think.",
    "It happened {when}, right after I opened the {page} page and pressed save.",
    "Yes, I already tried that {when} and it still says {error}.",
    "No, the box was fine, but the {item} inside was {state}.",
    "The email address on the account is the one I am writing from.",
    "I paid by card, and the amount on my statement does not match the invoice.",
    "Okay, I did that. What should I do next?",
    "We are on the {plan} plan with about {small} people.",
    "Does that also work for the other {item} in the same order?",
    "I can send you a photo of the {item} if that helps.",
    "Let me check. It says {error} and then nothing happens at all.",
];
const COMPLAINT: [&str; 10] = [
    "This is the {small}th time I am asking, and nobody answers my question.",
    "That is not what I asked. I asked about order {number}, not about the {plan} plan.",
    "I am really disappointed, this has been going on since {when}.",
    "Your answer does not help me at all, the {item} is still {state}.",
    "This is ridiculous. I have explained the same problem {small} times now.",
    "No, that is wrong. Please read what I wrote above.",
    "I have been waiting {small} days and I still have no {item} and no refund.",
    "If this is not solved today I will cancel our {plan} plan.",
    "It is still broken, I get the same error as before.",
    "Terrible service, honestly. The {app} has been unusable for us since {when}.",
];
const THANKS: [&str; 10] = [
    "Great, that worked, thank you so much for your help!",
    "Perfect, thanks. I can see the {item} in my orders again.",
    "Thank you, that was quick. Have a nice day!",
    "Thanks, the refund for order {number} has just arrived.",
    "Okay, that answers my question, thank you.",
    "Wonderful, it works now, and I learned something about the {page} page.",
    "Awesome, thanks a lot for sorting this out so fast.",
    "Alright, I will wait for the new {item} then. Thanks.",
    "That is exactly what I needed, thanks!",
    "Good, thank you, please also pass my thanks on to your colleague.",
];
const WANTS_HUMAN: [&str; 5] = [
    "I want to talk to a real person about order {number}, please.",
    "Can I speak with a human? You do not understand the problem.",
    "Please connect me with someone from your team who can decide about a refund.",
    "Is there anybody I can call about the {item}?",
    "Enough, give me an agent.",
];
const ANSWER: [&str; 12] = [
    "Your {item} left our warehouse {when} and should reach you within {small} working days.",
    "I have started the refund for order {number}; it takes {small} to five days to appear.",
    "You can change that on the {page} page: choose edit, make the change and press save.",
    "Please sign out of the {app}, clear its cache and sign in again.",
    "The {plan} plan includes {small} seats; you can add more at any time on the {page} page.",
    "I have sent the invoice for order {number} to the email address on your account.",
    "A return label for the {item} is on its way to you by email.",
    "The second charge for order {number} was only reserved and will be released within {small} days.",
    "Our team fixed a problem with {error} {when}, so please try once more.",
    "I have updated the delivery address, and the driver will be told automatically.",
    "Yes, the {item} is covered by the warranty, so we will replace it free of charge.",
    "That setting moved to the {page} page with the last release.",
];
const QUESTION: [&str; 8] = [
    "Could you please tell me the number of the order so that I can have a look?",
    "Which version of the {app} do you use, and on which device?",
    "Can you describe what happens when you open the {page} page?",
    "Would you like a replacement for the {item}, or a refund?",
    "Is the email address on the account still the one you use?",
    "Have you already tried to sign in from another browser?",
    "Do you see {error} every time, or only now and then?",
    "May I ask when you placed the order?",
];
const APOLOGY: [&str; 8] = [
    "I am sorry about the trouble with your {item}, let me look into it right away.",
    "I apologise for the delay. Order {number} should have reached you {when}.",
    "Sorry, I misunderstood your question. Let me try again.",
    "I understand that this is frustrating, and I am sorry that it took so long.",
    "Unfortunately I could not find order {number} in our system.",
    "I am sorry, I am not able to change the {plan} plan from here.",
    "Sorry for the inconvenience, the {page} page was not available for a short while {when}.",
    "Unfortunately that option does not exist in the {app} yet.",
];
const CLOSING: [&str; 6] = [
    "You are welcome! Is there anything else I can help you with today?",
    "Glad that it works again. Have a great day!",
    "Happy to help. Feel free to write again whenever something comes up.",
    "I will keep an eye on order {number} for you.",
    "Thank you for your patience, and enjoy your {item}.",
    "You are welcome, and thank you for letting us know.",
];
const COMES_BACK: [&str; 4] = [
    "Hello again, the same problem with the {item} came back {when}.",
    "I thought this was solved, but I still get {error} on the {page} page.",
    "The refund for order {number} never arrived, could you please check again?",
    "Sorry, it worked for a day, and now the {app} is broken again.",
];

const ITEMS: [&str; 14] = [
    "headset",
    "desk lamp",
    "office chair",
    "coffee machine",
    "monitor arm",
    "keyboard",
    "brake disc",
    "water filter",
    "backpack",
    "label printer",
    "router",
    "winter jacket",
    "spare battery",
    "tablet cover",
];
const STATES: [&str; 6] =
    ["broken", "scratched", "in the wrong colour", "without its charger", "half empty", "damaged"];
const WHENS: [&str; 8] =
    ["yesterday", "last week", "on Monday", "two days ago", "this morning", "last Friday", "on the 3rd", "an hour ago"];
const ERRORS: [&str; 6] =
    ["invalid password", "error 502", "something went wrong", "session expired", "no permission", "payment declined"];
const APPS: [&str; 4] = ["app", "website", "dashboard", "customer portal"];
const PAGES: [&str; 6] = ["billing", "orders", "team", "settings", "returns", "reports"];
const PLANS: [&str; 4] = ["starter", "team", "business", "enterprise"];
const SMALL: [&str; 5] = ["two", "three", "four", "six", "seven"];

impl Purpose {
    const fn templates(self) -> &'static [&'static str] {
        match self {
            Self::Opening => &OPENING,
            Self::Detail => &DETAIL,
            Self::Complaint => &COMPLAINT,
            Self::Thanks => &THANKS,
            Self::WantsHuman => &WANTS_HUMAN,
            Self::Answer => &ANSWER,
            Self::Question => &QUESTION,
            Self::Apology => &APOLOGY,
            Self::Closing => &CLOSING,
            Self::ComesBack => &COMES_BACK,
        }
    }
}

/// A message of that purpose.
pub fn message(purpose: Purpose, random: &mut Random) -> String {
    let mut rest = random.pick(purpose.templates());
    let mut text = String::with_capacity(rest.len() + 16);
    while let Some((before, (gap, after))) = rest.split_once('{').and_then(|(b, a)| Some((b, a.split_once('}')?))) {
        text.push_str(before);
        match gap {
            "item" => text.push_str(random.pick(&ITEMS)),
            "state" => text.push_str(random.pick(&STATES)),
            "when" => text.push_str(random.pick(&WHENS)),
            "error" => text.push_str(random.pick(&ERRORS)),
            "app" => text.push_str(random.pick(&APPS)),
            "page" => text.push_str(random.pick(&PAGES)),
            "plan" => text.push_str(random.pick(&PLANS)),
            "small" => text.push_str(random.pick(&SMALL)),
            _ => text.push_str(&random.between(10_000, 99_999).to_string()),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Purpose; 10] = [
        Purpose::Opening,
        Purpose::Detail,
        Purpose::Complaint,
        Purpose::Thanks,
        Purpose::WantsHuman,
        Purpose::Answer,
        Purpose::Question,
        Purpose::Apology,
        Purpose::Closing,
        Purpose::ComesBack,
    ];

    #[test]
    fn every_gap_is_filled_and_nothing_needs_escaping() {
        let mut random = Random::new(3);
        for purpose in ALL {
            for _ in 0..200 {
                let text = message(purpose, &mut random);
                assert!(!text.contains(['{', '}', '"', '\\']) && text.is_ascii(), "{text}");
            }
        }
    }
}
