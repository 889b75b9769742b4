"""What languages look like: their scripts, their smallest words, and how fast they are spoken."""

from __future__ import annotations

from functools import cache

import regex

_SCRIPTS = {
    "Latin": "af az bs ca cs cy da de en eo es et eu fi fo fr ga gl ha hr ht hu id ig is it jv la lb lt lv mg mi ms mt"
    " nl nn no nb oc pl pt rm ro sk sl so sq st su sv sw tl tn tr uz vi wo xh yo zu ceb fil ast kab rw lg ln sn ny nso",
    "Cyrillic": "be bg kk ky mk mn ru tg tt uk ba cv ab os sah",
    "Arabic": "ar fa ur ps sd ug ckb",
    "Devanagari": "hi mr ne sa mai bho",
    "Greek": "el",
    "Hebrew": "he yi",
    "Georgian": "ka",
    "Armenian": "hy",
    "Bengali": "bn as",
    "Gujarati": "gu",
    "Gurmukhi": "pa",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Oriya": "or",
    "Sinhala": "si",
    "Tamil": "ta",
    "Telugu": "te",
    "Thai": "th",
    "Lao": "lo",
    "Khmer": "km",
    "Myanmar": "my",
    "Tibetan": "bo dz",
    "Ethiopic": "am ti",
    "Hangul": "ko",
    "Han": "zh yue ja",
}
_MORE = {
    "ja": ("Hiragana", "Katakana"),
    "sr": ("Cyrillic", "Latin"),
    "kk": ("Latin", "Arabic"),
    "az": ("Cyrillic",),
    "uz": ("Cyrillic",),
    "mn": ("Mongolian",),
    "zh": ("Bopomofo",),
    "pa": ("Arabic",),
    "ku": ("Latin", "Arabic"),
    "ha": ("Arabic",),
    "bs": ("Cyrillic",),
    "ms": ("Arabic",),
    "tt": ("Latin",),
    "ug": ("Latin", "Cyrillic"),
    "sd": ("Devanagari",),
    "tg": ("Arabic",),
}
_NAMES = (*_SCRIPTS, "Hiragana", "Katakana", "Bopomofo", "Mongolian")
_OF = {name: regex.compile(rf"\p{{Script={name}}}") for name in _NAMES}
_LETTER = regex.compile(r"\p{L}")

_SMALL_WORDS = {
    "en": "the and of to in that is was it for with you this have are not he his on at be they but from what we",
    "de": "der die das und ist nicht ein eine ich zu den mit sich auf dem es von im auch wie für sie wir war hat noch",
    "fr": "le la les des est une et du dans que qui pas pour il elle sur au avec sont ce cette vous nous je ne",
    "es": "el los las una del que es por para con no su se como más pero fue está lo al y muy son también",
    "it": "il che di è per una sono non con gli della nel del si le anche come più ma alla questo ha ho i",
    "pt": "não uma os do da em para com que é mais foi ele ela as no na ao dos por como mas um são também",
    "nl": "het een van is dat op te niet zijn voor met ik je hij ze maar ook aan wordt naar deze heeft en bij",
    "sv": "och att det som är en på för med inte av den till har jag om ett var han men vi så kan från",
    "pl": "nie się jest na to że z do jak ale co tak po był jego przez dla czy tylko już od być jej ten",
    "tr": "bir ve bu için çok ile da de ne var ben değil daha gibi o kadar olarak ama her şey sonra mı",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga ke ada saya mereka adalah kami bisa",
    "ca": "els les una que és amb per del són no va dels més als però també aquest seva molt o hi han",
    "ro": "și de la în că nu este cu pe un din care sunt mai pentru o al ale fost ce le a",
    "cs": "je se na že to jsem ale jako by tak pro do co byl jeho jsou si ve po není také nebo už",
    "da": "og det er en på ikke til med af for der jeg som den har de et var men at så vi om han",
    "fi": "ja on ei se että oli en hän mutta kun niin ovat myös kuin joka minä sen mitä ole nyt tämä",
    "hu": "a az és hogy nem is egy van volt ez meg csak de már mint még el ha azt lehet vagy",
    "ru": "и в не на что я он с как это но по из у за так же вы бы от мы она было только",
    "uk": "і в не на що я він з як це але по із у за так та ви би від ми вона було тільки",
}

LETTERS_A_SECOND = 14.0
"""Of alphabets: half of 1,900 real clips of sentences have 12 to 16, pauses left out."""
DENSE = {"Han": 4.2, "Hangul": 5.5, "Hiragana": 8.0, "Katakana": 8.0, "Ethiopic": 8.0}
"""Letters a second of scripts whose letters are more than a sound."""
_OMITTING = {"Arabic": 10.0, "Hebrew": 10.0, "Devanagari": 11.0, "Thai": 12.0, "Bengali": 11.0, "Tamil": 12.0}
SPELLED = 2.5
"""Letters more that a letter takes which stands alone: its name is spoken."""
DIGIT = 4.0
"""Letters that a digit is spoken with."""


@cache
def scripts_of(language: str) -> frozenset[str]:
    """The scripts that a language is written in; empty where nobody said."""
    found = {name for name, languages in _SCRIPTS.items() if language in languages.split()}
    return frozenset(found | set(_MORE.get(language, ())))


@cache
def script_of(letter: str) -> str | None:
    """The script of a letter; None for what is no letter, or one of a script that is not known here."""
    if letter.isascii():
        return "Latin" if letter.isalpha() else None
    if not _LETTER.fullmatch(letter):
        return None
    return next((name for name, pattern in _OF.items() if pattern.match(letter)), None)


def counted_scripts(text: str) -> dict[str, int]:
    """How many letters of each script a text has."""
    counted: dict[str, int] = {}
    for letter in text:
        name = script_of(letter)
        if name is not None:
            counted[name] = counted.get(name, 0) + 1
    return counted


@cache
def _speakers() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for language, words in _SMALL_WORDS.items():
        for word in words.split():
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}


def guess(words: list[str], stated: str) -> tuple[str, float] | None:
    """The language that a text's small words tell, where it clearly is not the stated one.

    Args:
        words: lower case.
        stated: which it is said to be.

    Returns:
        The language, and the share of the words that are small words of it; None where there is no doubt.
    """
    if stated not in _SMALL_WORDS:
        return None
    score: dict[str, float] = {}
    words = [word for word in words if len(word) > 1]  # letters are spelled in all of them
    if len(words) < 5:
        return None
    for word in words:
        languages = _speakers().get(word, ())
        for language in languages:
            score[language] = score.get(language, 0.0) + 1.0
    own = score.get(stated, 0.0)
    best = max(score, key=lambda language: (score[language], language), default=stated)
    count = score.get(best, 0.0)
    if best == stated or count < 3 or count < 4 * own or count < 0.25 * len(words):
        return None
    return best, count / len(words)


def sounds(text: str) -> float:
    """How many letters of an alphabet a text takes as long as, spoken."""
    total = 0.0
    for character in text:
        if character.isdigit():
            total += DIGIT
        elif character.isalpha():
            name = script_of(character) or "Latin"
            total += LETTERS_A_SECOND / (DENSE.get(name) or _OMITTING.get(name) or LETTERS_A_SECOND)
    return total + SPELLED * sum(
        len(word) == 1 and word.isalpha() and script_of(word) not in DENSE for word in text.split()
    )
