"""Entry point of the product: `python -m trialguide COMMAND`."""

import sys

from trialguide.commands.command_line import run_command

COMMANDS = {
    "run": "start the assistant and keep it running until Ctrl-C",
    "shell": "talk to the assistant in this terminal",
    "setup": "build the sentence encoder and train the model, as far as they are missing",
    "check": "report what is wrong in the content files",
    "sign": "record that a text was reviewed by a clinician, or checked against its sources",
    "report": "report on one page what people ask, what was not understood and how answers were rated",
    "links": "check every link in the content and the directory",
    "notify": "notify people who follow a topic that its answer has changed",
    "papers": "write drafts of the papers that whoever runs the assistant owes, such as the privacy notice",
    "copy": "print a copy of all that is kept of one person",
    "backup": "write all conversations into a file of JSON lines",
    "restore": "load the file that `backup` wrote into the database",
}


if __name__ == "__main__":
    sys.exit(run_command("trialguide", "The commands of TrialGuide.", "trialguide.commands", COMMANDS))
