"""gossamer completion: print a script with which a shell completes commands, flags and their values."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import Final

from gossamer.cli.command_table import CommandRow, FlagRow, commands
from gossamer.cli.stdout import put

_DIRECTORIES: Final = ("DIR",)
"""Placeholders that stand for a directory."""
_FILES: Final = ("FILE", "PATH")
"""Placeholders that stand for a file."""


def run(chosen: Namespace) -> int:
    """Print the script and return the exit code."""
    put({"bash": bash, "zsh": zsh, "fish": fish}[chosen.shell](commands()))
    return 0


def _argument(command: CommandRow) -> FlagRow | None:
    """Return the argument without a flag that a shell can complete; None where there is none."""
    found = [row for row in command.rows if not row.spellings and (row.choices or _is_path(row))]
    return found[0] if found else None


def _is_path(row: FlagRow) -> bool:
    return row.metavar in _DIRECTORIES + _FILES


# ---------------------------------------------------------------- bash


def bash(table: tuple[CommandRow, ...]) -> str:
    """Return the script for bash, from version 3.2 on."""
    verbs = [command.verb for command in table]
    arms = "\n".join(line for command in table for line in _bash_command(command))
    crawl = next(command for command in table if command.verb == "crawl")
    return _BASH.format(verbs=" ".join(verbs), either="|".join(verbs), arms=arms, flags=_bash_flags(crawl))


def _bash_flags(command: CommandRow) -> str:
    return " ".join(spelling for row in command.rows for spelling in row.spellings)


def _bash_command(command: CommandRow) -> Iterator[str]:
    yield f"        {command.verb})"
    yield f'            flags="{_bash_flags(command)}"'
    argument = _argument(command)
    if argument is not None:
        yield f"            argument={_bash_kind(argument)}"
    by_kind: dict[str, list[str]] = {}
    for row in command.rows:
        if row.metavar:
            by_kind.setdefault(_bash_kind(row), []).extend(row.spellings)
    yield '            case "$before" in'
    for kind, spellings in by_kind.items():
        if spellings:
            yield f"                {'|'.join(spellings)}) value={kind} ;;"
    yield "            esac"
    yield "            ;;"


def _bash_kind(row: FlagRow) -> str:
    """Return what completes a value: words, "directories", "files" or "nothing"."""
    if row.choices:
        return f'"{" ".join(row.choices)}"'
    if row.metavar in _DIRECTORIES:
        return "directories"
    return "files" if row.metavar in _FILES else "nothing"


_BASH: Final = """\
# Completion of gossamer for bash: source <(gossamer completion bash)
_gossamer() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    local verb="" word="" flags="" argument="" value="" IFS=$' \\t\\n'
    COMPREPLY=()
    # bash takes --flag=value for three words
    if [[ $current == "=" ]]; then
        current=""
    elif [[ $before == "=" && $COMP_CWORD -ge 2 ]]; then
        before="${{COMP_WORDS[COMP_CWORD-2]}}"
    fi
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in
            {either}) verb="$word"; break ;;
        esac
    done
    case "$verb" in
{arms}
        *)
            flags="{flags} --version"
            argument="{verbs}"
            ;;
    esac
    if [[ -z $value ]]; then
        if [[ $current == -* ]]; then
            value="$flags"
        else
            value="$argument"
        fi
    fi
    case "$value" in
        nothing|"") ;;
        directories|files)
            local way=-f
            [[ $value == directories ]] && way=-d
            IFS=$'\\n'
            COMPREPLY=($(compgen "$way" -- "$current"))
            compopt -o filenames 2>/dev/null
            ;;
        *) COMPREPLY=($(compgen -W "$value" -- "$current")) ;;
    esac
    return 0
}}
complete -F _gossamer gossamer
"""

# ---------------------------------------------------------------- zsh


def zsh(table: tuple[CommandRow, ...]) -> str:
    """Return the script for zsh."""
    verbs = "\n".join(f"        '{_quoted(command.verb)}:{_quoted(command.about)}'" for command in table)
    arms = "\n".join(line for command in table for line in _zsh_command(command))
    return _ZSH.format(verbs=verbs, arms=arms)


def _zsh_command(command: CommandRow) -> Iterator[str]:
    yield f"        {command.verb})"
    yield "            _arguments -s \\"
    for row in command.rows:
        if row.spellings or row is _argument(command):  # one that cannot be completed would only be announced
            yield f"                {_zsh_row(row)} \\"
    yield "                && return 0"
    yield "            ;;"


def _zsh_row(row: FlagRow) -> str:
    value = f":{_zsh_text(row.metavar)}:{_zsh_kind(row)}" if row.metavar else ""
    if not row.spellings:
        return f"'{'*' if row.repeated else ''}{value}'"
    about = f"[{_zsh_text(row.meaning)}]"
    excluded = "*" if row.repeated else f"({' '.join(row.spellings)})"
    if len(row.spellings) == 1:
        return f"'{excluded}{row.spellings[0]}{about}{value}'"
    return f"'{excluded}'{{{','.join(row.spellings)}}}'{about}{value}'"


def _zsh_kind(row: FlagRow) -> str:
    if row.choices:
        return f"({' '.join(row.choices)})"
    if row.metavar in _DIRECTORIES:
        return "_files -/"
    return "_files" if row.metavar in _FILES else " "


def _zsh_text(text: str) -> str:
    """Return a text within a specification of `_arguments`, within single quotes."""
    for special in "\\[]:":
        text = text.replace(special, f"\\{special}")
    return _quoted(text)


def _quoted(text: str) -> str:
    return text.replace("'", "'\\''")


_ZSH: Final = """\
#compdef gossamer
# Completion of gossamer for zsh: source <(gossamer completion zsh), or a file _gossamer in a directory of $fpath
_gossamer() {{
    local -a verbs
    verbs=(
{verbs}
    )
    local index
    for (( index = 2; index < CURRENT; index++ )); do
        if (( ${{verbs[(I)$words[index]:*]}} )); then
            local verb=$words[index]
            shift $(( index - 1 )) words
            (( CURRENT -= index - 1 ))
            _gossamer_verb $verb
            return
        fi
    done
    if [[ $words[CURRENT] == -* ]]; then
        _gossamer_verb crawl
    else
        _describe command verbs
    fi
}}
_gossamer_verb() {{
    case $1 in
{arms}
    esac
}}
if [[ $funcstack[1] == _gossamer ]]; then
    _gossamer "$@"
else
    compdef _gossamer gossamer
fi
"""

# ---------------------------------------------------------------- fish


def fish(table: tuple[CommandRow, ...]) -> str:
    """Return the script for fish."""
    verbs = " ".join(command.verb for command in table)
    lines = [
        "# Completion of gossamer for fish: gossamer completion fish > ~/.config/fish/completions/gossamer.fish",
        f"set -l verbs {verbs}",
        "complete -c gossamer -f",
        "complete -c gossamer -n __fish_use_subcommand -l version -d 'tell the version and leave'",
    ]
    for command in table:
        about = _fish_text(command.about.rstrip("."))
        lines.append(f"complete -c gossamer -n __fish_use_subcommand -a {command.verb} -d {about}")
        lines += [_fish_row(command.verb, row) for row in command.rows if row.spellings or row is _argument(command)]
        if command.verb == "crawl":  # a URL may come without its command
            missing = [_fish_row("", row) for row in command.rows if row.spellings]
            lines += missing
    return "\n".join(lines) + "\n"


def _fish_row(verb: str, row: FlagRow) -> str:
    seen = f"__fish_seen_subcommand_from {verb}" if verb else "not __fish_seen_subcommand_from $verbs"
    words = ["complete -c gossamer -n", f'"{seen}"']
    for spelling in row.spellings:
        words += ["-l" if spelling.startswith("--") else "-s", spelling.lstrip("-")]
    if row.choices:
        words += ["-x -a" if row.spellings else "-a", _fish_text(" ".join(row.choices))]
    elif row.metavar in _DIRECTORIES:
        words += ["-x -a" if row.spellings else "-a", "'(__fish_complete_directories)'"]
    elif row.metavar in _FILES:
        words.append("-r -F")
    elif row.metavar:
        words.append("-x")
    return " ".join([*words, "-d", _fish_text(row.meaning)])


def _fish_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
