//! The demo's conversations, written for it.

/// A customer company. Its id is made of its place in [`ACCOUNTS`].
pub const ACCOUNTS: [&str; 6] = [
    "Harbour Coffee Roasters",
    "Lindqvist Travel",
    "Bluefin Logistics",
    "Maple Street Dental",
    "Quickstep Shoes",
    "Nordic Parts ApS",
];

/// The account that goes bad.
pub const NORDIC_PARTS: usize = 5;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Customer,
    Ai,
    Human,
}

/// What happens in a conversation, in order.
#[derive(Clone, Copy, Debug)]
pub enum DialogueStep {
    Says(Who, &'static str),
    /// The AI hands over or fails a check: an attention item of that type.
    Attention(&'static str),
    /// A survey's rating.
    Rates(u8),
}

/// One conversation.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    pub account: usize,
    pub intent: &'static str,
    pub channel: &'static str,
    pub steps: &'static [DialogueStep],
    /// `ai_resolved`, `human_resolved` or `abandoned`.
    pub resolution: &'static str,
}

use DialogueStep::{Attention, Rates, Says};
use Who::{Ai, Customer, Human};

/// Ordinary days: most end well, one or two so-so. One customer writes Danish, one mails with the thread below.
pub const ORDINARY: [Script; 12] = [
    Script {
        account: 0,
        intent: "order_change",
        channel: "chat",
        steps: &[
            Says(Customer, "Hi! Could you swap the two bags of Kenya in order 5512 for the Guatemala?"),
            Says(
                Ai,
                "Of course. I have changed order 5512: two bags of Guatemala instead of Kenya, same price. It ships tomorrow morning.",
            ),
            Says(Customer, "Perfect, that was quick. Thank you!"),
            Says(Ai, "You are welcome. Enjoy the coffee."),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 0,
        intent: "invoice",
        channel: "email",
        steps: &[
            Says(Customer, "Our accountant needs the March invoice with the VAT number on it."),
            Says(
                Ai,
                "I have added the VAT number from your account and sent the invoice again, to accounts@harbourcoffee.example.",
            ),
            Says(Customer, "Got it, thanks a lot. Great service!"),
            Rates(5),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 1,
        intent: "booking_change",
        channel: "chat",
        steps: &[
            Says(Customer, "A client wants to move the Lisbon trip from 4 May to 11 May. Is the hotel still free?"),
            Says(Ai, "Yes, the Hotel Miradouro has the same room type from 11 to 15 May, for 20 euros more in total."),
            Says(Customer, "Sounds good, please book it."),
            Says(Ai, "Done. The new confirmation number is LM-20931, and the old booking is cancelled free of charge."),
            Says(Customer, "Wonderful, thank you so much!"),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 1,
        intent: "refund",
        channel: "email",
        steps: &[
            Says(Customer, "When will the refund for the cancelled airport transfer arrive?"),
            Says(Ai, "It was sent on Monday. Banks take three to five working days, so you should see it by Friday."),
            Says(Customer, "All right, thanks for checking."),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 2,
        intent: "tracking",
        channel: "chat",
        steps: &[
            Says(Customer, "Container BFLU 4471 shows no movement since Sunday. What is going on?"),
            Says(
                Ai,
                "It waits at the terminal in Rotterdam for a customs check. The slot is today at 16:00, and it leaves by truck tonight.",
            ),
            Says(Customer, "Okay. Can you send me a message when it has left?"),
            Says(
                Ai,
                "I have switched on a notification for it. You will get a text message as soon as it leaves the gate.",
            ),
            Says(Customer, "Excellent, that helps!"),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 2,
        intent: "documents",
        channel: "email",
        steps: &[
            Says(Customer, "We still miss the bill of lading for last week's shipment."),
            Says(
                Ai,
                "I could not find it in the archive at first; the carrier filed it under the old booking. It is attached now.",
            ),
            Says(
                Customer,
                "Thanks, that is the one.\n\nBest regards\nIda Holm\nBluefin Logistics\n\n\
                 On Mon, 4 May 2026 at 09:12, Support <support@example.com> wrote:\n\n\
                 > I could not find it in the archive at first; the carrier filed it\n\
                 > under the old booking. It is attached now.",
            ),
            Rates(4),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 3,
        intent: "appointment",
        channel: "chat",
        steps: &[
            Says(Customer, "The reminder texts to our patients went out twice this morning."),
            Says(
                Ai,
                "I see it: two reminder rules overlap for cleaning appointments. Shall I switch the older rule off?",
            ),
            Says(Customer, "Yes please."),
            Says(Ai, "The older rule is off. From tomorrow every patient gets one reminder, 24 hours ahead."),
            Says(Customer, "Brilliant, thank you! Really helpful."),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 3,
        intent: "access",
        channel: "chat",
        steps: &[
            Says(Customer, "Our new hygienist cannot log in. She gets an error about her role."),
            Says(
                Ai,
                "Her role is set to visitor, which has no calendar. Only an owner may change roles. Shall I ask the practice owner?",
            ),
            Says(Customer, "I am the owner."),
            Attention("human_requested"),
            Says(
                Human,
                "Hello, Jo here. I have confirmed it with you by phone just now and set her role to clinician.",
            ),
            Says(Customer, "It works now, thanks Jo!"),
        ],
        resolution: "human_resolved",
    },
    Script {
        account: 4,
        intent: "return",
        channel: "chat",
        steps: &[
            Says(Customer, "Hej, løbeskoene er et halvt nummer for små. Hvordan bytter jeg dem?"),
            Says(
                Ai,
                "Det var ærgerligt. Jeg har lagt et par i 43 til side; returlabelen ligger i din mail, og vi sender, så snart pakken er scannet.",
            ),
            Says(Customer, "Det er virkelig fint, tusind tak for hjælpen!"),
            Rates(5),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 4,
        intent: "stock",
        channel: "email",
        steps: &[
            Says(Customer, "Do you get the Trail 3 in green again?"),
            Says(
                Ai,
                "Not this season, I am afraid. The Trail 4 comes in green in two weeks. Shall I put you on the list?",
            ),
            Says(Customer, "Pity, but sounds good, put me on the list. Thanks."),
            Says(Ai, "You are on the list for the Trail 4 in green, size 41."),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 5,
        intent: "availability",
        channel: "chat",
        steps: &[
            Says(Customer, "Do you have 40 pieces of the M8 flange bearing in stock?"),
            Says(
                Ai,
                "Yes, 112 pieces are in the Aarhus warehouse. I can reserve 40 for order NP-7003; they would arrive on Thursday.",
            ),
            Says(Customer, "Great, please do. Thanks!"),
            Says(Ai, "Reserved: 40 pieces for NP-7003, arriving on Thursday."),
        ],
        resolution: "ai_resolved",
    },
    Script {
        account: 5,
        intent: "delivery",
        channel: "email",
        steps: &[
            Says(Customer, "Can the next pallet go to our second site in Odense?"),
            Says(Ai, "It can. I have set Odense as the delivery address for the pallet of 18 May only."),
            Says(Customer, "Perfect, thank you."),
            Rates(5),
        ],
        resolution: "ai_resolved",
    },
];

/// Conversations of Nordic Parts today: the AI does not understand, and says so again and again.
pub const GOING_BAD: [Script; 4] = [
    Script {
        account: NORDIC_PARTS,
        intent: "wrong_item",
        channel: "chat",
        steps: &[
            Says(
                Customer,
                "You sent brake pads for the wrong axle, order NP-7011. We need the rear ones today, a truck is standing.",
            ),
            Says(Ai, "I am sorry, I could not find an order NP-7011. Can you give me the order number?"),
            Says(Customer, "No, that is wrong. NP-7011, as I said. Rear axle, not front."),
            Says(Ai, "I am sorry, I could not find that order. Can you give me the order number?"),
            Says(Customer, "I just told you twice! This is useless, a truck is standing still here."),
            Says(Ai, "I am sorry, I am unable to help with that. Can you give me the order number?"),
            Says(Customer, "Terrible. Forget it."),
        ],
        resolution: "abandoned",
    },
    Script {
        account: NORDIC_PARTS,
        intent: "wrong_item",
        channel: "chat",
        steps: &[
            Says(Customer, "Second try: rear brake pads instead of front ones, NP-7011. Who can fix this?"),
            Says(
                Ai,
                "Unfortunately I cannot change an order that has been delivered. Would you like to place a new order?",
            ),
            Says(Customer, "No. You sent the wrong part, so you send the right one. Why should we pay twice?"),
            Attention("validation_failed"),
            Says(
                Ai,
                "Unfortunately I cannot change an order that has been delivered. Would you like to place a new order?",
            ),
            Says(Customer, "Are you reading this at all? I want to speak to a person."),
            Attention("human_requested"),
            Says(Ai, "I am sorry, no colleague is available at the moment. Would you like to place a new order?"),
            Says(Customer, "This is ridiculous and a waste of my time."),
        ],
        resolution: "abandoned",
    },
    Script {
        account: NORDIC_PARTS,
        intent: "complaint",
        channel: "email",
        steps: &[
            Says(
                Customer,
                "Nobody called back about NP-7011. The truck is still off the road and it is costing us money. When do we get the rear pads?",
            ),
            Says(Ai, "I am sorry, I did not understand your request. Could you rephrase it?"),
            Says(Customer, "When do we get the rear brake pads for NP-7011?"),
            Says(Ai, "I am sorry, I did not understand your request. Could you rephrase it?"),
            Says(Customer, "Unacceptable. We are very disappointed, and we are looking for another supplier."),
            Rates(1),
        ],
        resolution: "abandoned",
    },
    Script {
        account: NORDIC_PARTS,
        intent: "cancellation",
        channel: "chat",
        steps: &[
            Says(Customer, "Please cancel our contract. We are fed up with this."),
            Says(Ai, "I am sorry, I was not able to find a contract. Can you give me the order number?"),
            Says(Customer, "There is no order number, I want to cancel. This is awful."),
            Attention("escalation"),
            Says(Ai, "I am sorry, I was not able to find that. Can you give me the order number?"),
            Says(Customer, "The worst support I have ever seen."),
            Rates(1),
        ],
        resolution: "abandoned",
    },
];

/// Conversations that people answer while the AI is paused.
pub const BY_A_PERSON: [Script; 2] = [
    Script {
        account: NORDIC_PARTS,
        intent: "wrong_item",
        channel: "chat",
        steps: &[
            Says(Customer, "Hello? Is anybody there about the brake pads, NP-7011?"),
            Says(
                Human,
                "Hello, this is Mette. I have read the whole story, and I am sorry. A courier leaves Aarhus with the rear pads in twenty minutes.",
            ),
            Says(Customer, "Finally a person. When will they be here?"),
            Says(Human, "At 15:30, and the wrong ones go back with the same driver at our cost."),
            Says(Customer, "Thank you Mette, that is very helpful."),
        ],
        resolution: "human_resolved",
    },
    Script {
        account: NORDIC_PARTS,
        intent: "credit",
        channel: "email",
        steps: &[
            Says(Customer, "Will there be something for the day we lost?"),
            Says(
                Human,
                "Yes: I have credited the delivery and 10 percent of the order, and written our wrong article number into your account so that it cannot happen again.",
            ),
            Says(Customer, "That is fair. Thanks for taking care of it!"),
            Rates(5),
        ],
        resolution: "human_resolved",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_ordinary_days_and_only_nordic_parts_goes_bad() {
        for (account, name) in ACCOUNTS.iter().enumerate() {
            assert_eq!(ORDINARY.iter().filter(|script| script.account == account).count(), 2, "{name}");
        }
        assert!(GOING_BAD.iter().chain(&BY_A_PERSON).all(|script| script.account == NORDIC_PARTS));
        assert!(GOING_BAD.len() >= 3, "a breaker needs three");
    }

    #[test]
    fn while_paused_the_ai_says_nothing() {
        let says = |script: &Script| script.steps.iter().any(|step| matches!(step, Says(Ai, _)));
        assert!(!BY_A_PERSON.iter().any(says));
    }
}
