"""What a unit of a script leaves in its session for a later one, and what no other session has.

A run that is killed between two units goes on in a new session. Settings are repeated there (session.py). Temporary
relations and functions, prepared statements, cursors WITH HOLD, drawn sequence values, advisory locks and settings that
cannot be repeated would be missing when half of the script has taken effect; so a script that needs them is refused
before anything runs. Unseen is what functions, procedures and EXECUTE leave behind. LISTEN is no matter: nobody hears.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbmigrations.postgres.sql import lexer
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.functions import calls, strange_functions
from dbmigrations.postgres.sql.lexer import Kind
from dbmigrations.postgres.sql.naming import function_name, is_temporary, parts_of
from dbmigrations.postgres.sql.options import constant, option, option_text
from dbmigrations.postgres.sql.session import sets_session
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse
from dbmigrations.postgres.sql.units import Unit

_RELATION = "temporary relation"
_ROUTINE = "temporary function"
_PREPARED = "prepared statement"
_CURSOR = "cursor"

_SCHEMA = "pg_temp"
_WITH_HOLD = 0x0020  # CURSOR_OPT_HOLD
_SET_CONFIG_ARGUMENTS = 3
_LOCKS = {"pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared"}
_UNLOCKS = {"pg_advisory_unlock", "pg_advisory_unlock_shared", "pg_advisory_unlock_all"}
_DRAWN = {"currval", "lastval"}
_DRAWING = {"nextval", "setval"}
_MAY_DRAW = {"InsertStmt", "UpdateStmt", "MergeStmt", "CopyStmt", "AlterTableStmt", "DoStmt", "CallStmt"}
_BEFORE_A_NAME = {"table", "view", "sequence", "recursive", "if", "not", "exists"}


def refuse_leftovers(units: Sequence[Unit]) -> None:
    """Refuse a script of which a later unit needs what an earlier one left in the session.

    Raises:
        SqlInvalidError: at the statement that a resumed run would fail at, or that it would run without a lock.
    """
    left: dict[_Thing, Statement] = {}
    for number, unit in enumerate(units if len(units) > 1 else ()):
        looks = [_look(statement) for statement in unit.statements]
        for look in looks:
            _forget_ended(look, left)
            _refuse_use(look, left)
        if number:
            _refuse_drawn_before(looks)
        if number < len(units) - 1:
            _refuse_held(looks)
            left.update(_made_by(looks))


@dataclass(frozen=True, slots=True)
class _Thing:
    """What a session holds by name."""

    what: str
    name: str


@dataclass(frozen=True, slots=True)
class _Look:
    """A statement, and what is seen in it. `words` are those of a statement, or DO block, that has no tree."""

    statement: Statement
    tree: Node | None
    calls: tuple[Node, ...]
    words: tuple[str, ...]

    @property
    def functions(self) -> frozenset[str]:
        """The names, without schema, of what it calls."""
        return frozenset(function_name(call)[1] for call in self.calls)


def _look(statement: Statement) -> _Look:
    tree = parse(statement.text)
    if isinstance(tree, Unparsed):
        return _Look(statement, None, (), tuple(_words(statement.text)))
    body = option(tree.nodes("args"), "as") if tree.kind == "DoStmt" else None
    return _Look(statement, tree, calls(tree), tuple(_words(option_text(body))) if body else ())


def _words(text: str) -> Iterator[str]:
    for token in lexer.tokens(text, detail=True):
        if token.kind is Kind.WORD:
            yield text[token.start : token.end].lower()
        elif token.kind is Kind.QUOTED:
            yield text[token.start + 1 : token.end - 1].replace('""', '"')


def _refuse_use(look: _Look, left: Mapping[_Thing, Statement]) -> None:
    used = set(_used(look.tree)) if look.tree else set()
    for thing, maker in left.items():
        if thing in used or thing.name in look.words:
            raise SqlInvalidError(
                f"this needs the {thing.what} {thing.name} of line {maker.position.line}, which is made in an earlier "
                "transaction: a run that is killed in between goes on in a new session, which lacks it. Make and use "
                "it in one transaction" + (", or make it a plain table" if thing.what == _RELATION else ""),
                look.statement.position,
            )


def _refuse_drawn_before(looks: Sequence[_Look]) -> None:
    """The value of a sequence that a unit reads must be drawn in it, or perhaps be drawn in it."""
    for look in looks:
        if look.tree is None or look.functions & _DRAWING or strange_functions(look.tree):
            return
        if look.functions & _DRAWN:
            raise SqlInvalidError(
                "this needs a value that an earlier transaction drew from a sequence: a run that is killed in between "
                "goes on in a new session, which has drawn none. Draw and use it in one transaction",
                look.statement.position,
            )
        if look.tree.kind in _MAY_DRAW:
            return


def _refuse_held(looks: Sequence[_Look]) -> None:
    """What is kept for later units, who knows until when."""
    locked: Statement | None = None
    for look in looks:
        if look.functions & _LOCKS:
            locked = look.statement
        if look.functions & _UNLOCKS:
            locked = None
        repeated = look.tree is not None and sets_session(look.tree)
        if not repeated and any(map(_is_lasting_set_config, look.calls)):
            raise SqlInvalidError(
                "a run that is killed behind this goes on in a new session, which lacks the setting: write SET, or a "
                "SELECT of nothing but set_config(…, false), and it is repeated there",
                look.statement.position,
            )
    if locked:
        raise SqlInvalidError(
            "a run that is killed behind this goes on in a new session, which does not hold the lock: unlock in the "
            "same transaction, or lock with pg_advisory_xact_lock (no other migration runs at the same time anyway)",
            locked.position,
        )


def _is_lasting_set_config(call: Node) -> bool:
    arguments = call.nodes("args")
    named = function_name(call)[1] == "set_config" and len(arguments) == _SET_CONFIG_ARGUMENTS
    return named and constant(arguments[-1]) != "true"


def _made_by(looks: Iterable[_Look]) -> dict[_Thing, Statement]:
    """What a unit made and did not end."""
    made: dict[_Thing, Statement] = {}
    for look in looks:
        _forget_ended(look, made)
        if look.tree and look.tree.kind == "DropStmt":
            for name in _dropped(look.tree):
                made.pop(_Thing(_RELATION, name), None)
        things = _made(look.tree) if look.tree else ()
        made |= dict.fromkeys([*things, *_made_in_words(look.words)], look.statement)
    return made


def _made(tree: Node) -> Iterator[_Thing]:
    for node in tree.walk():  # EXPLAIN ANALYZE runs what it shows
        match node.kind:
            case "CreateStmt":
                yield from _relation(node, "relation", lasts=node.word("oncommit") != "ONCOMMIT_DROP")
            case "IntoClause":
                yield from _relation(node, "rel", lasts=node.word("on_commit") != "ONCOMMIT_DROP")
            case "ViewStmt":
                yield from _relation(node, "view")
            case "CreateSeqStmt":
                yield from _relation(node, "sequence")
            case "CreateFunctionStmt" if node.texts("funcname")[:1] == (_SCHEMA,):
                yield _Thing(_ROUTINE, node.texts("funcname")[-1])
            case "PrepareStmt":
                yield _Thing(_PREPARED, node.text("name"))
            case "DeclareCursorStmt" if node.number("options") & _WITH_HOLD:
                yield _Thing(_CURSOR, node.text("portalname"))


def _relation(node: Node, field: str, *, lasts: bool = True) -> Iterator[_Thing]:
    made = node.node(field)
    if lasts and made is not None and is_temporary(node, field):
        yield _Thing(_RELATION, made.text("relname"))


def _made_in_words(words: Sequence[str]) -> Iterator[_Thing]:
    """`CREATE TEMP TABLE name` and `INTO TEMP name` in a block or in a statement without a tree."""
    if ("on", "commit", "drop") in zip(words, words[1:], words[2:], strict=False):
        return
    for place, word in enumerate(words):
        if word in {"temp", "temporary"}:
            name = next((each for each in words[place + 1 :] if each not in _BEFORE_A_NAME), "")
            yield _Thing(_RELATION, name)


def _used(tree: Node) -> Iterator[_Thing]:
    queries = {node.text("ctename") for node in tree.walk() if node.kind == "CommonTableExpr"}
    for node in tree.walk():
        match node.kind:
            case "RangeVar" if node.text("schemaname") in {"", _SCHEMA} and node.text("relname") not in queries:
                yield _Thing(_RELATION, node.text("relname"))
            case "DropStmt":
                yield from (_Thing(_RELATION, name) for name in _dropped(node))
            case "FuncCall" if function_name(node)[0] == _SCHEMA:
                yield _Thing(_ROUTINE, function_name(node)[1])
            case "FuncCall" if function_name(node)[1] in _DRAWING | _DRAWN:
                named = (constant(each) for each in node.walk() if each.kind == "A_Const")
                yield from (_Thing(_RELATION, name.removeprefix(f"{_SCHEMA}.")) for name in named if name)
            case "ExecuteStmt" | "DeallocateStmt":
                yield _Thing(_PREPARED, node.text("name"))
            case "FetchStmt" | "ClosePortalStmt":
                yield _Thing(_CURSOR, node.text("portalname"))


def _dropped(tree: Node) -> Iterator[str]:
    for each in tree.nodes("objects"):
        parts = parts_of(each)
        if parts and (len(parts) == 1 or parts[-2] == _SCHEMA):
            yield parts[-1]


def _forget_ended(look: _Look, left: dict[_Thing, Statement]) -> None:
    """What a statement ends without minding whether it is there: no use, and afterwards nobody has it."""
    tree = look.tree
    if tree is None:
        return
    ended: set[str] = set()
    match tree.kind:
        case "DiscardStmt":
            ended = {
                "DISCARD_TEMP": {_RELATION, _ROUTINE},
                "DISCARD_ALL": {_RELATION, _ROUTINE, _PREPARED, _CURSOR},
            }.get(tree.word("target"), set())
        case "DeallocateStmt" if not tree.text("name"):
            ended = {_PREPARED}
        case "ClosePortalStmt" if not tree.text("portalname"):
            ended = {_CURSOR}
        case "DropStmt" if tree.flag("missing_ok"):
            # Unqualified, a resumed run would drop an ordinary table of that name.
            for parts in map(parts_of, tree.nodes("objects")):
                if parts[:-1] == (_SCHEMA,):
                    left.pop(_Thing(_RELATION, parts[-1]), None)
    for thing in [each for each in left if each.what in ended]:
        del left[thing]
