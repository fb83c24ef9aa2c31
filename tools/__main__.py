"""The one entry point of the tools: `python -m tools TOOL`."""

import argparse
import importlib
import sys

TOOLS = {
    "run": "start the assistant and keep it running until Ctrl-C",
    "shell": "talk to the assistant in this terminal",
    "setup": "build the sentence encoder and train the model, as far as they are missing",
    "check": "say what is wrong in the content files",
    "score": "measure how well questions are understood",
    "report": "say in one page what people ask, what was not understood and what they thought of the answers",
    "links": "look at every link in the content and the directory",
    "faults": "break what the assistant stands on, under load, and count what is lost",
    "replay": "replay many conversations with Locust, and count what is lost",
    "soak": "replay conversations for a quarter of an hour and watch the memory",
    "notify": "tell those who follow a topic that its answer has changed",
    "backup": "write all conversations into a file of JSON lines",
    "restore": "read what `backup` wrote into the database",
    "bench": "compare speed and memory with the stock Rasa bot",
}


def main() -> int:
    """Runs the tool that is named; its exit code is returned."""
    parser = argparse.ArgumentParser(prog="python -m tools", description="The tools of TrialGuide.")
    subparsers = parser.add_subparsers(dest="tool", required=True, metavar="TOOL")
    chosen = next((argument for argument in sys.argv[1:] if argument in TOOLS), None)
    for name, purpose in TOOLS.items():
        subparser = subparsers.add_parser(name, help=purpose, description=purpose)
        if name == chosen:
            # Only the chosen one is imported: some of them load TensorFlow.
            module = importlib.import_module(f"tools.{name}")
            module.add_arguments(subparser)
            subparser.set_defaults(main=module.main)
    arguments = parser.parse_args()
    return int(arguments.main(arguments))


if __name__ == "__main__":
    sys.exit(main())
