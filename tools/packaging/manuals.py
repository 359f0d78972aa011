#!/usr/bin/env python3
"""Makes man pages, bash completion and the example configuration from the output of the programs.

  tools/packaging/manuals.py BIN_DIR OUT_DIR PROGRAM…

The sources are `--help` of each program and of its subcommands, and `--check-config` of order-engine.
Writes OUT_DIR/PROGRAM.1.gz, OUT_DIR/completions/PROGRAM and OUT_DIR/order-engine.conf.
"""
import dataclasses
import gzip
import os
import pathlib
import re
import subprocess
import sys

CLEAN = {"PATH": os.environ.get("PATH", "")}  # without the OEE_ variables of the build environment


@dataclasses.dataclass
class Flag:
    names: list  # "-f", "--follow"; or the name of a positional
    value: str   # the placeholder of its value: "FILE", "text|json"; empty: a switch
    text: str
    variable: str = ""


@dataclasses.dataclass
class Command:
    name: str
    about: str
    usage: str
    notes: str
    positionals: list
    flags: list
    commands: list  # of Command


def output_of(program, *words):
    run = subprocess.run([program, *words], capture_output=True, text=True, env=CLEAN, timeout=30)
    if run.returncode != 0:
        sys.exit(f"manuals.py: {program} {' '.join(words)} ended with {run.returncode}: {run.stderr.strip()}")
    return run.stdout


def entries(lines):
    """(head, text) of the entries of a section. The text follows the head or is on the lines below it."""
    found = []
    for line in lines:
        if re.match(r" {2}\S", line):
            head, _, text = re.sub(r" {2,}", "\t", line[2:], count=1).partition("\t")
            found.append([head, text.strip()])
        elif line.strip() and found:
            found[-1][1] = (found[-1][1] + " " + line.strip()).strip()
    return found


def flag_of(head, text):
    # CLI11 may put one space only between a long head and its text: "DIR TEXT (Env:X) data directory".
    variable = re.search(r" \(Env:(\w+)\)\s*", head)
    if variable:
        head, behind = head[:variable.start()], head[variable.end():]
        text = (behind + " " + text).strip()
    names, _, value = head.partition(" ")
    text += " (required)" if "REQUIRED" in value else ""
    value = re.sub(r"\s*(REQUIRED|Needs:.*|Excludes:.*|\.\.\.)\s*", "", value)
    default = re.match(r"(.*?)=(.*)", value)
    if default:
        value, text = default.group(1), f"{text} ({default.group(2)})"
    value = value.split(":")[0] if re.match(r"(UINT|INT|FLOAT):", value) else value
    value = {"UINT": "N", "INT": "N", "FLOAT": "X", "TEXT": "TEXT"}.get(value, value)
    return Flag(names.split(","), value, text, variable.group(1) if variable else "")


def read(program, *path):
    lines = output_of(program, *path, "--help").rstrip().split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("Usage: "))
    sections, notes, section = {}, [], None
    for line in lines[at + 1:]:
        heading = re.fullmatch(r"(Positionals|Options|Subcommands):", line)
        if heading:
            section = sections.setdefault(heading.group(1), [])
        elif line.startswith("  ") and section is not None and not notes:
            section.append(line)
        elif line.strip():
            notes.append(line)
    parsed = {name: [flag_of(*entry) for entry in entries(found)] for name, found in sections.items()
              if name != "Subcommands"}
    name = path[-1] if path else pathlib.Path(program).name
    return Command(name, "\n".join(lines[:at]), lines[at].removeprefix("Usage: "), "\n".join(notes),
                   parsed.get("Positionals", []), parsed.get("Options", []),
                   [read(program, *path, head) for head, _ in entries(sections.get("Subcommands", []))])


# --- man page


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def man_flags(flags):
    out = []
    for flag in flags:
        head = ", ".join(rf"\fB{roff(name)}\fR" for name in flag.names)
        value = rf" \fI{roff(flag.value)}\fR" if flag.value and flag.value != "TEXT" else ""
        value = r" \fITEXT\fR" if flag.value == "TEXT" and flag.names[0].startswith("-") else value
        text = flag.text + (f" [{flag.variable}]" if flag.variable else "")
        out.append(f".TP\n{head}{value}\n{roff(text)}")
    return out


def man_page(command, version, others):
    about, _, more = command.about.partition(".")
    first = " ".join(about.split())
    out = [f'.TH {command.name.upper()} 1 "" "order-engine {version}" "User Commands"',
           ".SH NAME", roff(f"{command.name} - {first[:1].lower()}{first[1:]}"),
           ".SH SYNOPSIS", rf"\fB{roff(command.name)}\fR {roff(command.usage.partition(' ')[2])}"]
    if more.strip():
        out += [".SH DESCRIPTION", roff(more.strip())]
    for title, flags in (("ARGUMENTS", command.positionals), ("OPTIONS", command.flags)):
        if flags:
            out += [f".SH {title}", *man_flags(flags)]
    if command.commands:
        out.append(".SH COMMANDS")
        for each in command.commands:
            out += [f".SS {roff(each.usage)}", roff(each.about), *man_flags(each.positionals + each.flags)]
    if command.notes:
        out += [".SH NOTES", roff(command.notes)]
    out += [".SH SEE ALSO", ",\n".join(rf".BR {roff(name)} (1)".replace(".BR ", r"\fB").replace(" (1)", r"\fR(1)")
                                       for name in others if name != command.name)]
    return "\n".join(out) + "\n"


# --- completion


def value_words(flag):
    """The command that completes this flag's value."""
    if "|" in flag.value:
        return f"COMPREPLY=($(compgen -W '{flag.value.replace('|', ' ')}' -- \"$cur\"))"
    if flag.value in ("DIR", "TARGET"):
        return "COMPREPLY=($(compgen -d -- \"$cur\"))"
    if flag.value == "FILE":
        return "COMPREPLY=($(compgen -f -- \"$cur\"))"
    return "COMPREPLY=()"


def completion(command):
    name = "_" + command.name.replace("-", "_")
    flags = {"": command.flags, **{each.name: each.flags for each in command.commands}}
    of_values = {}
    for flag in (flag for some in flags.values() for flag in some if flag.value):
        of_values.setdefault(value_words(flag), set()).update(flag.names)
    out = [f"# bash completion of {command.name}, made from its --help.", f"{name}() {{",
           "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word flags",
           "  case $prev in"]
    for complete, names in of_values.items():
        out.append(f"    {' | '.join(sorted(names))}) {complete}; return ;;")
    out.append("  esac")
    if command.commands:
        pattern = " | ".join(each.name for each in command.commands)
        out += ['  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
                f"    case $word in {pattern}) command=$word ;; esac", "  done"]
    out.append("  case $command in")
    for each, some in flags.items():
        out.append(f"    {each or repr('')}) flags='{' '.join(n for flag in some for n in flag.names)}' ;;")
    out.append("  esac")
    words = " ".join(each.name for each in command.commands)
    takes_dir = any(flag.names == ["DIR"] for flag in command.positionals)
    out += ["  if [[ $cur == -* ]]; then", '    COMPREPLY=($(compgen -W "$flags" -- "$cur"))', "  else",
            f"    COMPREPLY=($([ -n \"$command\" ] || compgen -W '{words}' -- \"$cur\""
            + ('; compgen -d -- "$cur"' if takes_dir else "") + "))", "  fi", "}",
            f"complete -o filenames -F {name} {command.name}"]
    return "\n".join(out) + "\n"


# --- configuration


def example_config(engine, command, set_here):
    """Every key with its help and default, as a comment, except the keys of `set_here`."""
    helps = {flag.names[-1].removeprefix("--"): flag.text for flag in command.flags}
    out = ["# Settings of order-engine(1). Every key is here with its default; remove the # to change one.",
           "# Order: flag, environment (OEE_DATA_DIR), this file, default. Print the result with",
           "#   order-engine --config /etc/order-engine/order-engine.conf --check-config"]
    for line in output_of(engine, "--check-config").splitlines():
        setting = re.match(r"([\w-]+) = (.*?) +# ", line)
        key, value = setting.group(1), setting.group(2)
        text, _, default = helps[key].rpartition(" (")
        if text and default.endswith(")"):  # the default of --help; --check-config prints this machine's number of cores
            value = f'"{default[:-1]}"' if value.startswith('"') else default[:-1]
        out += ["", f"# {helps[key]}"]
        out.append(f'{key} = "{set_here[key]}"' if key in set_here else f"#{key} = {value}")
    return "\n".join(out) + "\n"


def write_gz(path, text):
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.encode())


def main(bin_dir, out_dir, *programs):
    out = pathlib.Path(out_dir)
    (out / "completions").mkdir(parents=True, exist_ok=True)
    version = output_of(f"{bin_dir}/order-engine", "--version").split()[-1]
    for name in programs:
        command = read(f"{bin_dir}/{name}")
        write_gz(out / f"{name}.1.gz", man_page(command, version, programs))
        (out / "completions" / name).write_text(completion(command))
        if name == "order-engine":
            (out / "order-engine.conf").write_text(
                example_config(f"{bin_dir}/{name}", command, {"data-dir": "/var/lib/order-engine"}))
    write_gz(out / "changelog.gz", f"order-engine ({version}) unstable; urgency=medium\n\n"
             "  * Built from the source tree, which contains the history.\n\n"
             " -- The authors of order-engine <order-engine@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
