"""Actions to follow topics, to list the followed topics and to stop following them."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.answers_said import last_answer
from actions.database import in_database, reply_if_not_stored
from trialguide.content.answer_versions import answer_versions
from trialguide.content.catalogue import load_catalogue
from trialguide.content.wording import buttons, fill, load_words
from trialguide.runtime.messaging_settings import VARIABLES
from trialguide.storage.follows import follow, topics_followed, unfollow

# The confirmation by channel, which says how news arrive; others are for other messaging services and the website.
CONFIRMATIONS = {"whatsapp": "followed_for_a_day", "messenger": "followed_for_a_day"}
# An SMS costs money, and the number may belong to another person by then.
WITHOUT_NEWS = frozenset({"sms"})


class ActionFollowTopic(Action):
    """Follows the topic that the message names, or that of the last answer."""

    def name(self) -> str:
        return "action_follow_topic"

    @reply_if_not_stored
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        channel, topic = tracker.get_latest_input_channel() or "", topic_meant(tracker)
        if channel in WITHOUT_NEWS:
            dispatcher.utter_message(response="cannot_follow")
        elif topic is None:
            dispatcher.utter_message(response="nothing_to_follow")
        else:
            sender, version = tracker.sender_id, answer_versions()[topic]
            said = (tracker.latest_message.get("metadata") or {}).get("said")
            is_new = await in_database(lambda connection: follow(connection, sender, topic, version, said))
            confirmation = CONFIRMATIONS.get(channel, "followed" if channel in VARIABLES else "followed_for_a_visit")
            response = confirmation if is_new else "followed_already"
            kept = {"topic": topic, "followed": True}
            dispatcher.utter_message(response=response, title=load_catalogue().titles[topic], kept=kept)
        return []


class ActionUnfollowTopic(Action):
    """Stops following the topic that the message names, all topics, or the only one that can be meant."""

    def name(self) -> str:
        return "action_unfollow_topic"

    @reply_if_not_stored
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        sender, titles = tracker.sender_id, load_catalogue().titles
        followed = await in_database(lambda connection: topics_followed(connection, sender))
        topic = topic_to_unfollow(tracker, followed)
        if not followed:
            dispatcher.utter_message(response="follow_nothing")
        elif tracker.latest_message.get("everything"):
            await in_database(lambda connection: unfollow(connection, sender))
            dispatcher.utter_message(response="unfollowed_all", kept={"followed": False})
        elif topic is None:
            dispatcher.utter_message(response="which_to_unfollow", buttons=buttons(unfollow_titles(followed)))
        elif topic not in followed:
            dispatcher.utter_message(response="not_followed", title=titles[topic], buttons=buttons(unfollow_titles(followed)))
        else:
            await in_database(lambda connection: unfollow(connection, sender, [topic]))
            kept = {"topic": topic, "followed": False}
            dispatcher.utter_message(response="unfollowed", title=titles[topic], kept=kept)
        return []


class ActionMyFollows(Action):
    """Lists the followed topics, each with a button to stop following it."""

    def name(self) -> str:
        return "action_my_follows"

    @reply_if_not_stored
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        sender, titles = tracker.sender_id, load_catalogue().titles
        followed = await in_database(lambda connection: topics_followed(connection, sender))
        if followed:
            listed = "\n".join(titles.get(topic, topic) for topic in followed)
            dispatcher.utter_message(response="follows", titles=listed, buttons=buttons(unfollow_titles(followed)))
        else:
            dispatcher.utter_message(response="follow_nothing")
        return []


def topic_meant(tracker: Tracker) -> str | None:
    """The topic of the latest message, or else that of the last answer."""
    named = tracker.latest_message.get("topics") or []
    answer = last_answer(tracker.events)
    topic = named[0] if named else answer.topic if answer else None
    return topic if topic in load_catalogue().topics else None


def topic_to_unfollow(tracker: Tracker, followed: list[str]) -> str | None:
    """The topic to stop following: the named one, that of the last answer, or the only followed one."""
    named = tracker.latest_message.get("topics") or []
    answer = last_answer(tracker.events)
    if named:
        return str(named[0])
    if answer and answer.topic in followed:
        return answer.topic
    return followed[0] if len(followed) == 1 else None


def unfollow_titles(followed: list[str]) -> list[str]:
    """The titles of the buttons to stop following each topic and, if there are several, all of them."""
    words, titles = load_words(), load_catalogue().titles
    each = [fill(words["unfollow_named_choice"]["text"], {"title": titles.get(topic, topic)}) for topic in followed]
    return [*each, words["unfollow_all_choice"]["text"]] if len(each) > 1 else each
