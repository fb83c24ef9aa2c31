"""What is written to the log, and to the conversation, when something failed."""

import logging

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered

logger = logging.getLogger(__name__)


async def store_failed_turn(agent: Agent, message: UserMessage, trouble: BotUttered) -> None:
    """Adds the sentence that was said instead of an answer to the conversation, and the message itself if its turn was lost."""
    processor = agent.processor
    if processor is None:
        return
    async with agent.lock_store.lock(message.sender_id):
        tracker = await processor.fetch_tracker_and_update_session(message.sender_id, message.output_channel)
        latest = tracker.latest_message
        if latest is None or latest.message_id != message.message_id:
            said = UserUttered(
                message.text,
                input_channel=message.input_channel,
                message_id=message.message_id,
                metadata=message.metadata,
            )
            events = [said, trouble, ActionExecuted("action_listen")]
            # The sentence keeps the time by which it has been shown.
            tracker.update_with_events(events, processor.domain, override_timestamp=False)
        else:
            tracker.update(trouble, processor.domain)
        await processor.save_tracker(tracker)
