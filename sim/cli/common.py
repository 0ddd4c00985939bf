"""What all verbs have in common: options defined once, help in the language asked for, names that a shell completes."""

import os
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from sim.cli.manner import MANNER
from sim.cli.show import NamedRows, console, spoken
from sim.errors import InputError, did_you_mean
from sim.style import ENGLISH, LANGUAGES
from sim.version import __version__

VARIABLE = "CONFIANZA_LANG"
OPTION = "--lang"
TAKES = {"int": "N", "integer": "N", "float": "X", "path": "PATH", "text": "TEXT"}  # what an option takes, by what Typer calls it


def language_of(arguments: Iterable[str]) -> str:
    """The language that arguments or the environment ask for, known before anything else is read; English if that is none."""
    words = [part for word in arguments for part in word.split("=", 1)]
    asked = [word for before, word in pairwise(words) if before == OPTION] or [os.environ.get(VARIABLE, "")]
    return asked[-1] if asked[-1] in LANGUAGES else ENGLISH


def _language(given: str | None) -> None:
    if given is not None and given not in LANGUAGES:
        hint = did_you_mean(given, LANGUAGES)
        raise InputError(f"there is no language '{given[:100]}'.", f"{hint}Languages: {', '.join(LANGUAGES)}", file=OPTION)


def _quiet(asked: bool) -> None:
    MANNER.quiet |= asked


def _json(asked: bool) -> None:
    MANNER.json |= asked


def _version(asked: bool) -> None:
    if asked:
        print(f"confianza {__version__}")
        raise typer.Exit


def _eager(*names: str, text: str, callback: Callable[[Any], None], metavar: str | None = None) -> Any:
    return typer.Option(*names, help=text, callback=callback, metavar=metavar, is_eager=True, show_default=False)


def _common(
    lang: Annotated[
        str | None, _eager(OPTION, text=f"Language: en or es; usually what {VARIABLE} says.", callback=_language, metavar="LANGUAGE")
    ] = None,
    quiet: Annotated[bool, _eager("--quiet", text="Findings only: no tables, remarks or progress.", callback=_quiet)] = False,
    json: Annotated[bool, _eager("--json", text="One JSON document instead of text, for programs.", callback=_json)] = False,
    version: Annotated[bool, _eager("--version", text="Print the version and stop.", callback=_version)] = False,
) -> None: ...


def common_options() -> list[Any]:
    """The options that every verb has, made anew."""
    app = typer.Typer(add_completion=False)
    app.command()(_common)
    made = get_command(app).params
    for option in made:
        option.expose_value = False  # the verb is not told
    return made


class Verb(TyperCommand):
    """A verb with the options common to all."""

    def __init__(self, *positions: Any, **names: Any) -> None:
        super().__init__(*positions, **names)
        self.params = [*self.params, *common_options()]

    def make_context(self, info_name: str | None, args: list[str], *positions: Any, **names: Any) -> Any:
        MANNER.verb = info_name or ""
        if "--out=" in args or ("--out", "") in pairwise(args):  # as a path it would be the folder one stands in
            raise InputError("it is empty.", "Name a folder or a file, or leave --out away.", file="--out")
        return super().make_context(info_name, args, *positions, **names)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(help_of(ctx))


class Verbs(TyperGroup):
    """The program: what it says without a verb."""

    def __init__(self, *positions: Any, **names: Any) -> None:
        super().__init__(*positions, **names)
        self.params = [*common_options(), *self.params]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] == "page":  # until 0.1 a verb of its own
            raise InputError("there is no verb 'page' any more: 'view' writes that page.", "Write confianza view SCENARIO --out FILE")
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(help_of(ctx))


def help_of(ctx: Any) -> str:
    """How a command is used, in the language asked for: what it does, its arguments and options, or its verbs."""
    command, screen, own = ctx.command, console(), {option.name for option in common_options()}
    params = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    shared = [param for param in params if param.name in own or param.name == "help"]
    sections = {
        "Arguments": [described(param, ctx) for param in params if param.param_type_name == "argument"],
        "Options": [described(param, ctx) for param in params if param not in shared and param.param_type_name == "option"],
        "Options of every verb": [described(param, ctx) for param in shared],
        "Verbs": [(name, verb.help.partition("\n")[0]) for name, verb in getattr(command, "commands", {}).items()],
    }
    with screen.capture() as printed:
        pieces = (spoken(piece.strip("{}")) for piece in command.collect_usage_pieces(ctx))
        screen.say(" ".join([spoken("Usage:"), ctx.command_path, *pieces]))
        screen.say(f"\n{spoken(command.help)}")
        for title, rows in sections.items():
            if rows:
                screen.say(f"\n{spoken(title)}:")
                screen.say(NamedRows(rows, codes=title == "Verbs"))
    return printed.get()


def described(param: Any, ctx: Any) -> tuple[str, str]:
    """An argument or option, what it takes and means, and what it is if it is not given."""
    names, takes = "", param.metavar or ""
    if param.param_type_name == "option":
        names, _, kind = param.get_help_record(ctx)[0].partition(" ")
        takes = spoken(param.metavar or TAKES.get(kind.strip("<>").lower(), kind))
    default = f" [{param.default}]" if param.show_default and param.default else ""
    return f"{names} {takes}".strip(), f"{spoken(param.help or '')}{default}"
