"""The quicker policies and the quicker runner give what Rasa's own give."""

from pathlib import Path

import pytest
from conftest import ROOT
from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.runner.dask import DaskGraphRunner

from trialguide.content.files import load_yaml
from trialguide.dialogue.graph_runner import SequentialGraphRunner
from trialguide.dialogue.rule_policy import TURNS, IntentRulePolicy
from trialguide.dialogue.story_policy import StoryPolicy


def steps(kind: str) -> list[list[dict[str, object]]]:
    files = (ROOT / "data" / kind).glob("*.yml")
    return [row["steps"] for file in files for row in load_yaml(file)[kind]]


def test_no_rule_is_written_in_a_users_own_words() -> None:
    assert not any("user" in step for rule in steps("rules") for step in rule)
    assert issubclass(IntentRulePolicy, RulePolicy)


def test_no_rule_reaches_back_further_than_the_policy() -> None:
    assert max(sum("intent" in step for step in rule) for rule in steps("rules")) <= TURNS


def test_the_rule_policy_predicts_what_rasas_own_predicts(model: Path, tmp_path: Path) -> None:
    from rasa.engine import loader
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.shared.core.generator import TrainingDataGenerator
    from rasa.shared.core.training_data.loading import load_data_from_files
    from rasa.shared.core.training_data.structures import StoryGraph

    metadata, runner = loader.load_predict_graph_runner(tmp_path, model, LocalModelStorage, SequentialGraphRunner)
    domain = metadata.domain
    node = next(node for name, node in runner._instantiated_nodes.items() if "IntentRulePolicy" in name)
    ours = node._component
    stock = RulePolicy.load(dict(ours.config), ours._model_storage, ours._resource, node._execution_context)
    files = [str(file) for folder in ("data/rules", "data/stories", "tests/stories") for file in (ROOT / folder).glob("*.yml")]
    graph = StoryGraph(load_data_from_files(files, domain))
    generator = TrainingDataGenerator(graph, domain, remove_duplicates=False, augmentation_factor=0)
    compared, after_fallback = 0, ours._fallback_action_name
    # Twice: what is found anew, and what is remembered.
    for story in generator.generate() * 2:
        for moment, *_ in story.generate_all_prior_trackers():
            if moment.latest_action_name == after_fallback:
                continue
            expected, found = (
                stock.predict_action_probabilities(moment, domain),
                ours.predict_action_probabilities(moment, domain),
            )
            assert (found.probabilities, found.events) == (expected.probabilities, expected.events)
            compared += 1
    assert compared > 200
    assert len(ours._predictions) < compared / 2


def test_every_story_ends_with_an_intent_that_the_story_policy_is_for() -> None:
    configured = load_yaml(ROOT / "config.yml")["policies"]
    intents = next(row["intents"] for row in configured if row["name"].endswith("StoryPolicy"))
    last = {[step["intent"] for step in story if "intent" in step][-1] for story in steps("stories")}
    assert last == set(intents)
    assert issubclass(StoryPolicy, MemoizationPolicy)


@pytest.mark.parametrize("message", ["what is a placebo", "find a clinic in Oslo", "i want to die", "qwertz", "", "x" * 2000])
def test_the_sequential_runner_gives_what_dask_gives(model: Path, message: str, tmp_path: Path) -> None:
    from rasa.core.channels.channel import UserMessage
    from rasa.engine import loader
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.shared.core.trackers import DialogueStateTracker

    parsed = []
    for runner_class in (DaskGraphRunner, SequentialGraphRunner):
        folder = tmp_path / runner_class.__name__
        folder.mkdir()
        metadata, runner = loader.load_predict_graph_runner(folder, model, LocalModelStorage, runner_class)
        inputs = {"__message__": [UserMessage(message, message_id="one")], "__tracker__": DialogueStateTracker("me", None)}
        result = runner.run(inputs=inputs, targets=[metadata.nlu_target])
        parsed.append(result[metadata.nlu_target][0].as_dict())
    assert parsed[0] == parsed[1]
