"""The command line shared by `python -m trialguide` and `python -m tools`."""

import argparse
import importlib
import sys
from collections.abc import Mapping


def run_command(program: str, description: str, package: str, commands: Mapping[str, str]) -> int:
    """Runs the command named on the command line and returns its exit code.

    `commands` maps a module of the package, dotted, to its purpose; the last part of the module's name is the command.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    modules = {module.rpartition(".")[2]: module for module in commands}
    chosen = next((argument for argument in sys.argv[1:] if argument in modules), None)
    for name, module in modules.items():
        subparser = subparsers.add_parser(name, help=commands[module], description=commands[module])
        if name == chosen:
            # Only the chosen one is imported: some of them load TensorFlow.
            command = importlib.import_module(f"{package}.{module}")
            command.add_arguments(subparser)
            subparser.set_defaults(main=command.main)
    arguments = parser.parse_args()
    return int(arguments.main(arguments))
