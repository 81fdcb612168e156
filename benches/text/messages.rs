//! Messages as support sees them, written for this measurement: 12 words in the mean.

/// English, from customers and agents; short and long, with names, numbers, codes and smileys.
pub const ENGLISH: [&str; 48] = [
    "Hi, my order #A-48213 still hasn't arrived. Can you tell me where it is?",
    "Hello Maria, thanks for reaching out! Let me look into that for you.",
    "Thanks!",
    "I was charged twice for the same subscription on the 3rd of March.",
    "I'm sorry to hear that. Could you please share the last four digits of your card?",
    "It's 4471.",
    "Great, I can see both charges. I've refunded the second one, you should see it within 5 days.",
    "That was quick, thank you so much!",
    "The app crashes every time I open the settings page. I already reinstalled it twice.",
    "Which version are you using, and on what phone?",
    "Version 8.2.1 on a Pixel 7",
    "We're aware of this problem and a fix will be released tomorrow morning.",
    "ok",
    "No, that's not what I asked. I want to CANCEL, not to pause!",
    "Why is this so difficult? I've been waiting for three weeks now!!",
    "Your booking is confirmed, Mr Okafor. The reference number is KX7PQ2.",
    "Perfect, see you on Friday then :)",
    "Could I change the delivery address to 17 Elm Street, Leeds LS2 9JT?",
    "Unfortunately the parcel has left our warehouse, so I can't change the address anymore.",
    "That's ridiculous. Nobody told me about that when I paid.",
    "Is there anything else I can help you with today?",
    "No thanks, that's all.",
    "How do I reset my password? The link in the email doesn't work.",
    "Please try the new link I just sent you, it is valid for one hour.",
    "It worked, cheers",
    "My invoice INV-2024-0093 shows the wrong VAT number, please correct it.",
    "I don't want to wait any longer, give me my money back.",
    "I understand your frustration, and I've escalated this to our billing team.",
    "Do you ship to Norway?",
    "Yes, we do! Shipping takes 4-6 business days and costs $12.90.",
    "The jacket is lovely but the zip broke after two days, very disappointing.",
    "We will send you a replacement free of charge, no need to return the old one.",
    "Wow, that's really kind of you, I appreciate it!",
    "I can't log in: it says \"account locked\" although I never shared my password with anyone.",
    "For security reasons I need to verify your identity first. What is your date of birth?",
    "12/04/1987",
    "Thank you, Jonathan. Your account has been unlocked and you can sign in again.",
    "Still the same error...",
    "Can I speak to a human please",
    "I'm transferring you to one of my colleagues, please hold on a moment.",
    "What are your opening hours on Sunday?",
    "You never answered my question about the warranty, I asked on Monday and again yesterday.",
    "The invoice would be due on June 30, but we can extend it by two weeks if that helps.",
    "That would help a lot, we had some cash flow trouble this quarter.",
    "When I try to upload a PDF larger than 10 MB the page freezes and I have to start over from the beginning, \
     which is quite annoying because I have forty of them.",
    "The room was clean and the staff were friendly, but the wifi didn't work at all.",
    "Where can I find the export button?",
    "It's under Settings > Data > Export, in the upper right corner of the page.",
];

/// About 100 words.
pub const LONG: &str = "Hello, I am writing to you because I have now been trying for more than two weeks to get \
    somebody to look at my broken dishwasher. I bought it in your shop in Bristol in January, order 55-20931, and it \
    worked well until the beginning of this month. Since then it stops in the middle of the programme and shows the \
    error E24. Your colleague Tom told me on the phone that a technician would call me, but nobody ever did. I really \
    don't want to complain, the machine itself is great, but I can't wait any longer. Could you please tell me when \
    somebody will come?";

/// Not English: nothing of these may be read with the English pack.
pub const FOREIGN: [&str; 10] = [
    "Hej, jeg har ikke modtaget min pakke endnu, selvom der står at den blev leveret i går. Kan I hjælpe mig?",
    "Kan du fortælle mig hvornår pengene er tilbage på min konto, for jeg har ventet i over to uger nu.",
    "Bonjour, ma commande n'est toujours pas arrivée. Pouvez-vous me dire quand elle sera livrée ?",
    "Je voudrais annuler mon abonnement et obtenir un remboursement pour le mois dernier, merci.",
    "Guten Tag, ich habe gestern eine Rechnung erhalten, die nicht stimmt. Können Sie das bitte prüfen?",
    "Leider funktioniert der Link in der E-Mail nicht, und ich kann mein Passwort nicht zurücksetzen.",
    "Hola, todavía no he recibido mi pedido y el número de seguimiento no funciona. ¿Me pueden ayudar?",
    "Quiero cambiar la fecha de mi reserva para el próximo viernes, si es posible sin coste adicional.",
    "Dzień dobry, moje zamówienie nadal nie dotarło, a minęły już dwa tygodnie. Proszę o pomoc.",
    "Chciałbym zwrócić buty, które kupiłem w zeszłym tygodniu, ponieważ są na mnie za małe.",
];
