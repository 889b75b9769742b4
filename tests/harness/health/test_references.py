"""Checks of one reference: what is wrong is found as what it is, and what people write is let be."""

from __future__ import annotations

import pytest

from harness.health.languages import guess, script_of, scripts_of, sounds
from harness.health.references import check_reference, misread
from tests.harness.health.made import seen


def kinds(text: str, language: str = "en") -> list[str]:
    return [found.kind for found in check_reference(seen(text, language=language))]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("THERE'S IRON THEY SAY IN ALL OUR BLOOD", "en"),
        ("Author of the danger trail, Philip Steels, etc.", "en"),
        ("Mr. Quilter paid $5.00 (sic) at 5:30 p.m. on the 3rd, didn't he?", "xx"),
        ("U. S. A. one two three", "en"),
        ("cafe naïve déjà vu", "en"),
        ("rock 'n' roll, AT&T, R&B and 50% off", "en"),
        ("Das Übergrößenträgermaß über Äpfel – „schön“, sagte er.", "de"),
        ("« À l'été, l'Œuvre naît », dit-il. CAFÉ»", "fr"),
        ("¿Dónde está el niño? ¡Aquí!", "es"),
        ("Ça ira, João não vê à noite", "pt"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy", "cs"),
        ("İstanbul'da ığdır çok güzel", "tr"),
        ("Это предложение написано по-русски", "ru"),
        ("PDF-файл и USB-кабель", "ru"),
        ("广州市房地产中介协会分析 A4", "zh"),
        ("これはペンです。東京タワー", "ja"),
        ("안녕하세요 여러분", "ko"),
        ("यह हिंदी में लिखा है", "hi"),
        ("می‌خواهم بروم", "fa"),
        ("هذه ملحوظة مهمة للغاية", "ar"),
        ('[["gonna", "going to"], ["be"]]', "en"),
        ("no no no", "en"),
        ("three < five", "xx"),
    ],
)
def test_what_people_write_is_let_be(text: str, language: str) -> None:
    found = [one for one in check_reference(seen(text, language=language)) if one.severity not in {"info", "low"}]
    assert found == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<p>hello there</p>", "an HTML or XML tag"),
        ("hello<br/>there", "an HTML or XML tag"),
        ("fish &amp; chips", "an HTML entity"),
        ("fish &#39;n chips", "an HTML entity"),
        ("see https://example.org/a?b", "an address"),
        ("write to me@example.org now", "an address"),
        ('{"text": "hello there"}', "remains of JSON or Python"),
        ("['hello', 'there']", "remains of JSON or Python"),
        ('say \\"hello\\"', "remains of JSON or Python"),
        ("hello\\nThere", "remains of JSON or Python"),
        ("caf\\u00e9", "an escape"),
        ("caf%C3%A9", "an escape"),
        ("caf=C3=A9", "an escape"),
        ("clips/a/b.wav hello", "a file name or path"),
        ("recording_001.flac", "a file name or path"),
        ("00:00:01,000 --> 00:00:02,000 hello", "a time stamp"),
        ("<|en|>hello there", "a time stamp"),
        ("SPEAKER_01: hello there", "a speaker's label"),
        ("hello [laughter] there", "brackets"),
        ("hello <unk> there", "an HTML or XML tag"),
        ("hello ((there))", "brackets"),
        ("**hello** there", "a mark of formatting"),
        ("well %hesitation yes", "a code for a sound"),
        ("hello (laughs)", "parentheses"),
        ("hello ] there", "an unpaired bracket"),
    ],
)
def test_markup(text: str, what: str) -> None:
    (found,) = check_reference(seen(text))
    assert found.kind == "markup"
    assert found.message.partition(":")[0] == what


def test_markup_says_where() -> None:
    (found,) = check_reference(seen("hello [noise] there"))
    assert found.where == "characters 7 to 13"


@pytest.mark.parametrize("language", ["de", "fr", "es", "ru", "ja", "el", "hi", "pl"])
@pytest.mark.parametrize("wrong", ["latin-1", "cp1252", "cp437", "mac_roman"])
def test_utf8_that_was_read_as_something_else(language: str, wrong: str) -> None:
    text = {
        "de": "schöne Grüße aus Köln",
        "fr": "l'été où l'œuvre naît",
        "es": "el niño está aquí",
        "ru": "привет всем людям",
        "ja": "これはペンです",
        "el": "καλημέρα κόσμε",
        "hi": "यह हिंदी है",
        "pl": "zażółć gęślą jaźń",
    }[language]
    damaged = "".join(
        bytes([byte]).decode(wrong) if wrong != "cp1252" or byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else chr(byte)
        for byte in text.encode("utf-8")
    )
    assert misread(text) is None
    assert "encoding" in kinds(damaged, language)


def test_what_was_meant_is_shown() -> None:
    assert misread("Ã¤rger") == (0, "Ã¤", "ä")
    assert misread("itâ€™s") == (2, "â€™", "\u2019")


@pytest.mark.parametrize("text", ["m\ufffdnchen", "m?nchen is", "it锟斤拷s", "ï»¿hello"])
def test_lost_characters(text: str) -> None:
    assert kinds(text) == ["encoding"]


@pytest.mark.parametrize("text", ["he\u200bllo there", "\u202ehello", "hello\x07", "soft\u00adhyphen", "\ue000 x y"])
def test_characters_that_nobody_sees(text: str) -> None:
    assert kinds(text) == ["hidden_characters"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Это написано по-русски", "en"),
        ("Η γλώσσα είναι ελληνική", "de"),
        ("this is plain English", "ru"),
        ("hello there my friend", "ja"),
        ("今天天气很好", "ko"),
        ("これはペンです", "zh"),
        ("مرحبا بالعالم", "he"),
    ],
)
def test_script_of_another_language(text: str, language: str) -> None:
    assert "script" in kinds(text, language)


def test_a_language_that_nobody_described_is_let_be() -> None:
    assert kinds("Это написано", "xx") == []


@pytest.mark.parametrize(
    ("text", "stated", "told"),
    [
        ("ich habe das nicht gesehen und wir sind auch nicht da", "en", "de"),
        ("je ne sais pas ce que vous avez dans la maison", "de", "fr"),
        ("the cat and the dog are not in this house with you", "fr", "en"),
        ("dit is niet het huis van een man die ik ken", "en", "nl"),
    ],
)
def test_words_of_another_language(text: str, stated: str, told: str) -> None:
    found = guess(text.split(), stated)
    assert found is not None
    assert found[0] == told
    assert guess(text.split(), told) is None
    assert "other_language" in kinds(text, stated)


def test_spelled_letters_are_no_language() -> None:
    assert kinds("R U B O U T G M E F THREE NINE A E I O") == []


@pytest.mark.parametrize("text", ["wоrd for word", "Ηello there", "pаypal is"])
def test_letters_of_two_scripts(text: str) -> None:
    assert kinds(text) == ["mixed_scripts"]


@pytest.mark.parametrize("text", ["N/A", "nan", "null", " TODO ", "<unk>", "[inaudible]", "#REF!", "...", "???", "-"])
def test_placeholders(text: str) -> None:
    found = check_reference(seen(text))[0]
    assert (found.kind, found.severity) == ("placeholder", "high")


@pytest.mark.parametrize("text", ["test", "none", "silence"])
def test_what_may_have_been_said_is_information(text: str) -> None:
    assert [(found.kind, found.severity) for found in check_reference(seen(text))] == [("placeholder", "info")]


@pytest.mark.parametrize("text", ["", "  ", "\u3000", "\n"])
def test_empty(text: str) -> None:
    assert kinds(text) == ["empty_reference"]


def test_scripts() -> None:
    assert scripts_of("ja") == {"Han", "Hiragana", "Katakana"}
    assert scripts_of("sr") == {"Cyrillic", "Latin"}
    assert scripts_of("xx") == frozenset()
    assert [script_of(letter) for letter in "aж日に1 "] == ["Latin", "Cyrillic", "Han", "Hiragana", None, None]


@pytest.mark.parametrize(("text", "letters"), [("hello you", 8.0), ("42", 8.0), ("a b", 7.0), ("日本", 2 * 14 / 4.2)])
def test_how_long_a_text_takes(text: str, letters: float) -> None:
    assert sounds(text) == pytest.approx(letters)
