"""Storage of failed turns."""

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered


async def store_failed_turn(agent: Agent, message: UserMessage, failure: BotUttered) -> None:
    """Appends the failure sentence to the conversation, and the message before it if its turn was lost."""
    processor = agent.processor
    if processor is None:
        return
    async with agent.lock_store.lock(message.sender_id):
        tracker = await processor.fetch_tracker_and_update_session(message.sender_id, message.output_channel)
        latest = tracker.latest_message
        if latest is None or latest.message_id != message.message_id:
            lost = UserUttered(
                message.text,
                input_channel=message.input_channel,
                message_id=message.message_id,
                metadata=message.metadata,
            )
            events = [lost, failure, ActionExecuted("action_listen")]
            # The timestamp is the id under which the sentence was shown.
            tracker.update_with_events(events, processor.domain, override_timestamp=False)
        else:
            tracker.update(failure, processor.domain)
        await processor.save_tracker(tracker)
