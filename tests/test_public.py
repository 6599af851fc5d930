"""The public face: signatures of `bsfit.__all__`, verbs and their options, as stored, so that a diff shows a change.

Where a change is meant, ``python tests/test_public.py > tests/reference/public.txt`` stores the new face; the diff goes
into CHANGELOG.md. Annotations are left out: they are printed differently from one Python to the next.
"""

import argparse
import importlib
import inspect
import sys
from pathlib import Path
from unittest import mock

import bsfit
from bsfit import cli
from bsfit.cli.options import parse

STORED = Path(__file__).parent / "reference" / "public.txt"


def signature(function):
    """Names, kinds and defaults of the arguments; a default that is no plain value is ``...``."""
    if inspect.isclass(function) and issubclass(function, Warning):
        return ""  # made by Python alone
    bare = []
    for parameter in inspect.signature(function).parameters.values():
        default = parameter.default
        plain = default is parameter.empty or default is None or isinstance(default, str | bool | int | float | tuple)
        bare.append(parameter.replace(annotation=parameter.empty, default=default if plain else ...))
    return str(inspect.Signature(bare)).replace("Ellipsis", "...")


def python():
    """One line for each function, class and public method."""
    for name in sorted(bsfit.__all__):
        what = getattr(bsfit, name)
        if not callable(what):
            continue
        yield f"bsfit.{name}{signature(what)}"
        if inspect.isclass(what):
            for key, member in sorted(vars(what).items()):
                if not key.startswith("_") and (callable(member) or isinstance(member, classmethod | property)):
                    arguments = "" if isinstance(member, property) else signature(getattr(what, key))
                    yield f"bsfit.{name}.{key}{arguments}"


def command_line():
    """One line for each verb, then one for each of its arguments and options."""
    for verb, (module, line) in cli.VERBS.items():
        yield f"bsfit {verb}: {line}"
        with mock.patch.object(argparse.ArgumentParser, "print_help", autospec=True) as shown:
            parse(verb, line, importlib.import_module(module), ["--help"])
        for action in shown.call_args.args[0]._actions:
            takes = "" if action.nargs == 0 else action.metavar
            many = action.nargs or ("..." if type(action).__name__ == "_AppendAction" else "")
            yield "    " + " ".join(filter(None, (", ".join(action.option_strings), f"{takes}{many or ''}")))


def face():
    """All lines."""
    return [*python(), "", *command_line()]


def test_public_face_is_the_stored_one():
    found, stored = face(), STORED.read_text().splitlines()
    assert found == stored, "if this change is meant: python tests/test_public.py > tests/reference/public.txt"


if __name__ == "__main__":
    sys.stdout.write("\n".join(face()) + "\n")
