"""Completion: shells are offered verbs, options, and the names that may stand there, without JAX."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time

import pytest
from argcomplete import CompletionFinder

from bsfit import catalogue, cli
from bsfit.cli.completing import parser


def completions(line):
    """What may stand at the end of a line."""
    finder, found, typed = CompletionFinder(parser(cli.VERBS, line)), [], line.removeprefix("bsfit ")
    while (whole := finder.rl_complete(typed, len(found))) is not None:
        found.append(whole[len(typed.rpartition(" ")[0]) :].strip().lstrip("'"))
    return found


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("bsfit pre", {"predict"}),
        ("bsfit ", {"fit", "scan", "validate", "rerun", "completion"}),
        ("bsfit fit --mod", {"--model"}),
        ("bsfit fit --model fermio", {"fermiophobic"}),
        ("bsfit fit --data lfu-2", {"lfu-2017", "lfu-2021"}),
        ("bsfit fit --data lfu,mixi", {"lfu,mixing"}),
        ("bsfit fit --data cms-rk", {"cms-rk-2024"}),
        ("bsfit fit --scenario C10", {"C10mu"}),
        ("bsfit fit --free C9_bsm", {"C9_bsmumu", "C9_bsmumu_im", "C9_bsmue"}),
        ("bsfit predict --model portal --set m_Z", {"m_Zp="}),
        ("bsfit predict --input V_c", {"V_cb="}),
        ("bsfit predict DeltaM_s/", {"DeltaM_s/SM"}),
        ("bsfit predict --model portal Gamma_", {"Gamma_Zp"}),
        ("bsfit fit --inputs hel", {"helicity"}),
        ("bsfit fit --theory s", {"sampled"}),
        ("bsfit fit --nuisances '!for", {"!form factors"}),
        ("bsfit list obs", {"observables"}),
        ("bsfit list observables --process b_to_k", {"b_to_k_ll"}),
        ("bsfit list observables --lepton t", {"tau"}),
        ("bsfit show seed-2", {"seed-2017"}),
        ("bsfit table --sort p", {"pull"}),
        ("bsfit validate pro", {"profile"}),
        ("bsfit completion z", {"zsh"}),
        ("bsfit scan C10mu", {"C10mu="}),
    ],
)
def test_names_are_offered(line, offered):
    found = set(completions(line))
    assert offered <= found
    last = line.rpartition(" ")[2].lstrip("'")
    assert all(word.startswith(last) for word in found)


def test_all_observables_are_offered_and_read():
    found = {word.replace("\\", "").strip("'") for word in completions("bsfit predict '")}
    assert "<P5p>(B0->K*mumu)[1.1,6]" in found
    for name in found - {"--help"}:
        assert name in catalogue.COEFFICIENTS or name.startswith("-") or catalogue.observable(name)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_printed(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    assert "bsfit" in capsys.readouterr().out


@pytest.mark.parametrize(("words", "complaint"), [([], "no shell; expected bash"), (["bsh"], "did you mean 'bash'")])
def test_other_shells_are_refused(words, complaint, capsys):
    assert cli.main(["completion", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_names_are_offered_without_jax():
    code = (
        "import sys; from bsfit.cli import VERBS; from bsfit.cli.completing import parser\n"
        "from argcomplete import CompletionFinder\n"
        "def offered(line): return CompletionFinder(parser(VERBS, line)).rl_complete(line, 0).strip()\n"
        "assert offered('pre') == 'predict'\n"
        "assert offered('fit --model port') == 'fit --model portal'\n"
        "assert not {'jax', 'numpy'} & set(sys.modules), 'numpy'\n"
        "assert offered('fit --data lfu-2')\n"
        "assert 'jax' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("bsfit")), reason="needs bash and the program")
def test_bash_completes():
    line = "bsfit fit --model fermiop"
    script = (
        'eval "$(bsfit completion bash)"\n'
        f"COMP_LINE='{line}' COMP_POINT={len(line)} COMP_TYPE=9 COMP_WORDS=({line}) COMP_CWORD=3\n"
        '_python_argcomplete bsfit fermiop --model; echo "found: ${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "found: fermiophobic", done.stderr


def shown(command, setup, line, wanted):
    """What an interactive shell shows after a line and a tab, until `wanted` stands there or half a minute is over."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    shell = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
    os.close(slave)

    def until(word):
        seen, end = "", time.monotonic() + 30.0
        while word not in seen and time.monotonic() < end:
            if select.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 4096).decode(errors="replace")
        return seen

    try:
        os.write(master, f"{setup}; echo re''ady\n".encode())
        assert "ready" in until("ready")
        os.write(master, f"{line}\t".encode())
        return until(wanted)
    finally:
        shell.kill()
        shell.wait()
        os.close(master)


@pytest.mark.skipif(not (shutil.which("zsh") and shutil.which("bsfit")), reason="needs zsh and the program")
def test_zsh_completes():
    setup = 'autoload -Uz compinit; compinit -u -D; eval "$(bsfit completion zsh)"'
    found = shown(["zsh", "-f", "-i"], setup, "bsfit fit --model fermiop", "fermiophobic")
    assert "fermiophobic" in found


@pytest.mark.skipif(not (shutil.which("fish") and shutil.which("bsfit")), reason="needs fish and the program")
def test_fish_completes():
    for line, word in (("bsfit fit --model fermiop", "fermiophobic"), ("bsfit pre", "predict")):
        script = f"bsfit completion fish | source; complete --do-complete '{line}'"
        done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=120)
        assert word in done.stdout, done.stderr
