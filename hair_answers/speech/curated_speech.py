"""The speaking step: a curated answer with its source, grade, date and chips; the bot's own voice; misses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from hair_answers.knowledge import guided_check
from hair_answers.knowledge.answers import PREFIX, Answer
from hair_answers.knowledge.follow_ups import settle
from hair_answers.knowledge.library import Library
from hair_answers.knowledge.voice import Utterance
from hair_answers.operations import fast_actions, form_guard, logs
from hair_answers.speech import conversation, provenance
from hair_answers.speech.wording import NONE_OF_THESE, PLAIN_CHANNELS, Message, buttons, fill

CANDIDATES = 3  # offered in a did-you-mean
RECENT_TURNS = 4  # within which a repeated safety answer is worded differently
STARTERS = (
    "causes/overview",
    "procedure/overview",
    "benefits/overview",
    "drawbacks/overview",
    "research/does_it_work",
)
GUIDED_CHECK = {"title": "utter_start_check", "payload": "/guided_check/start"}
PERSON = {"title": "utter_talk_to_a_person", "payload": "/handoff/person"}
# Answers that lead to something the bot does, by the button that starts it.
DOORS = {"suitability/is_it_right_for_me": GUIDED_CHECK, "providers/this_clinic": PERSON}
ASK = "utter_ask_"
YES, NO = "utter_small_talk/affirm", "utter_small_talk/deny"


class CuratedSpeech(TemplatedNaturalLanguageGenerator):
    """Says curated answers by name (`utter_<topic>/<answer>`) and the bot's own voice (`utter_<what>`)."""

    def __init__(
        self,
        endpoint_config: EndpointConfig | None = None,
        domain: Domain | None = None,
        library: Library | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:
        """Load the knowledge; a broken content file stops the start with file, key and cure."""
        super().__init__(domain.responses if domain else {})
        self._library = library or Library.default()
        self._today = today
        # The speaking step is what every start of the bot loads, also `rasa test` and `rasa shell`.
        fast_actions.install()
        form_guard.install()
        logs.install()

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> Message | None:
        """Return the message for `utter_action`, or None when nothing of that name exists."""
        name = self._settled(utter_action, tracker)
        answer = self._library.answer(name.removeprefix(PREFIX))
        utterance = self._library.voice.get(name)
        if answer is not None:
            message = self._say_answer(answer, tracker, kwargs)
        elif utterance is not None:
            message = self._say_voice(utterance, tracker, kwargs)
        else:
            return await super().generate(utter_action, tracker, output_channel, **kwargs)
        if output_channel in PLAIN_CHANNELS and (line := message["metadata"].get("source_line")):
            message["text"] = f"{message['text']}\n\n{line}"
        return message

    def _settled(self, name: str, tracker: DialogueStateTracker) -> str:
        """Return the response to speak: what "yes" takes up, and the subject a full question left unsaid.

        Only for a plain question: what an action chose is spoken as it is.
        """
        understood = conversation.parse_data(tracker)
        key = name.removeprefix(PREFIX)
        if (understood.get("intent") or {}).get("name") != key.partition("/")[0]:
            return name
        context = conversation.context(tracker)
        if name in (YES, NO) and (offered := context.last.candidates):
            alone = offered[0] if len(offered) == 1 else None
            return "utter_rephrase" if name == NO else f"{PREFIX}{alone}" if alone else "utter_which_of_these"
        names = [(row["entity"], str(row["value"])) for row in understood.get("entities") or ()]
        said = (tracker.latest_message.text if tracker.latest_message else "") or ""
        return PREFIX + settle(key, said, names, context, self._library)

    # Curated answers ------------------------------------------------------------------------------------------

    def _say_answer(
        self, answer: Answer, tracker: DialogueStateTracker, values: Mapping[str, Any]
    ) -> Message:
        clinic = self._library.clinic
        metadata = provenance.provenance(answer, self._library.sources_of(answer))
        if provenance.is_withheld(answer, clinic, self._today()):
            metadata.update(withheld=True, sources=[], source_line="")
            return self._message(self._voice("utter_withheld"), values, metadata, ())
        if answer.topic == "safety":
            return self._say_safety(answer, tracker, values, metadata)
        text = answer.text
        if provenance.is_overdue(answer, clinic, self._today()):
            metadata["review_overdue"] = True
            text = f"{text}\n\n{self._voice('utter_review_overdue')}"
        if steps := self._steps(answer):
            metadata["steps"] = steps
        metadata["feedback"] = self._rating()
        return self._message(text, values, metadata, answer.related, DOORS.get(answer.key))

    def _rating(self) -> dict[str, Any]:
        """Return "was this helpful?" with its two payloads, for channels that draw it."""
        choices = (("utter_helpful", "/feedback/helpful"), ("utter_not_helpful", "/feedback/not_helpful"))
        rows = [{"title": self._voice(name), "payload": payload} for name, payload in choices]
        return {"title": self._voice("utter_ask_helpful"), "buttons": rows}

    def _say_safety(
        self, answer: Answer, tracker: DialogueStateTracker, values: Mapping[str, Any], metadata: Message
    ) -> Message:
        """Help first: the region's lines, no distracting chips at tier 0, and patience when it comes again."""
        tier = answer.extra.get("tier")
        turns = conversation.context(tracker).turns[:RECENT_TURNS]
        recent = [key for turn in turns for key in turn.answers]
        text = str(answer.extra.get("again") or answer.text) if answer.key in recent else answer.text
        metadata["safety"] = {"tier": tier, "rule": answer.extra.get("rule")}
        if tier in (0, 1):
            metadata["helplines"] = [
                {"name": line.name, "number": line.number, "kind": line.kind}
                for line in self._library.clinic.helplines()
            ]
        chips: Sequence[str] = () if tier == 0 else answer.related
        asked = (conversation.parse_data(tracker).get("safety") or {}).get("question")
        if asked and (question := self._library.answer(asked)):
            offer = fill(self._voice("utter_safety_then_question"), {"question": question.title})
            text = f"{text}\n\n{offer}"
            metadata["candidates"] = [asked]  # "yes" takes it up
            if tier != 0:  # in an emergency no button leads away from help
                chips = (asked, *chips)
        return self._message(text, values, metadata, chips)

    def _steps(self, answer: Answer) -> dict[str, Any] | None:
        """Return the procedure's steps, with the one this answer is about marked."""
        overview = self._library.answer("procedure/overview")
        if overview is None or answer.key not in (overview.key, *overview.lists):
            return None
        keys = list(overview.lists)
        return {
            "current": keys.index(answer.key) + 1 if answer.key in keys else None,
            "keys": keys,
            "titles": [self._library.answers[key].title for key in keys],
        }

    # The bot's own voice --------------------------------------------------------------------------------------

    def _say_voice(
        self, utterance: Utterance, tracker: DialogueStateTracker, values: Mapping[str, Any]
    ) -> Message:
        if utterance.name == "utter_did_you_mean":
            return self._offer(tracker, values)
        if utterance.name == "utter_which_of_these":
            return self._offer_again(tracker, values)
        if utterance.name == "utter_rephrase":
            return self._ask_to_rephrase(tracker, values)
        if (asked := utterance.name.removeprefix(ASK)) in guided_check.slots():
            return self._ask(utterance, guided_check.titles(asked), values)
        known = utterance.metadata
        metadata = {
            "answer": str(known.get("answer") or utterance.name.removeprefix(PREFIX)),
            "title": str(known.get("title") or ""),
            "related": list(known.get("related") or ()),
            "sources": [],
        }
        return self._message(utterance.text, values, metadata, metadata["related"])

    def _ask(self, utterance: Utterance, choices: Sequence[str], values: Mapping[str, Any]) -> Message:
        """Ask a form's question; a choice is sent as the words it shows."""
        metadata = {"answer": utterance.name.removeprefix(PREFIX), "sources": [], "related": []}
        message = self._message(utterance.text, values, metadata, ())
        return {**message, "buttons": [{"title": choice, "payload": choice} for choice in choices]}

    def _offer(self, tracker: DialogueStateTracker, values: Mapping[str, Any]) -> Message:
        """Ask which of up to three answers was meant; after a second miss, offer a person too."""
        ranking = conversation.parse_data(tracker).get("answer_ranking") or []
        candidates = [row["key"] for row in ranking if row["key"] in self._library.answers][:CANDIDATES]
        if not candidates:
            return self._ask_to_rephrase(tracker, values)
        text, missed = self._voice("utter_did_you_mean"), conversation.missed_before(tracker)
        if missed:
            text = f"{text}\n\n{self._voice('utter_second_offer')}"
        return self._offered(text, candidates, values, PERSON if missed else None)

    def _offer_again(self, tracker: DialogueStateTracker, values: Mapping[str, Any]) -> Message:
        candidates = conversation.context(tracker).last.candidates
        return self._offered(self._voice("utter_which_of_these"), candidates, values, None)

    def _offered(
        self, text: str, candidates: Sequence[str], values: Mapping[str, Any], door: Mapping[str, str] | None
    ) -> Message:
        metadata = {"answer": "fallback/did_you_mean", "candidates": list(candidates), "sources": []}
        message = self._message(text, values, metadata, candidates, door)
        none_of_these = {"title": self._voice("utter_none_of_these"), "payload": NONE_OF_THESE}
        message.setdefault("buttons", []).append(none_of_these)
        return message

    def _ask_to_rephrase(self, tracker: DialogueStateTracker, values: Mapping[str, Any]) -> Message:
        missed = conversation.missed_before(tracker)
        name = "utter_second_miss" if missed else "utter_rephrase"
        metadata = {"answer": "fallback/rephrase", "candidates": [], "sources": []}
        return self._message(self._voice(name), values, metadata, STARTERS, PERSON if missed else None)

    # Shared ---------------------------------------------------------------------------------------------------

    def _voice(self, name: str) -> str:
        return self._library.voice[name].text

    def _message(
        self,
        text: str,
        values: Mapping[str, Any],
        metadata: Message,
        chips: Sequence[str],
        door: Mapping[str, str] | None = None,
    ) -> Message:
        placeholders = {**values, **self._library.clinic.placeholders()}
        message: Message = {"text": fill(text, placeholders).strip(), "metadata": metadata}
        offered = buttons(chips, self._library)
        if door:
            offered.insert(0, {"title": self._voice(door["title"]), "payload": door["payload"]})
        # A message without chips carries no empty list: Rasa would send it as a buttons message.
        return {**message, "buttons": offered} if offered else message
