"""Action that stores the rating of an answer."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.answers_said import Answer, last_answer, right_after_answer
from actions.database import in_database, reply_if_not_stored
from trialguide.content.catalogue import load_catalogue
from trialguide.runtime.messaging_settings import VARIABLES
from trialguide.storage import ratings
from trialguide.text.feedback import ParsedRating, load_rating_reader
from trialguide.text.masking import masked
from trialguide.text.sentences import without_questions

# At this rating or below, the person is asked for the reason.
LOW = 2


class ActionRateAnswer(Action):
    """Stores the stars given to an answer, by a choice below it or typed after it."""

    def __init__(self) -> None:
        self._reader = load_rating_reader()

    def name(self) -> str:
        return "action_rate_answer"

    @reply_if_not_stored
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        heard = tracker.latest_message
        chosen = (heard.get("metadata") or {}).get("about")
        rating = self._reader.read(heard.get("text") or "")
        answer = Answer(**chosen) if chosen else last_answer(tracker.events)
        # Messaging services number the choices, so a number alone is one of these there.
        may_be_bare = chosen or (tracker.get_latest_input_channel() not in VARIABLES and right_after_answer(tracker.events))
        if rating and rating.bare and not may_be_bare:
            dispatcher.utter_message(response="number_unclear")
        elif answer is None:
            dispatcher.utter_message(response="nothing_to_rate")
        elif rating is None:
            dispatcher.utter_message(response="how_to_rate")
        elif rating.stars is None:
            dispatcher.utter_message(response="no_rating")
        else:
            asked_on = heard["intent"]["name"] != "rate_answer"
            await _keep(dispatcher, tracker, answer, rating, rating.stars, asked_on)
        return []


async def _keep(
    dispatcher: CollectingDispatcher, tracker: Tracker, answer: Answer, rating: ParsedRating, stars: int, asked_on: bool
) -> None:
    comment = without_questions(rating.comment) if asked_on else rating.comment
    kept = ratings.Rating(answer.topic, answer.version, stars, masked(comment) or None)
    message_id = (tracker.latest_message.get("metadata") or {}).get("said")
    known = await in_database(lambda connection: ratings.rate(connection, tracker.sender_id, kept, message_id))
    title = load_catalogue().titles.get(answer.topic, "")
    said = "rated_anew" if known else "rated"
    dispatcher.utter_message(response=said, title=title, stars=stars, kept={"topic": answer.topic, "stars": stars})
    if kept.comment:
        dispatcher.utter_message(response="comment_kept_beside" if asked_on else "comment_kept")
    elif stars <= LOW and not asked_on:
        dispatcher.utter_message(response="reason_wanted", stars=stars)
