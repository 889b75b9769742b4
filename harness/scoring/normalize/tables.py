"""The word tables of the English normalizers: contractions, spellings, names, by version.

The spelling table is the one that the `whisper-normalizer` package ships; the versions of the leaderboard are stated
as what they changed in it (its PR #95 of 2025-09-11, and June 2026).
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Literal

SpellingVersion = Literal["whisper", "2025-09", "2026-06"]

FILLERS = {
    "whisper": "hmm mm mhm mmm uh um",
    "2026-04": "hmm mm mhm mmm uh um ah aha ahh ahm eh ehehe em hm huh hum mhum uhm umm uhuh",
}
"""Hesitations that are dropped, by version."""

CONTRACTIONS_BEFORE = {
    r"\bwon't\b": "will not",
    r"\bcan't\b": "can not",
    r"\blet's\b": "let us",
    r"\bain't\b": "aint",
    r"\by'all\b": "you all",
    r"\bwanna\b": "want to",
}
CASUAL = {r"\bkinda\b": "kind of", r"\bsorta\b": "sort of", r"\bdunno\b": "do not know"}
"""What `whisper-normalizer` added in 0.1.2, with "cause" -> "because" further down."""
CONTRACTIONS = {
    r"\bgotta\b": "got to",
    r"\bgonna\b": "going to",
    r"\bi'ma\b": "i am going to",
    r"\bimma\b": "i am going to",
    r"\bwoulda\b": "would have",
    r"\bcoulda\b": "could have",
    r"\bshoulda\b": "should have",
}
CASUAL_CAUSE = {r"\bcause\b": "because"}
TITLES = {
    r"\bma'am\b": "madam",
    r"\bmr\b": "mister ",
    r"\bmrs\b": "missus ",
    r"\bst\b": "saint ",
    r"\bdr\b": "doctor ",
    r"\bprof\b": "professor ",
    r"\bcapt\b": "captain ",
    r"\bgov\b": "governor ",
    r"\bald\b": "alderman ",
    r"\bgen\b": "general ",
    r"\bsen\b": "senator ",
    r"\brep\b": "representative ",
    r"\bpres\b": "president ",
    r"\brev\b": "reverend ",
    r"\bhon\b": "honorable ",
    r"\basst\b": "assistant ",
    r"\bassoc\b": "associate ",
    r"\blt\b": "lieutenant ",
    r"\bcol\b": "colonel ",
    r"\bjr\b": "junior ",
    r"\bsr\b": "senior ",
    r"\besq\b": "esquire ",
}
PERFECT = {
    r"'d been\b": " had been",
    r"'s been\b": " has been",
    r"'d gone\b": " had gone",
    r"'s gone\b": " has gone",
    r"'d done\b": " had done",
    r"'s got\b": " has got",
}
"""The only contractions that look at two words."""
NOT_ARE = {r"n't\b": " not", r"'re\b": " are"}
IS_ALWAYS = {r"'s\b": " is"}
IS_AFTER_PRONOUNS = {r"\b(it|he|she|what|that|who|here|there|how|when|where|why|this)'s\b": r"\1 is"}
ENDINGS = {r"'d\b": " would", r"'ll\b": " will", r"'t\b": " not", r"'ve\b": " have", r"'m\b": " am"}

COMPOUNDS = {
    ("et", "cetera"): "etc",
    ("al", "right"): "alright",
    ("all", "right"): "alright",
    ("how", "ever"): "however",
    ("wi", "fi"): "wifi",
    ("hi", "fi"): "hifi",
    ("lo", "fi"): "lofi",
    ("sci", "fi"): "scifi",
    ("e", "mail"): "email",
    ("e", "book"): "ebook",
    ("e", "commerce"): "ecommerce",
    ("x", "ray"): "xray",
    ("t", "shirt"): "tshirt",
    ("a", "m"): "am",
    ("p", "m"): "pm",
    ("o", "k"): "okay",
}
"""Written apart or together (2026-04): two words, and what is written instead. No first word is a second one."""
COMPOUND_ENDS = frozenset(second for _, second in COMPOUNDS)
"""Their second words."""

_NAMES = (
    "aaron<aron alfonso<alphonso alison<allison,alyson allen<alan,allan anne<ann anthony<antony arthur<artur "
    "brett<bret brian<bryan bridget<bridgette caitlin<katelyn,kaitlyn,kaitlin carl<karl carol<carrol,carole,carroll "
    "catherine<katherine,kathryn,catharine cathy<kathy charlie<charly,charley chris<kris christina<kristina "
    "christopher<kristopher,cristopher colin<collin deborah<devorah dennis<denis dominic<dominick douglas<douglass "
    "dylan<dillon eric<erik,erick fatima<fatimah frederick<frederik,fredrick gail<gayle gary<garry greg<gregg "
    "henry<henri ivonne<yvonne jackie<jacky jamie<jaime jason<jayson jeff<geoff jeffrey<geoffrey,jeffery "
    "joanne<joann,joane john<jon jonathan<johnathan,jonathon joseph<josef karen<caren,caryn,karin "
    "kelly<kellye,kelli,kelley kevin<kevan kristin<kristen laurie<lori lawrence<laurence lee<leigh leslie<lesley "
    "lily<lilly linda<lynda lindsay<linsey,lindsey louis<lewis lucas<lukas lynn<lynne mark<marc martin<martyn "
    "matthew<mathew mcarthur<macarthur mccarthy<macarthy,maccarthy mccartney<macartney mcdonald<macdonald "
    "mcgowan<macgowan mcintosh<macintosh mcintyre<macintyre mckay<mackay mckenzie<mackenzie mclean<maclean "
    "mcleod<macleod mcmillan<macmillan mcnamara<macnamara megan<meghan michael<micheal michelle<michele "
    "miriam<myriam mohammed<mohamad,mohamed,mohammad,muhammad,muhamad,muhammed,mouhamed,mouhamad,mahomet "
    "molly<mollie natalie<nathalie neil<neal nicholas<nicolas nicole<nikole patrick<patrik peter<pieter "
    "philip<phillip rachel<rachael rajiv<rajeev rebecca<rebekah rob<robb robin<robyn roger<rodger ronda<rhonda "
    "russell<russel sally<sallie sarah<sara sean<shaun,shawn shane<shayne sherry<sheri,cheri,sherrie simon<symon "
    "stacy<stacey,stacie steven<stephen stuart<stewart susanne<suzanne teresa<theresa terry<terri thomas<tomas "
    "toby<tobey tony<toni tracy<tracey,tracie veronica<veronika victor<viktor victoria<viktoria walter<walther "
    "yousef<yusuf,yusef zach<zak zachary<zackary,zachery"
)
NAMES = {
    variant: name
    for name, variants in (entry.split("<") for entry in _NAMES.split())
    for variant in variants.split(",")
}
"""First and last names with one spelling each (2026-04): variant -> canonical."""

_SPELLING_REMOVED = ("archeological", "cancelation", "cancelations", "travelog", "travelogs")
_SPELLING_REPAIRED = {
    "archaeology": "archeology",
    "pummelled": "pummeled",
    "pummelling": "pummeling",
    "snowploughs": "snowplows",
    "archaeological": "archeological",
    "cancellation": "cancelation",
    "cancellations": "cancelations",
    "mm": "hmm",
    "travelogue": "travelog",
    "travelogues": "travelogs",
}
_SPELLING_2026_06 = {"ok": "okay", "kay": "okay", "etcetera": "etc", "flyer": "flier"}


@functools.cache
def spelling(version: SpellingVersion) -> dict[str, str]:
    """British -> American spellings.

    Args:
        version: ``whisper`` is the table as shipped, ``2025-09`` the repaired one, ``2026-06`` the leaderboard's
            present one.
    """
    table = files("whisper_normalizer").joinpath("normalizers/english.json").read_text(encoding="utf-8")
    shipped: dict[str, str] = json.loads(table)
    if version == "whisper":
        return shipped
    repaired = {word: to for word, to in shipped.items() if word not in _SPELLING_REMOVED} | _SPELLING_REPAIRED
    if version == "2025-09":
        return repaired
    return {word: to for word, to in repaired.items() if word != "flyer / flier"} | _SPELLING_2026_06
