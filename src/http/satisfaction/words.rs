//! What the pages say, in each language.

use super::language::Language;

/// A heading and what stands under it.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    pub title: &'static str,
    pub text: &'static str,
}

/// Everything that is said in one language.
#[derive(Debug)]
pub struct Words {
    /// The question, which is the heading of the form.
    pub question: &'static str,
    /// The answers, from 1 to 5.
    pub choices: [&'static str; 5],
    pub comment: &'static str,
    pub comment_hint: &'static str,
    pub send: &'static str,
    /// Before a time.
    pub changeable_until: &'static str,
    pub thanks: Notice,
    pub your_answer: &'static str,
    pub your_comment: &'static str,
    pub change: &'static str,
    /// No answer was chosen.
    pub choose: &'static str,
    pub too_long: &'static str,
    /// Forged, or of what is not there any more.
    pub unknown: Notice,
    pub expired: Notice,
    /// The conversation has ended again since.
    pub superseded: Notice,
    pub used: Notice,
    /// What was sent is no answer of the form.
    pub unreadable: Notice,
    /// The server cannot do it now.
    pub later: Notice,
    /// The link to the page where mail is stopped.
    pub stop_mail: &'static str,
    pub stop: Notice,
    pub stop_yes: &'static str,
    pub stopped: Notice,
    /// There is no address that mail could go to.
    pub no_address: Notice,
    /// Of the list of languages.
    pub language: &'static str,
}

impl Words {
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &EN,
            Language::Da => &DA,
            Language::De => &DE,
            Language::Es => &ES,
            Language::Fr => &FR,
        }
    }
}

const EN: Words = Words {
    question: "How satisfied are you with the help you received?",
    choices: ["Very dissatisfied", "Dissatisfied", "Neither satisfied nor dissatisfied", "Satisfied", "Very satisfied"],
    comment: "Would you like to tell us more? (optional)",
    comment_hint: "Up to 2,000 characters. Please leave out passwords and card numbers.",
    send: "Send answer",
    changeable_until: "You can change your answer until",
    thanks: Notice { title: "Thank you!", text: "We have received your answer." },
    your_answer: "Your answer",
    your_comment: "Your comment",
    change: "Change my answer",
    choose: "Please choose one of the five answers.",
    too_long: "Your comment is too long. Please shorten it to 2,000 characters.",
    unknown: Notice {
        title: "This link does not work",
        text: "Please check that you opened the complete link from our message.",
    },
    expired: Notice {
        title: "This link has expired",
        text: "Thank you for wanting to share your opinion. Unfortunately, answers are no longer taken here.",
    },
    superseded: Notice {
        title: "There is a newer link",
        text: "Your request was continued after this link was made. Please use the link from our latest message.",
    },
    used: Notice { title: "You have already answered", text: "Thank you! Your answer can no longer be changed." },
    unreadable: Notice {
        title: "That did not work",
        text: "We could not read your answer. Please open the link again and send the form once more.",
    },
    later: Notice {
        title: "Please try again",
        text: "We cannot do this right now. Please try again in a few minutes.",
    },
    stop_mail: "No more questions by e-mail",
    stop: Notice {
        title: "No more questions by e-mail?",
        text: "We will then no longer ask you by e-mail how satisfied you are. You will still get replies to your requests.",
    },
    stop_yes: "Stop asking me",
    stopped: Notice { title: "Done", text: "We will no longer ask you by e-mail how satisfied you are." },
    no_address: Notice {
        title: "Nothing to stop",
        text: "We have kept no e-mail address for this request, so we will not write to you about it.",
    },
    language: "Language",
};

const DA: Words = Words {
    question: "Hvor tilfreds er du med den hjælp, du fik?",
    choices: ["Meget utilfreds", "Utilfreds", "Hverken tilfreds eller utilfreds", "Tilfreds", "Meget tilfreds"],
    comment: "Vil du fortælle os mere? (valgfrit)",
    comment_hint: "Højst 2.000 tegn. Skriv venligst ikke adgangskoder eller kortnumre.",
    send: "Send svar",
    changeable_until: "Du kan ændre dit svar indtil",
    thanks: Notice { title: "Tak for dit svar!", text: "Vi har modtaget det." },
    your_answer: "Dit svar",
    your_comment: "Din kommentar",
    change: "Ret mit svar",
    choose: "Vælg venligst et af de fem svar.",
    too_long: "Din kommentar er for lang. Forkort den venligst til 2.000 tegn.",
    unknown: Notice {
        title: "Linket virker ikke",
        text: "Kontrollér venligst, at du har åbnet hele linket fra vores besked.",
    },
    expired: Notice {
        title: "Linket er udløbet",
        text: "Tak, fordi du vil give din mening til kende. Desværre kan du ikke længere svare her.",
    },
    superseded: Notice {
        title: "Der findes et nyere link",
        text: "Din henvendelse blev genoptaget, efter at linket blev lavet. Brug venligst linket i vores seneste besked.",
    },
    used: Notice { title: "Du har allerede svaret", text: "Tak! Dit svar kan ikke længere ændres." },
    unreadable: Notice {
        title: "Det lykkedes ikke",
        text: "Vi kunne ikke læse dit svar. Åbn venligst linket igen, og send formularen endnu en gang.",
    },
    later: Notice {
        title: "Prøv venligst igen",
        text: "Det kan ikke lade sig gøre lige nu. Prøv venligst igen om nogle minutter.",
    },
    stop_mail: "Ikke flere spørgsmål på e-mail",
    stop: Notice {
        title: "Ikke flere spørgsmål på e-mail?",
        text: "Så spørger vi dig ikke længere på e-mail, hvor tilfreds du er. Du får stadig svar på dine henvendelser.",
    },
    stop_yes: "Spørg mig ikke mere",
    stopped: Notice { title: "Det er noteret", text: "Vi spørger dig ikke længere på e-mail, hvor tilfreds du er." },
    no_address: Notice {
        title: "Der er intet at stoppe",
        text: "Vi har ikke gemt nogen e-mailadresse til denne henvendelse, så vi skriver ikke til dig om den.",
    },
    language: "Sprog",
};

const DE: Words = Words {
    question: "Wie zufrieden sind Sie mit der Hilfe, die Sie erhalten haben?",
    choices: ["Sehr unzufrieden", "Unzufrieden", "Weder zufrieden noch unzufrieden", "Zufrieden", "Sehr zufrieden"],
    comment: "Möchten Sie uns mehr dazu sagen? (freiwillig)",
    comment_hint: "Höchstens 2.000 Zeichen. Bitte geben Sie keine Passwörter oder Kartennummern an.",
    send: "Antwort senden",
    changeable_until: "Sie können Ihre Antwort ändern bis",
    thanks: Notice { title: "Vielen Dank!", text: "Ihre Antwort ist bei uns angekommen." },
    your_answer: "Ihre Antwort",
    your_comment: "Ihr Kommentar",
    change: "Antwort ändern",
    choose: "Bitte wählen Sie eine der fünf Antworten.",
    too_long: "Ihr Kommentar ist zu lang. Bitte kürzen Sie ihn auf 2.000 Zeichen.",
    unknown: Notice {
        title: "Dieser Link funktioniert nicht",
        text: "Bitte prüfen Sie, ob Sie den vollständigen Link aus unserer Nachricht geöffnet haben.",
    },
    expired: Notice {
        title: "Dieser Link ist abgelaufen",
        text: "Vielen Dank, dass Sie uns Ihre Meinung sagen möchten. Leider ist eine Antwort hier nicht mehr möglich.",
    },
    superseded: Notice {
        title: "Es gibt einen neueren Link",
        text: "Ihre Anfrage wurde nach diesem Link fortgesetzt. Bitte verwenden Sie den Link aus unserer letzten Nachricht.",
    },
    used: Notice {
        title: "Sie haben bereits geantwortet",
        text: "Vielen Dank! Ihre Antwort kann nicht mehr geändert werden.",
    },
    unreadable: Notice {
        title: "Das hat nicht geklappt",
        text: "Wir konnten Ihre Antwort nicht lesen. Bitte öffnen Sie den Link noch einmal und senden Sie das Formular erneut.",
    },
    later: Notice {
        title: "Bitte versuchen Sie es noch einmal",
        text: "Das ist im Moment leider nicht möglich. Bitte versuchen Sie es in einigen Minuten noch einmal.",
    },
    stop_mail: "Keine Fragen mehr per E-Mail",
    stop: Notice {
        title: "Keine Fragen mehr per E-Mail?",
        text: "Wir fragen Sie dann nicht mehr per E-Mail, wie zufrieden Sie sind. Antworten auf Ihre Anfragen erhalten Sie weiterhin.",
    },
    stop_yes: "Nicht mehr fragen",
    stopped: Notice { title: "Erledigt", text: "Wir fragen Sie nicht mehr per E-Mail, wie zufrieden Sie sind." },
    no_address: Notice {
        title: "Es gibt nichts zu beenden",
        text: "Zu dieser Anfrage ist bei uns keine E-Mail-Adresse gespeichert. Wir schreiben Ihnen deshalb nicht dazu.",
    },
    language: "Sprache",
};

const ES: Words = Words {
    question: "¿Está satisfecho con la ayuda que ha recibido?",
    choices: ["Muy insatisfecho", "Insatisfecho", "Ni satisfecho ni insatisfecho", "Satisfecho", "Muy satisfecho"],
    comment: "¿Le gustaría contarnos más? (opcional)",
    comment_hint: "Máximo 2000 caracteres. Por favor, no escriba contraseñas ni números de tarjeta.",
    send: "Enviar respuesta",
    changeable_until: "Puede cambiar su respuesta hasta el",
    thanks: Notice { title: "¡Muchas gracias!", text: "Hemos recibido su respuesta." },
    your_answer: "Su respuesta",
    your_comment: "Su comentario",
    change: "Cambiar mi respuesta",
    choose: "Elija una de las cinco respuestas, por favor.",
    too_long: "Su comentario es demasiado largo. Por favor, acórtelo a 2000 caracteres.",
    unknown: Notice {
        title: "Este enlace no funciona",
        text: "Compruebe, por favor, que ha abierto el enlace completo de nuestro mensaje.",
    },
    expired: Notice {
        title: "Este enlace ha caducado",
        text: "Gracias por querer darnos su opinión. Lamentablemente, ya no es posible responder aquí.",
    },
    superseded: Notice {
        title: "Hay un enlace más reciente",
        text: "Su consulta continuó después de que se creara este enlace. Utilice, por favor, el enlace de nuestro último mensaje.",
    },
    used: Notice { title: "Ya ha respondido", text: "¡Muchas gracias! Su respuesta ya no se puede cambiar." },
    unreadable: Notice {
        title: "No ha funcionado",
        text: "No hemos podido leer su respuesta. Por favor, abra de nuevo el enlace y envíe el formulario otra vez.",
    },
    later: Notice {
        title: "Inténtelo de nuevo, por favor",
        text: "En este momento no es posible. Por favor, inténtelo de nuevo dentro de unos minutos.",
    },
    stop_mail: "No recibir más preguntas por correo electrónico",
    stop: Notice {
        title: "¿No recibir más preguntas por correo electrónico?",
        text: "Ya no le preguntaremos por correo electrónico si está satisfecho. Seguirá recibiendo respuestas a sus consultas.",
    },
    stop_yes: "No preguntarme más",
    stopped: Notice { title: "Hecho", text: "Ya no le preguntaremos por correo electrónico si está satisfecho." },
    no_address: Notice {
        title: "No hay nada que cancelar",
        text: "No tenemos guardada ninguna dirección de correo electrónico para esta consulta, así que no le escribiremos al respecto.",
    },
    language: "Idioma",
};

const FR: Words = Words {
    question: "Êtes-vous satisfait de l’aide que vous avez reçue ?",
    choices: ["Très insatisfait", "Insatisfait", "Ni satisfait ni insatisfait", "Satisfait", "Très satisfait"],
    comment: "Souhaitez-vous nous en dire plus ? (facultatif)",
    comment_hint: "2 000 caractères au maximum. Merci de n’indiquer ni mot de passe ni numéro de carte.",
    send: "Envoyer ma réponse",
    changeable_until: "Vous pouvez modifier votre réponse jusqu’au",
    thanks: Notice { title: "Merci !", text: "Nous avons bien reçu votre réponse." },
    your_answer: "Votre réponse",
    your_comment: "Votre commentaire",
    change: "Modifier ma réponse",
    choose: "Veuillez choisir l’une des cinq réponses.",
    too_long: "Votre commentaire est trop long. Merci de le raccourcir à 2 000 caractères.",
    unknown: Notice {
        title: "Ce lien ne fonctionne pas",
        text: "Merci de vérifier que vous avez ouvert le lien complet figurant dans notre message.",
    },
    expired: Notice {
        title: "Ce lien a expiré",
        text: "Merci de vouloir nous donner votre avis. Il n’est malheureusement plus possible de répondre ici.",
    },
    superseded: Notice {
        title: "Il existe un lien plus récent",
        text: "Votre demande s’est poursuivie après la création de ce lien. Merci d’utiliser le lien de notre dernier message.",
    },
    used: Notice { title: "Vous avez déjà répondu", text: "Merci ! Votre réponse ne peut plus être modifiée." },
    unreadable: Notice {
        title: "Cela n’a pas fonctionné",
        text: "Nous n’avons pas pu lire votre réponse. Merci de rouvrir le lien et d’envoyer à nouveau le formulaire.",
    },
    later: Notice {
        title: "Veuillez réessayer",
        text: "Ce n’est pas possible pour le moment. Merci de réessayer dans quelques minutes.",
    },
    stop_mail: "Ne plus recevoir de questions par e-mail",
    stop: Notice {
        title: "Ne plus recevoir de questions par e-mail ?",
        text: "Nous ne vous demanderons plus par e-mail si vous êtes satisfait. Vous recevrez toujours les réponses à vos demandes.",
    },
    stop_yes: "Ne plus me demander",
    stopped: Notice {
        title: "C’est noté", text: "Nous ne vous demanderons plus par e-mail si vous êtes satisfait."
    },
    no_address: Notice {
        title: "Il n’y a rien à arrêter",
        text: "Aucune adresse e-mail n’est enregistrée pour cette demande ; nous ne vous écrirons donc pas à ce sujet.",
    },
    language: "Langue",
};
