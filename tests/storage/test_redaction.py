import time

import pytest

from benchmarks.sources import DATA, real_questions
from hair_answers.knowledge.library import Library
from hair_answers.storage.private_events import _without_echoes
from hair_answers.storage.redaction import first_names, passes_luhn, redact

IDENTIFIERS = """\
my name is [Jane Doe] and I have hair loss
my name is [jane doe]
my name's [o'brien], what is prp
i'm called [Priya Sharma]
Name: [Robert Tables]
I am [Jane Smith]
hi, i'm [sarah] and i am losing hair
my husband's name is [Peter Jones]
[Mr Smith] told me
Best regards, [Tom Baker]
mail me at [jane.doe@example.co.uk]
mail [jane (at) gmail (dot) com]
write to [jane at gmail.com]
call me on [07911 123456] please
my number is [415 555 2671]
ring [+44 20 7946 0958]
ring [(212) 555-0199]
tel [555-0123]
whatsapp [+91 98765 43210]
i live at [12 Baker Street], London [NW1 6XE]
[742 Evergreen Terrace], Springfield, [IL 62704]
i live in [flat 3], [221B baker street]
send it to [po box 1234]
zip code [90210]
born on [12/03/1985]
dob [3 March 1985]
date of birth: [1985-03-12]
DOB: [12-03-85]
my birthday is [July 4th, 1990]
my mrn is [884422]
medical record number is [AB-123456]
policy number [ABC123456]
insurance number: [XJ 1234 5678]
patient id [77812]
nhs number [943 476 5919]
ssn [078-05-1120]
passport number [X1234567]
national insurance [QQ 12 34 56 C]
card [4111 1111 1111 1111]
IBAN [GB29 NWBK 6016 1331 9268 19]
see [https://portal.example.com/reset?token=abc123]
see [https://x.example.com/v/a8f7d6e5c4b3a2918273645]
my insta is [jane_doe88]
i am [@jane_doe] there
booking ref: [HX93KQ21]
my address is [192.168.12.44]
my iban is [gb29nwbk60161331926819]
refund to [de89 3704 0044 0532 0130 00]
see [https://facebook.com/jane.doe] and [t.me/jane_doe]
my snapchat [jane_doe88]
skype id [jane.doe7]
dob [26 11 1977]
D.O.B.: [18-05-36]
hospital number [H211693]
I'm [Björn O'Brien] and bald
I am [Jean-Luc Smythe-Barnacle], what is prp
what is prp? Name: [Ottoline Barnacle]
is it safe? hi im [sarah barnacle]
Surname: [Barnacle], first name: [Ottoline]"""

PLAIN = """\
NCT02849470 what is that study
PMID: 31534834
doi 10.1002/sctm.19-0304
what did the 2020 study find, 38 patients, 20 weeks
I am African American and losing hair
I am Norwood 3 and 25 years old
2000-3000 grafts how much
does 5% minoxidil or 1 mg finasteride work
my name is not important
is it 10 000 dollars or 15,000
between 150-2000 hairs
hair count rose 29 +/- 5 hairs per cm2 after 23 weeks
i lost hair 3 months on the road to recovery
I'm bald
i am male and 32
in this case 2020 study
vitamin b12 and d3 50000 iu
i had surgery on 12/03/2024
is PRP 2.0 better than FUE 3000 grafts in 2023
call me crazy but does it work
this is Telogen Effluvium right
Covid 19 vaccine hair loss 2021
i took 5 mg for 10 weeks
price 4500 to 10000 usd
https://www.aad.org/public/diseases/hair-loss
how long b4 i c results
i am fine here
call me now
where did it say once i signed up
is it 20 11 weeks or 2019
by 20 week trial 1234 hairs
my insta feed is full of hair ads
read it on facebook.com yesterday"""


@pytest.mark.parametrize("line", IDENTIFIERS.splitlines())
def test_an_identifier_goes_and_the_words_around_it_stay(line):
    text = line.replace("[", "").replace("]", "")
    found = redact(text)
    for secret in (part.partition("]")[0] for part in line.split("[")[1:]):
        assert secret.removeprefix("Mr ") not in found
    for words in ("hair loss", "what is prp", "losing hair", "London"):
        assert (words in found) == (words in text)


@pytest.mark.parametrize("text", PLAIN.splitlines())
def test_what_names_nobody_stays(text):
    assert redact(text) == text


def test_no_curated_answer_is_altered_on_its_way_to_the_store():
    library = Library.default()
    altered = [
        key
        for key, answer in library.answers.items()
        if _without_echoes(answer.text + " ", set()) != answer.text + " "
    ]
    assert altered == []


def test_no_phrase_of_the_project_is_altered_but_one_in_a_hundred():
    import yaml

    from hair_answers.operations.training import ROOT

    phrases = []
    for path in sorted((ROOT / "data").rglob("*.yml")):
        for entry in (yaml.safe_load(path.read_text()) or {}).get("nlu") or ():
            phrases += [
                line[2:] for line in str(entry.get("examples", "")).splitlines() if line.startswith("- ")
            ]
    altered = [phrase for phrase in phrases if redact(phrase) != phrase]
    assert len(phrases) > 1000
    assert len(altered) / len(phrases) < 0.01, altered[:20]


def test_no_question_of_real_people_is_altered_but_one_in_a_hundred():
    sets = ("in_domain", "oos_near", "safety")
    asked = [
        row["text"] for name in sets for row in real_questions(name)
    ]  # published nowhere: none in a bare clone
    far = (DATA / "clinc_oos" / "oos_dev.txt").read_text(encoding="utf-8").splitlines()
    own = (DATA.parent / "own_questions.tsv").read_text(encoding="utf-8").splitlines()
    for texts in (asked, far, own):
        altered = [text for text in texts if redact(text) != text]
        assert len(altered) <= len(texts) / 100, altered
    assert len(far) + len(own) > 400


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1",
        "1 ",
        "my name is ",
        "a.b@",
        "call ",
        "1-",
        "(1",
        "12 a ",
        "https://",
        "AB12 ",
        "jan 1 ",
        "@",
        "I am A ",
        "a at ",
    ],
)
def test_the_work_grows_with_the_length_alone(piece):
    def seconds(length):
        text = (piece * length)[:length]
        redact.cache_clear()
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    # Twice the text may take three times as long on a busy machine, never four squared.
    short, long = min(seconds(2_000) for _ in range(3)), min(seconds(16_000) for _ in range(3))
    assert long < max(short, 0.002) * 8 * 4


def test_the_card_check_is_luhn():
    assert passes_luhn("4111111111111111")
    assert not passes_luhn("4111111111111112")


def test_first_names_are_no_words_of_the_field():
    assert first_names().isdisjoint({"hair", "bald", "crown", "grace", "hope", "will", "male", "fine"})
