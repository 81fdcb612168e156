//! The same words with and without what mail programs add read the same.

use super::super::{Format, read};
use super::{assert_sound, auto};

const NEW: &str = "It still stops at page 3.\nI have lost two days with this.";
const READ: &str = "It still stops at page 3. I have lost two days with this.";
const OLD: &str = "Thank you so much for reaching out! We love to help.\n\nEverything should be perfect now.\n\nMia";

fn marked(text: &str) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}

/// Headers of quoted threads, as each program and language writes them.
const ATTRIBUTIONS: &[&str] = &[
    "On Tue, 10 Mar 2026 at 09:12, Mia <mia@shop.example> wrote:",
    "On Tue, Mar 10, 2026 at 9:12 AM Mia from Example <mia@shop.example>\nwrote:",
    "On 10 Mar 2026, at 09:12, Mia wrote:",
    "On Tuesday, 10 March 2026 at 09:12:44 GMT, Mia\n<mia@shop.example> wrote:",
    "2026-03-10 9:12 GMT+01:00 Mia <mia@shop.example>:",
    "Den tirs. 10. mar. 2026 kl. 09.12 skrev Mia <mia@shop.example>:",
    "Den 10/03/2026 kl. 09.12 skrev Mia:",
    "Am Di., 10. März 2026 um 09:12 Uhr schrieb Mia <mia@shop.example>:",
    "Am 10.03.2026 um 09:12 schrieb Mia:",
    "Mia <mia@shop.example> schrieb am Di., 10. März 2026, 09:12:",
    "Le mar. 10 mars 2026 à 09:12, Mia <mia@shop.example> a écrit :",
    "Le 10/03/2026 à 09:12, Mia a\nécrit :",
    "El mar, 10 mar 2026 a las 9:12, Mia (<mia@shop.example>) escribió:",
    "Op di 10 mrt 2026 om 09:12 schreef Mia <mia@shop.example>:",
    "Em ter., 10 de mar. de 2026 às 09:12, Mia <mia@shop.example> escreveu:",
    "Den tis 10 mars 2026 kl 09:12 skrev Mia <mia@shop.example>:",
    "tir. 10. mar. 2026 kl. 09:12 skrev Mia <mia@shop.example>:",
    "Il giorno mar 10 mar 2026 alle ore 09:12 Mia <mia@shop.example> ha scritto:",
    "ti 10. maalisk. 2026 klo 9.12 Mia (mia@shop.example) kirjoitti:",
    "wt., 10 mar 2026 o 09:12 Mia <mia@shop.example> napisał(a):",
    "W dniu 10.03.2026 o 09:12, Mia pisze:",
];

const ORIGINALS: &[&str] = &[
    "________________________________\nFrom: Mia <mia@shop.example>\nSent: Tuesday, March 10, 2026 9:12 AM\nTo: Jonas\nSubject: RE: PDF",
    "-----Original Message-----\nFrom: Mia\nSent: 10 March 2026 09:12\nSubject: RE: PDF",
    "*From:* Mia\n*Sent:* 10 March 2026 09:12\n*To:* Jonas\n*Subject:* RE: PDF",
    "---------- Forwarded message ---------\nFrom: Mia <mia@shop.example>\nDate: Tue, 10 Mar 2026",
    "Begin forwarded message:\n\nFrom: Mia <mia@shop.example>\nSubject: PDF",
    "Fra: Mia <mia@shop.example>\nSendt: 10. marts 2026 09:12\nTil: Jonas\nEmne: SV: PDF",
    "-----Oprindelig meddelelse-----\nFra: Mia",
    "Von: Mia\nGesendet: Dienstag, 10. März 2026 09:12\nAn: Jonas\nBetreff: AW: PDF",
    "-------- Weitergeleitete Nachricht --------\nBetreff: PDF",
    "De : Mia\nEnvoyé : mardi 10 mars 2026 09:12\nÀ : Jonas\nObjet : RE: PDF",
    "-------- Message d’origine --------\nDe : Mia",
    "De: Mia\nEnviado el: martes, 10 de marzo de 2026 9:12\nPara: Jonas\nAsunto: RE: PDF",
    "Van: Mia\nVerzonden: dinsdag 10 maart 2026 09:12\nAan: Jonas\nOnderwerp: RE: PDF",
    "De: Mia\nEnviada: 10 de março de 2026 09:12\nPara: Jonas\nAssunto: RE: PDF",
    "Från: Mia\nSkickat: den 10 mars 2026 09:12\nTill: Jonas\nÄmne: SV: PDF",
    "Fra: Mia\nSendt: tirsdag 10. mars 2026 09:12\nTil: Jonas\nEmne: SV: PDF",
    "Da: Mia\nInviato: martedì 10 marzo 2026 09:12\nA: Jonas\nOggetto: R: PDF",
    "Lähettäjä: Mia\nLähetetty: tiistai 10. maaliskuuta 2026 9.12\nVastaanottaja: Jonas\nAihe: VS: PDF",
    "Od: Mia\nWysłano: wtorek, 10 marca 2026 09:12\nDo: Jonas\nTemat: ODP: PDF",
    "##- Please type your reply above this line -##",
    "--- Skriv dit svar over denne linje ---",
    "## Bitte antworten Sie oberhalb dieser Linie ##",
];

const ENDINGS: &[&str] = &[
    "Kind regards,\nPriya Raman",
    "Many thanks in advance and kind regards\nPriya",
    "Thanks,\nPriya",
    "Cheers\nTom Love\nGreat Western Trading",
    "Best, Tom",
    "Med venlig hilsen\nLone Abildskov\nIndkøbschef",
    "Mvh Lone",
    "Mit freundlichen Grüßen\n\ni. A. Sabine Körner\nTechnischer Einkauf",
    "LG Anna",
    "Cordialement,\nYann",
    "Bien à vous",
    "Un saludo,\nÍñigo",
    "Met vriendelijke groet,\nJan de Vries",
    "Com os melhores cumprimentos,\nFilipa",
    "Vänliga hälsningar\nLinnea",
    "Med vennlig hilsen\nRagnhild",
    "Cordiali saluti\nPaola Ferri",
    "Ystävällisin terveisin\nMatti Virtanen",
    "Z poważaniem\nAnna Nowak",
    "--\nPriya Raman\n+45 12 34 56 78",
    "Priya Raman | Head of Purchasing\nNordic Parts ApS",
    "Priya Raman\nNordic Parts ApS\nTel. +45 12 34 56 78",
    "Sent from my iPhone",
    "Get Outlook for iOS<https://aka.example/o0ukef>",
    "Sendt fra min Galaxy",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "Enviado desde mi Samsung Galaxy",
    "Verstuurd vanaf mijn iPhone",
    "Enviado do meu iPhone",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Inviato da iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone’a",
    "Virus-free. www.avast.example",
    "This message may contain privileged information. If you received it in error, destroy it immediately; any \
     unauthorised use is strictly forbidden. We reject all liability for damage caused by viruses.",
    "This e-mail is confidential and intended solely\nfor the addressee. If you have received it in\nerror, delete it.",
    "Denne e-mail er fortrolig. Hvis du ikke er rette modtager, bedes du slette den.",
    "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, vernichten Sie sie.",
    "Ce message est confidentiel. Si vous n’êtes pas le destinataire, merci de le détruire.",
    "Este mensaje es confidencial y está dirigido exclusivamente a su destinatario.",
    "Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.",
    "Esta mensagem é confidencial e destina-se exclusivamente ao seu destinatário.",
    "Detta meddelande är konfidentiellt. Om du av misstag har fått det, radera det.",
    "Denne e-posten er konfidensiell. Har du ved en feil mottatt den, slett den.",
    "Il presente messaggio è riservato ed è destinato esclusivamente al destinatario.",
    "Tämä viesti on luottamuksellinen. Jos olet saanut sen erehdyksessä, poista se.",
    "Ta wiadomość jest poufna. Jeżeli otrzymali ją Państwo omyłkowo, prosimy ją usunąć.",
];

#[test]
fn r5_6_threads_go_whoever_quoted_them() {
    for attribution in ATTRIBUTIONS {
        for mail in [format!("{NEW}\n\n{attribution}\n\n{}", marked(OLD)), format!("{NEW}\n\n{attribution}\n{OLD}")] {
            assert_eq!(auto(&mail), READ, "{attribution}");
            assert_eq!(auto(&mail.replace('\n', "\r\n")), READ, "{attribution}");
        }
    }
    for original in ORIGINALS {
        assert_eq!(auto(&format!("{NEW}\n\n{original}\n\n{OLD}")), READ, "{original}");
    }
}

#[test]
fn r5_6_answers_between_quoted_lines_stay() {
    for attribution in ATTRIBUTIONS {
        let mail = format!("Hi,\n\n{attribution}\n> Does it start?\nNo.\n>> Since when?\n\nSince Monday.\n> Fine.\n");
        assert_eq!(auto(&mail), "Hi, No. Since Monday.", "{attribution}");
    }
    let apple = "<div>Yes.</div><div>On 10 Mar 2026, at 09:12, Mia wrote:</div><blockquote type=\"cite\">Old?\
                 <blockquote>Older</blockquote></blockquote><div>And no.</div>";
    assert_eq!(auto(apple), "Yes. And no.");
}

#[test]
fn r5_6_endings_go() {
    for ending in ENDINGS {
        assert_eq!(auto(&format!("{NEW}\n\n{ending}")), READ, "{ending}");
        let all = format!("{NEW}\n\n{ending}\n\n{}\n{}", ATTRIBUTIONS[0], marked(OLD));
        assert_eq!(auto(&all), READ, "{ending} and a thread");
    }
}

/// Every text of this file, hidden in characters that nobody sees and in HTML.
#[test]
fn r5_6_forms_of_characters_and_markup_hide_nothing() {
    let blocks = ATTRIBUTIONS.iter().chain(ORIGINALS).chain(ENDINGS);
    for block in blocks {
        let mail = format!("{NEW}\n\n{block}");
        assert_sound(&mail);
        let hidden = mail.replace('e', "e\u{200b}").replace(' ', "\u{a0}");
        assert_eq!(auto(&hidden), READ, "{block}, invisibly");
        let escaped = mail.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let lines = escaped.replace("\n\n", "\n<br>\n").replace('\n', "</div>\n<div>");
        let html = format!("<html><body><div>{lines}</div></body></html>");
        assert_eq!(auto(&html), READ, "{block}, as HTML");
        assert_eq!(read(&html, Format::Html).text, READ, "{block}, told to be HTML");
    }
}

#[test]
fn r5_6_html_becomes_its_visible_text() {
    for (html, seen) in [
        (
            "<p style=\"margin:0!important\">It doesn&#39;t work,<br>at all.</p><p>&nbsp;</p>",
            "It doesn't work, at all.",
        ),
        ("<html><head><title>x</title><style>p{a:b!c}</style></head><body><script>if(a<b){}</script>No</body>", "No"),
        ("<p>See <a href=\"https://x.example/?a=1\">the page</a></p>", "See the page"),
        ("<p>No<img src=\"x.gif\" alt=\"Great!\"></p><!-- <p>Great</p> -->", "No"),
        ("<table><tr><td>Order</td><td>4711</td></tr></table>", "Order 4711"),
        (
            "<DIV>No</DIV><div class=\"gmail_quote\"><div>On x wrote:</div><div>Great</div></div><div>Yes</div>",
            "No Yes",
        ),
        ("<div>No</div><div id=\"divRplyFwdMsg\"><b>From:</b> Mia</div><div>Great</div>", "No"),
        ("<div>No</div><div class=\"gmail_signature\">Great Western</div>", "No"),
        ("&lt;p&gt;It&amp;#39;s late&lt;/p&gt;", "It's late"),
        ("<p>one\ntwo</p><pre>a\n> old\nb</pre>", "one two a b"),
    ] {
        assert_eq!(auto(html), seen);
        assert_sound(html);
    }
    assert_eq!(read("a <b>b</b>", Format::Text).text, "a <b>b</b>", "as told");
}

#[test]
fn r5_6_leftovers_of_transport_and_links_are_no_words() {
    assert_eq!(auto("It doesn=E2=80=99t wo=\nrk=20\nat all"), "It doesn't work at all");
    assert_eq!(auto("See [the page](https://x.example/a?b=c) now"), "See [the page]( now");
    assert_eq!(auto("[cid:image001.png@01DB.A] Order https://x.example/?id=1 is late"), "Order is late");
}
