"""Entry point of the developers' tools: `python -m tools COMMAND`."""

import sys

from trialguide.commands.command_line import run_command

COMMANDS = {
    "evaluation.score": "measure how well questions are understood",
    "evaluation.kinds": "measure understanding by kind of message, on messages written without sight of the examples",
    "reliability.faults": "inject faults into the services under load, and count what is lost",
    "reliability.fuzz": "send thousands of mutated HTTP requests to both servers, and check that both go on answering",
    "reliability.replay": "replay many conversations against two servers, and count what is lost",
    "reliability.soak": "replay conversations for a quarter of an hour and watch the memory",
    "benchmarks.bench": "compare speed and memory with the stock Rasa bot or another revision",
    "encoder.encoder": "make the layers of the sentence encoder anew, from a larger encoder and the examples",
    "supply_chain.sbom": "write the software bill of materials of what runs, in CycloneDX JSON",
    "supply_chain.advisories": "check the locked packages against the advisories of OSV",
}


if __name__ == "__main__":
    sys.exit(run_command("tools", "The developers' tools of TrialGuide.", "tools", COMMANDS))
