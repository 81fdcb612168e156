use super::*;
use crate::domain::scoring::evidence::Speaker;
use crate::domain::scoring::support::text::SupportReader;

const KEY: [u8; 16] = [7; 16];

fn code(text: &str) -> LanguageCode {
    LanguageCode::new(text).unwrap()
}

fn read(texts: &[&str]) -> Vec<MessageFeatures> {
    let reader = SupportReader::default();
    texts.iter().map(|text| reader.read(text, None, Speaker::Customer, &KEY)).collect()
}

fn chosen(customer: &[&str], agent: &[&str], default: &str) -> Choice {
    let (customer, agent) = (read(customer), read(agent));
    choose(customer.iter(), agent.iter(), code(default))
}

fn language(customer: &[&str]) -> Option<String> {
    match chosen(customer, &[], "en") {
        Choice::Language(language) => Some(language.as_str().to_owned()),
        Choice::Unknown => None,
    }
}

#[test]
fn r5_7_the_language_is_that_of_all_the_customers_messages_together() {
    for (texts, expected) in [
        (&["Hi, where is my parcel?", "ok"][..], "en"),
        (&["Hej", "jeg har ikke fået min pakke endnu"], "da"),
        (&["Guten Tag, wo ist mein Paket?", "ok danke"], "de"),
        (&["Bonjour, je n'ai toujours pas reçu mon colis", "ok merci"], "fr"),
        (&["Hola, todavía no me ha llegado el paquete", "vale"], "es"),
        (&["Hallo, ik heb mijn pakket nog niet ontvangen", "ok"], "nl"),
        (&["Olá, ainda não recebi a minha encomenda", "ok"], "pt"),
    ] {
        assert_eq!(language(texts).as_deref(), Some(expected), "{texts:?}");
        let mut turned: Vec<&str> = texts.to_vec();
        turned.reverse();
        assert_eq!(language(&turned).as_deref(), Some(expected), "in any order: {texts:?}");
    }
}

#[test]
fn r5_7_a_language_without_a_pack_is_not_taken_for_one_of_ours() {
    for text in [
        "Hej, jag har inte fått mitt paket än och jag undrar när det kommer",
        "Hei, jeg har ikke fått pakken min ennå og lurer på når den kommer fram til meg",
        "Buongiorno, non ho ancora ricevuto il mio pacco e vorrei sapere quando arriva",
        "Dzień dobry, nie dostałem jeszcze mojej paczki i chciałbym wiedzieć, kiedy przyjdzie",
        "Hei, en ole vielä saanut pakettiani ja haluaisin tietää milloin se tulee minulle",
        "Merhaba, paketim hâlâ gelmedi ve ne zaman geleceğini bilmek istiyorum, lütfen bana yazın",
    ] {
        let ours = ["en", "da", "de", "fr", "es", "nl", "pt"];
        assert!(
            !language(&[text]).is_some_and(|told| ours.contains(&told.as_str())),
            "{text}: {:?}",
            language(&[text])
        );
    }
}

#[test]
fn r5_7_a_script_excludes_the_languages_that_are_not_written_in_it() {
    for text in ["Здравствуйте", "你好", "مرحبا", "Καλημέρα", "שלום", "สวัสดี", "नमस्ते", "ありがとう", "감사합니다"]
    {
        assert_eq!(chosen(&[text], &[], "en"), Choice::Unknown, "{text}");
    }
    assert_eq!(chosen(&["да"], &[], "ru"), Choice::Language(code("ru")), "the default is written so");
    assert_eq!(chosen(&["ok"], &[], "ru"), Choice::Unknown);
}

#[test]
fn r5_7_what_speaks_for_nothing_is_read_in_the_default_language() {
    assert_eq!(chosen(&["4432"], &[], "da"), Choice::Language(code("da")));
    assert_eq!(chosen(&["4432", "ok"], &["Tak, jeg har fundet din ordre."], "en"), Choice::Language(code("da")));
    assert_eq!(chosen(&[], &[], "en"), Choice::Language(code("en")));
}
