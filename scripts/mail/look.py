"""Reads a mail that scripts/mail/server.py has taken, with Python's own library, and says what is wrong with it.

  look.py FILE NAME PUBLIC_URL LANGUAGE [tls]    the last mail to NAME@example.org; prints its link and its Message-ID
"""
import base64
import email.policy
import json
import re
import sys

SUBJECTS = {"en": "How did we do?", "da": "Hvordan klarede vi det?"}


def main():
    path, name, public, language, *tls = sys.argv[1:]
    taken = [json.loads(line) for line in open(path, encoding="ascii")]
    taken = [mail for mail in taken if mail["to"] == [f"{name}@example.org"]]
    assert taken, f"no mail to {name}"
    mail = taken[-1]
    assert mail["tls"] == bool(tls), mail
    assert mail["from"] == "support@example.com", mail
    raw = base64.b64decode(mail["raw"])
    assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(raw, policy=email.policy.default)
    defects = [part.defects for part in message.walk() if part.defects]
    assert not defects, defects
    for header in message.values():
        assert not getattr(header, "defects", ()), (header, header.defects)
    assert message["From"] == '"Støtte, Acme" <support@example.com>', message["From"]
    assert message["To"] == f"{name}@example.org"
    assert message["Subject"].startswith(SUBJECTS[language]) and "Support" in message["Subject"], message["Subject"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(rf"<({re.escape(public)}/s/[A-Za-z0-9_-]{{80}})/opt-out>", message["List-Unsubscribe"])
    assert link, message["List-Unsubscribe"]
    link = link[1]
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.com>", message["Message-ID"]), message["Message-ID"]
    assert message["Date"].datetime is not None
    assert message.get_content_type() == "multipart/alternative"
    text, page = (part.get_content() for part in message.iter_parts())
    for part in (text, page):
        for rating in range(1, 6):
            assert f"{link}?rating={rating}" in part, (rating, part)
        assert link + "/opt-out" in part
    assert f"\n{link}\n" in text.replace("\r\n", "\n"), text
    assert f'<html lang="{language}">' in page and "<script" not in page and "<img" not in page, page
    print(link, message["Message-ID"])


main()
