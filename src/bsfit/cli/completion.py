"""A script that makes a shell complete verbs, options, and names of models, data, parameters and observables.

bash: eval "$(bsfit completion bash)" in ~/.bashrc
zsh:  eval "$(bsfit completion zsh)" in ~/.zshrc, below compinit
fish: bsfit completion fish > ~/.config/fish/completions/bsfit.fish
"""

import argparse

from bsfit.cli import output
from bsfit.errors import BsfitInputError, one_of

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit completion`."""
    parser.add_argument("shell", nargs="?", metavar="SHELL", help=f"{', '.join(SHELLS)} (no default)")


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    if options.shell is None:
        raise BsfitInputError("no shell", field="SHELL", expected=", ".join(SHELLS))
    one_of(options.shell, SHELLS, "SHELL", "shell")
    from argcomplete.shell_integration import shellcode

    script = shellcode(["bsfit"], shell=options.shell)
    return output.report(options, [script], {"shell": options.shell, "script": script}, None)
