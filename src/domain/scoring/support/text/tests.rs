use super::*;
use crate::domain::scoring::support::pack::{List, mark};

const KEY: WordKey = [7; 16];

fn read(text: &str) -> MessageFeatures {
    SupportReader::default().read(text, None, Speaker::Customer, &KEY)
}

fn english(text: &str) -> u32 {
    let message = SupportReader::default().read(text, Some(LanguageCode::ENGLISH), Speaker::Customer, &KEY);
    message.readings.iter().find(|reading| reading.language == LanguageCode::ENGLISH).map_or(0, |found| found.marks)
}

#[test]
fn r4_8_a_message_becomes_flags_marks_and_hashes() {
    let message = read("Thank you, the GARDEN room 12 is perfect!");
    assert_eq!(message.flags, flag::EXCLAMATION | flag::DIGIT);
    assert!(message.content.is_sorted() && !message.content.is_empty());
    assert!(message.content.iter().any(|word| word % 2 == 1), "12 begins with a digit");
    let most = message.readings.iter().max_by_key(|reading| reading.votes).unwrap();
    assert_eq!(most.language, LanguageCode::ENGLISH);
    let reading = most;
    assert!(List::Thanks.is_in(reading.marks) && List::Praise.is_in(reading.marks));
}

#[test]
fn what_is_kept_of_a_message_is_bounded() {
    let long: String = (0..4_000).map(|word| format!("word{word} ja yes oui si tak ")).collect();
    let message = read(&long);
    assert_eq!(message.content.len(), MAX_WORDS);
    assert!(message.readings.len() <= MAX_READINGS);
    let bytes =
        size_of::<MessageFeatures>() + 4 * message.content.len() + size_of::<Reading>() * message.readings.len();
    assert!(bytes <= 1_500, "{bytes}");
}

#[test]
fn negation_wishes_and_names_decide_what_a_good_word_says() {
    let good = List::Praise.bit() | List::Thanks.bit() | List::Solved.bit();
    for text in [
        "That is not great",
        "This was not helpful",
        "Not a great experience",
        "It would be great if somebody answered",
        "I would love a real answer",
        "I am writing for Great Western Ltd",
    ] {
        assert_eq!(english(text) & good, 0, "{text}");
    }
    for text in ["not a problem", "no problem at all", "not bad", "no complaints", "I can't complain"] {
        assert_eq!(english(text) & (List::Complaint.bit() | List::Unsolved.bit() | mark::NEGATED), 0, "{text}");
    }
    assert!(english("That was great, thank you") & good == List::Praise.bit() | List::Thanks.bit());
}

#[test]
fn shouting_and_insisting_are_told() {
    for (text, flags) in [
        ("WHERE IS MY ORDER", flag::CAPITALS),
        ("Please send the PDF", 0),
        ("OK", 0),
        ("hello??", flag::QUESTION | flag::INSISTENT),
        ("?", flag::QUESTION | flag::ONE_QUESTION | flag::INSISTENT),
        ("thanks 👍", flag::GLAD),
        ("no 😡", flag::SAD),
        ("great :)", flag::GLAD),
        ("hm :-(", flag::SAD),
        ("ratio 1:2", flag::DIGIT),
    ] {
        assert_eq!(read(text).flags, flags, "{text}");
    }
}

#[test]
fn r5_7_a_message_that_names_its_language_is_read_in_that_alone() {
    let danish = LanguageCode::new("da").unwrap();
    let message = SupportReader::default().read("tak, det virker", Some(danish), Speaker::Customer, &KEY);
    assert_eq!(message.told, Some(danish));
    assert!(message.readings.iter().all(|reading| reading.language == danish));
    let other = SupportReader::default().read("perfect", LanguageCode::new("fi"), Speaker::Customer, &KEY);
    assert!(other.readings.is_empty());
}

#[test]
fn a_message_of_few_words_is_read_in_every_language_it_may_be_in() {
    let message = read("super");
    assert!(message.readings.len() > 1, "{:?}", message.readings);
    assert!(message.readings.is_sorted_by_key(|reading| reading.language));
}
