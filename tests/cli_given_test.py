#!/usr/bin/env python3
"""What a command line leaves out and what it gets wrong: TIJORI_DIR, the configuration, what was meant
by a slip, help, and the completion of bash.

    cli_given_test.py BUILD_DIR
"""

import json
import os
import pty
import shutil

import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
TIJORI, AUDIT = os.path.join(BUILD, "tijori"), os.path.join(BUILD, "tijori-audit")
USAGE, INCOMPLETE, DATA, NO_INPUT, CONFIG = 2, 3, 65, 66, 78


def run(*arguments, code=0, says=(), silent=(), program=TIJORI, env=None, data=b""):
    """Runs a program whose home is here and who has no ledger of his own; all that it said."""
    environment = {k: v for k, v in os.environ.items() if k not in ("TIJORI_DIR", "XDG_CONFIG_HOME")}
    environment.update({"HOME": os.getcwd(), **(env or {})})
    done = subprocess.run([program, *arguments], capture_output=True, start_new_session=True, input=data,
                          env=environment)
    both = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode != code or any(s not in both for s in says) or any(s in both for s in silent):
        sys.exit(f"cli_given_test: {' '.join(arguments)}\n  exit code {done.returncode}, expected {code}; "
                 f"to say {list(says)}, not {list(silent)}; said:\n{both}")
    return both


def check(condition, what):
    if not condition:
        sys.exit("cli_given_test: " + what)


def write(name, text):
    os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(name, 0o644)
    return name


def make_ledgers():
    for name, kind in (("a", "ecdsa"), ("log", "ed25519")):
        run("key", "new", name + ".pem", "--type", kind)
    for name in ("one", "two"):
        run("genesis", "--origin", name + ".example", "--authority", "a.pem", "--threshold", "1", "--log-key",
            "log.pem", "-o", name + ".json")
        run("init", name, "--genesis", name + ".json", "--key", "a.pem")
    write("party.jsonl", json.dumps(
        {"kind": "register_party", "party": 1, "type": "auditor", "name": "Court"}) + "\n")


def test_directory_of_the_environment():
    one = {"TIJORI_DIR": "one"}
    run("status", env=one, says=["one.example"])
    run("status", "two", env=one, says=["two.example"])
    run("status", code=USAGE, says=["DIR is missing", "TIJORI_DIR"])
    run("status", code=USAGE, env={"TIJORI_DIR": ""}, says=["DIR is missing"])
    run("status", code=NO_INPUT, env={"TIJORI_DIR": "none"}, says=["none"])
    # Before other operands, needed ones and those that may be left out as well.
    run("show", "0", env=one, says=["entry 0"])
    run("show", "two", "0", env=one, says=["entry 0"])
    run("history", "1:0", code=NO_INPUT, env=one, says=["1:0"])
    run("balance", "1:0", code=NO_INPUT, env=one, says=["1:0"])
    run("balance", env=one)
    run("propose", "--party", "0", "party.jsonl", "-o", "one.tje", env=one)
    run("propose", "two", "--party", "0", "party.jsonl", "-o", "two.tje", env=one)
    run("propose", "--genesis", "one.json", "--party", "0", "--sequence", "1", "party.jsonl", "-o", "off.tje",
        env={"TIJORI_DIR": "none"})
    run("show", "one.tje", env=one, says=["Court"])
    for name in ("one", "two"):
        run("sign", name + ".tje", "--key", "a.pem")
    run("ingest", "two.tje", code=DATA, env=one, says=["LEDGER_ID"])
    run("ingest", "two", "two.tje", env=one, says=["1 accepted"])
    with open("one.tje", "rb") as file:
        run("ingest", env=one, data=file.read(), says=["1 accepted"])
    run("ingest", "nowhere", "one.tje", code=NO_INPUT, says=["nowhere"])
    # A ledger is made where one says.
    run("init", "--genesis", "one.json", "--key", "a.pem", code=USAGE, env={"TIJORI_DIR": "new"},
        says=["DIR is missing"])
    check(not os.path.exists("new"), "made a ledger where the environment says")


def test_configuration():
    own = write(".config/tijori/config", "# every day\n\n  dir = one\r\nformat=json\nparty = 0\n")
    run("status", says=['"one.example"'])
    run("status", "--format", "text", "two", says=["two.example"], silent=['"'])
    run("status", env={"TIJORI_DIR": "two"}, says=["two.example"])
    elsewhere = write("xdg/tijori/config", "dir = two\n")
    run("status", env={"XDG_CONFIG_HOME": os.path.abspath("xdg")}, says=["two.example"])
    run("status", env={"XDG_CONFIG_HOME": "xdg"}, says=["one.example"])  # XDG: absolute, or none
    run("status", "--config", elsewhere, says=["two.example"])
    run("status", "--config", "none", code=NO_INPUT, says=["none"])
    # It is told where a value came from, to who asks.
    run("status", silent=["line 4", own])
    run("status", "-v", says=["--format json", own + ", line 4", "DIR one"])
    run("status", "-v", "two", "--format", "text", says=["configuration is"], silent=["--format", "DIR"])
    run("status", "--verbose", env={"TIJORI_DIR": "two"}, says=["DIR two (TIJORI_DIR)"])
    # What is needed may stand there, and a list has a line each.
    write("c", "dir = one\nparty = 0\noutput = made.tje\nkey = a.pem\nkey = none.pem\n")
    run("propose", "party.jsonl", "--config", "c")
    run("sign", "made.tje", "--config", "c", code=NO_INPUT, says=["none.pem"])
    run("sign", "made.tje", "--config", "c", "--key", "a.pem")
    # Help reads nothing, and no more does the auditor.
    write(".config/tijori/config", "nonsense\n")
    run("status", "--help")
    run("status", "one", code=CONFIG, says=[own, "line 1", "option = value"])
    run("verify", "one", program=AUDIT, code=INCOMPLETE)
    run("verify", "one", "--config", "c", program=AUDIT, code=USAGE, says=["no option --config"])
    os.unlink(own)


def test_configuration_refused():
    for text, says in (
            ("\nformt = json\n", ["line 2", "'formt'", "did you mean 'format'"]),
            ("dir = one\nthreads = \n", ["line 2", "threads", "wants a value"]),
            ("passphrase = hunter2\n", ["line 1", "passphrase", "command line only"]),
            ("accept-clock = yes\n", ["accept-clock", "command line only"]),
            ("config = d\n", ["'config'", "no such option"]),
            ("format = xml\n", ["line 1", "text|json"]),
            ("format = text\nformat = json\n", ["line 2", "twice"]),
            ("= x\n", ["line 1", "no such option"]),
            ("dir = one\0\n", ["is no text"])):
        out = run("status", "one", "--config", write("c", text), code=CONFIG, says=says)
        check("hunter2" not in out, "a secret is shown")
    write("c", "dir = one\n")
    for mode in (0o664, 0o646):
        os.chmod("c", mode)
        run("status", "--config", "c", code=CONFIG, says=["others can write", "chmod"])
    os.chmod("c", 0o600)
    run("status", "--config", "c", says=["one.example"])
    if os.geteuid() == 0:  # another's home, as under sudo, says nothing; another's file, named, is refused
        write("home/.config/tijori/config", "nonsense")
        os.chown("home", 1234, 1234)
        run("status", "one", "-v", env={"HOME": os.path.abspath("home")}, says=["configuration is not there"])
        os.chown("c", 1234, 1234)
        run("status", "--config", "c", code=CONFIG, says=["others can write"])


def test_what_was_meant():
    for words, says in ((("stauts",), "'status'"), (("kye", "nwe"), "'key new'"), (("key", "nwe"), "'key new'"),
                        (("ingets", "--help"), "'ingest'"), (("help", "exprt"), "'export'"),
                        (("status", "one", "--fromat", "json"), "--format"),
                        (("status", "one", "--hepl"), "--help"),
                        (("status", "one", "--confg=x"), "--config")):
        run(*words, code=USAGE, says=["did you mean " + says])
    for words in (("xyzzy",), ("key", "destroy"), ("status", "one", "--colour")):
        run(*words, code=USAGE, silent=["did you mean"])
    run("ingest", "one", "--map-sizes", "1", code=USAGE, silent=["map-size?"])  # not shown to anybody
    run("verfy", "one", program=AUDIT, code=USAGE, says=["did you mean 'verify'"])
    run("verify", "one", "--log-kye", "x", program=AUDIT, code=USAGE, says=["did you mean --log-key"])


def test_help():
    for program, command in ((TIJORI, "sign"), (AUDIT, "verify")):
        out = run("help", command, program=program)
        check("Exit status:" not in out, "exit statuses in a command's help")
        check(out.index("\nArguments:") < out.index("\nOptions:") < out.index("-h, --help") < len(out) - 1000,
              "options come first")
        run("help", "exit", program=program, says=["Exit status:", "75", "try again"])
        man = run("--man", program=program)
        check(man.count(".SH EXIT STATUS") == 1 and "\\-\\-format" in man, "the man page")
    check(".SH OPTIONS OF EVERY COMMAND" in run("--man"), "--config in the man page")
    check("\\-\\-config" not in run("--man", program=AUDIT), "--config in the auditor's man page")


def completed(program, *words):
    """What bash offers for the last of these words."""
    script = subprocess.run([program, "completion", "bash"], capture_output=True, check=True).stdout.decode()
    name = os.path.basename(program)
    asked = (script + "\nCOMP_WORDS=(\"$@\")\nCOMP_CWORD=$(($# - 1))\n_" + name.replace("-", "_") +
             "\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n")
    done = subprocess.run(["bash", "-euc", asked, "bash", name, *words], capture_output=True, check=False)
    check(done.returncode == 0 and not done.stderr, f"bash: {done.stderr.decode()}")
    return done.stdout.decode().split()


def test_completion():
    for words, wanted in ((["sta"], ["status", "statement"]), (["key", "n"], ["new"]),
                          (["key", ""], ["--help", "new", "convert", "show"]),
                          (["key", "new", "x.pem", "--ty"], ["--type"]),
                          (["key", "new", "--type", "b"], ["bip340"]),
                          (["status", "one", "--f"], ["--format"]), (["help", "ex"], ["exit", "export"]),
                          (["status", "one", "--format", ""], ["text", "json"]),
                          (["status", "o"], [])):  # files, by bash itself
        check(completed(TIJORI, *words) == wanted, f"{words}: {completed(TIJORI, *words)}")
    check("--map-size" not in completed(TIJORI, "ingest", "--"), "what is for tests is offered")
    check(completed(AUDIT, "check-r") == ["check-receipt"], "the auditor's")
    check(completed(AUDIT, "verify", "x", "--log") == ["--log-key"], "the auditor's options")
    run("completion", "fish", code=USAGE, says=["bash", "zsh"])
    run("completion", code=USAGE)
    run("completion", "zsh", says=["#compdef tijori", "compadd"])


def on_terminal(*arguments, program=TIJORI, data=()):
    """What a program with a terminal for its standard error says there. `data`: what is written to it,
    with the seconds to wait before."""
    parent, child = pty.openpty()
    done = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                            stderr=child, start_new_session=True)
    os.close(child)
    for wait, part in data:
        time.sleep(wait)
        done.stdin.write(part)
        done.stdin.flush()
    done.stdin.close()
    said = b""
    try:
        while part := os.read(parent, 1000):
            said += part
    except OSError:
        pass  # the other end is closed
    os.close(parent)
    check(done.wait() == 0, f"{arguments}: {said}")
    return said.decode()


def test_progress():
    """From the second second on, in a line that is taken away again; before, and elsewhere, nothing."""
    with open("two.tje", "rb") as file:
        envelope = file.read()
    said = on_terminal("ingest", "two", data=((0, envelope), (2.2, envelope)))
    line, rest = said.split("\r", 1)
    check(line == "2 envelopes, 2 s" and rest.startswith(" " * len(line) + "\rtijori ingest: 0 accepted"), said)
    run("checkpoint", "two", "--log-key", "log.pem")
    for words in (("ingest", "two", "two.tje"), ("export", "two", "folder"), ("scrub", "two")):
        check("\r" not in on_terminal(*words).replace("\r\n", "\n"), words)
    quick = on_terminal("verify", "folder", "--log-key", run("key", "show", "log.pem", "--ledger", "two").split()[-1],
                        program=AUDIT)
    check("%" not in quick, quick)


def main():
    home = os.getcwd()
    scratch = tempfile.mkdtemp(prefix="tijori-given-")
    os.chdir(scratch)
    try:
        make_ledgers()
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test()
                print("passed:", name)
    finally:
        os.chdir(home)
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
