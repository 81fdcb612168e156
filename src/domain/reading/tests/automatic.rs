//! Automatic messages, and people who speak of them.

use super::super::{Format, read};

fn is_automatic(text: &str) -> bool {
    read(text, Format::Auto).automatic
}

#[test]
fn r5_6_automatic_messages_are_told() {
    for text in [
        "Thank you for your message! I am out of the office until 23 March with limited access to mail. In urgent \
         cases please contact Ben.\n\nBest regards,\nPriya",
        "Automatic reply: Invoice 88",
        "Delivery Status Notification (Failure)\n\nYour message could not be delivered to p.raman@x.example",
        "Thank you for contacting Nordic Parts! We have received your message and will get back to you as soon as \
         possible. Your reference number is NP-4711.",
        "Your message\n\nTo: Mia\nSubject: PDF\n\nwas read on 10 March 2026 09:12.",
        "I am on vacation until 5 May. I will reply when I return.",
        "Autosvar: Jeg holder ferie til og med 4. august",
        "Jeg er desværre ikke på kontoret før mandag.",
        "Tak for din henvendelse. Vi har modtaget din mail og vender tilbage hurtigst muligt.",
        "Ich bin derzeit nicht im Büro. In dringenden Fällen wenden Sie sich an Ben.",
        "Vielen Dank für Ihre Anfrage. Wir melden uns schnellstmöglich bei Ihnen. Ihre Ticketnummer: 4711.",
        "Je suis actuellement absente du bureau.",
        "Merci pour votre message. Nous reviendrons vers vous dans les plus brefs délais.",
        "Respuesta automática: Factura 88",
        "Gracias por contactar con Nordic. Nos pondremos en contacto lo antes posible.",
        "Ik ben momenteel niet op kantoor.",
        "Bedankt voor uw bericht. Wij nemen zo spoedig mogelijk contact met u op.",
        "Encontro-me ausente até 5 de maio.",
        "Obrigado pela sua mensagem. Responderemos o mais breve possível.",
        "Jag är för närvarande inte på kontoret.",
        "Tack för ditt mejl. Vi återkommer så snart vi kan, ditt ärendenummer är 4711.",
        "Jeg er dessverre ikke på kontoret.",
        "Takk for din henvendelse. Vi svarer deg innen to dager.",
        "Sono fuori ufficio fino al 5 maggio.",
        "Grazie per averci contattato. Vi risponderemo il prima possibile.",
        "Olen poissa toimistolta 5.5. asti.",
        "Kiitos yhteydenotostasi. Vastaamme mahdollisimman pian.",
        "Jestem obecnie poza biurem.",
        "Dziękujemy za kontakt. Odpowiemy jak najszybciej.",
    ] {
        assert!(is_automatic(text), "{text}");
        let html = format!("<div>{}</div>", text.replace('\n', "<br>").replace(' ', "&nbsp;"));
        assert!(is_automatic(&html), "{html}");
    }
}

#[test]
fn r5_6_people_who_speak_of_them_are_none() {
    for text in [
        "does your bot answer out of office hours?",
        "Out of office hours nobody answers here",
        "I'm on holiday until Monday, can you hold my parcel?",
        "I am on vacation and I have no access to my account",
        "Thank you for your message. I need it as soon as possible, my wife waits",
        "Thanks for contacting me! My number is 4711",
        "Why do I get an automatic reply each time?",
        "Is this an automated answer? I want a human",
        "This is an automated answer again, I want a human",
        "Thank you for your help, it works",
        "",
    ] {
        assert!(!is_automatic(text), "{text}");
    }
}

#[test]
fn r5_6_what_is_long_somebody_wrote() {
    let text = format!("Automatic reply: {}", "so it is. ".repeat(130));
    assert!(!is_automatic(&text));
}
