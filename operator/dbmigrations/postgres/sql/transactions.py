"""How a script is run: in one transaction with its history row, or in units with a journal row between them.

Decided from the parse tree (placement.py). What cannot be parsed, or depends on the database, is tried inside the
transaction: the server refuses it there (25001, 2D000) before anything took effect. Under `tx=none` it runs outside,
and needs a probe; what is known to be the same inside is still run inside, one by one, where it needs none.

A file's own BEGIN and COMMIT are replaced by the engine's: the same statements take effect together, and the row that
says so is in the same transaction. What the server merely warns of, means here what it does there: a BEGIN within a
transaction does nothing, and a COMMIT outside of one ends what stands before it. Files for tools that put a transaction
around each of them break out of it so: `COMMIT; …; BEGIN`.
"""

from dataclasses import dataclass, field, replace

from dbmigrations.postgres.sql.directives import Directives, TransactionDirective
from dbmigrations.postgres.sql.enums import UnsafeValues
from dbmigrations.postgres.sql.errors import SqlInvalidError
from dbmigrations.postgres.sql.leftovers import refuse_leftovers
from dbmigrations.postgres.sql.never import refuse_never
from dbmigrations.postgres.sql.placement import Commits, Inside, Opens, Outside, Undoes, placement_of
from dbmigrations.postgres.sql.probes import (
    Checked,
    IndexBuilt,
    IndexDropped,
    PartitionDetached,
    Probe,
    Repeatable,
    Unprobeable,
)
from dbmigrations.postgres.sql.script import SqlScript
from dbmigrations.postgres.sql.session import sets_session
from dbmigrations.postgres.sql.statements import Statement
from dbmigrations.postgres.sql.tree import Node, Unparsed, parse
from dbmigrations.postgres.sql.units import ExecutionPlan, Mode, Unit

__all__ = [
    "Checked",
    "ExecutionPlan",
    "IndexBuilt",
    "IndexDropped",
    "Mode",
    "PartitionDetached",
    "Probe",
    "Repeatable",
    "Unit",
    "Unprobeable",
    "execution_plan",
]


def execution_plan(script: SqlScript) -> ExecutionPlan:
    """Decide how a script is run.

    Raises:
        SqlInvalidError: a BEGIN that nothing commits, ROLLBACK, PREPARE TRANSACTION, a statement that cannot
            run in a transaction inside BEGIN … COMMIT or under `tx=file`, a statement that needs what an earlier
            unit left in the session, a statement that no migration can have.
    """
    blocks, session = _blocks(script)
    if script.directives.transaction is TransactionDirective.FILE:
        blocks = [_as_one(blocks)]
    elif _only_settings_beside_one(blocks, session):
        blocks = [_joined(blocks)]
    units = [unit for block in blocks for unit in _units(block, script.directives.transaction)]
    _refuse_shared_checks(units)
    refuse_leftovers(units)
    if not units:
        units = [Unit((), transactional=True)]
    mode = Mode.TRANSACTION if len(units) == 1 and units[0].transactional else Mode.STATEMENT
    return ExecutionPlan(mode, _with_preambles(units, session))


@dataclass(frozen=True, slots=True)
class _Part:
    """A statement and what decides where it runs."""

    statement: Statement
    tree: Node | Unparsed
    placement: Inside | Outside
    check: str


@dataclass(slots=True)
class _Block:
    """Statements of the file between its own BEGIN and COMMIT, or (`begin` is empty) outside of them."""

    begin: str = ""
    opened: Statement | None = None
    parts: list[_Part] = field(default_factory=list)


def _blocks(script: SqlScript) -> tuple[list[_Block], frozenset[int]]:
    """The blocks of the file, and the offsets of its session settings."""
    blocks = [_Block()]
    session: set[int] = set()
    for statement, directives in zip(script.statements, script.directives.statements, strict=True):
        tree = parse(statement.text)
        refuse_never(statement, tree)
        block = blocks[-1]
        match placement_of(tree):
            case Opens(read_only=read_only):
                blocks += _opened_by(statement, block, read_only=read_only)
            case Commits(chain=chain):
                blocks.append(_behind_commit(statement, block, script.directives, chain=chain))
            case Undoes(what=what):
                raise SqlInvalidError(
                    f"{what} would leave nothing of the file in effect: remove it", statement.position
                )
            case Outside(what=what) if block.opened:
                raise SqlInvalidError(f"{what} cannot run between BEGIN and COMMIT: move it out", statement.position)
            case Inside() | Outside() as placement:
                block.parts.append(_Part(statement, tree, placement, directives.check))
        if sets_session(tree):
            session.add(statement.position.offset)
    if (opened := blocks[-1].opened) and blocks[-1].parts:
        raise SqlInvalidError("this transaction is never committed: add COMMIT", opened.position)
    return [block for block in blocks if block.parts], frozenset(session)


def _opened_by(statement: Statement, block: _Block, *, read_only: bool) -> list[_Block]:
    if read_only:
        raise SqlInvalidError("nothing can be recorded in a READ ONLY transaction: remove that", statement.position)
    return [] if block.opened else [_Block(statement.text, statement)]


def _behind_commit(statement: Statement, block: _Block, directives: Directives, *, chain: bool) -> _Block:
    if not block.opened and (chain or directives.transaction is TransactionDirective.FILE):
        raise SqlInvalidError("there is no transaction to commit: remove this, or add BEGIN", statement.position)
    return _Block(block.begin, statement) if chain else _Block()


def _as_one(blocks: list[_Block]) -> _Block:
    """What `tx=file` asks for."""
    explicit = [block for block in blocks if block.opened]
    for block in explicit[1:]:
        position = block.parts[0].statement.position if block.opened is None else block.opened.position
        raise SqlInvalidError("with tx=file there is one transaction: remove the file's own COMMIT", position)
    for part in (part for block in blocks for part in block.parts):
        if isinstance(part.placement, Outside):
            raise SqlInvalidError(
                f"{part.placement.what} cannot run in a transaction: remove tx=file, or give it a file of its own",
                part.statement.position,
            )
    return _joined(blocks) if explicit else replace(_joined(blocks), begin="BEGIN")


def _only_settings_beside_one(blocks: list[_Block], session: frozenset[int]) -> bool:
    """The usual `SET …; BEGIN; …; COMMIT;`: one transaction, and the settings may as well be made in it."""
    explicit = [block for block in blocks if block.opened]
    beside = [part.statement for block in blocks if not block.opened for part in block.parts]
    return len(explicit) == 1 and all(statement.position.offset in session for statement in beside)


def _joined(blocks: list[_Block]) -> _Block:
    begin = next((block.begin for block in blocks if block.opened), "BEGIN")
    return _Block(begin, parts=[part for block in blocks for part in block.parts])


def _units(block: _Block, directive: TransactionDirective | None) -> list[Unit]:
    if not block.parts:
        return []
    if block.begin:
        return [Unit(tuple(part.statement for part in block.parts), transactional=True, begin=block.begin)]
    grouping = _Grouping(alone=directive in {TransactionDirective.STATEMENT, TransactionDirective.NONE})
    for part in block.parts:
        match part.placement:
            case Outside(probe=probe):
                grouping.run_outside(part, probe)
            case Inside(if_outside=probe) if probe is not None and directive is TransactionDirective.NONE:
                grouping.run_outside(part, probe)
            case Inside():
                grouping.run_inside(part)
    return grouping.finish()


class _Grouping:
    """Gathers neighbours that may share a transaction."""

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone
        self._units: list[Unit] = []
        self._open: list[Statement] = []
        self._values = UnsafeValues()

    def run_inside(self, part: _Part) -> None:
        if self._alone or self._values.are_used_by(part.statement, part.tree):
            self.finish()
        self._open.append(part.statement)
        self._values.note(part.tree)

    def run_outside(self, part: _Part, probe: Probe) -> None:
        self.finish()
        if part.check and isinstance(probe, Unprobeable):  # the catalog tells more than a check: an invalid index
            probe = Checked(part.check)
        self._units.append(Unit((part.statement,), transactional=False, probe=probe))

    def finish(self) -> list[Unit]:
        if self._open:
            self._units.append(Unit(tuple(self._open), transactional=True))
        self._open = []
        self._values = UnsafeValues()
        return self._units


def _refuse_shared_checks(units: list[Unit]) -> None:
    seen: set[str] = set()
    for unit in units:
        if not isinstance(unit.probe, Checked):
            continue
        if unit.probe.sql in seen:
            raise SqlInvalidError(
                "one check cannot tell of several statements which has run: give each its own `-- migrate: check=`",
                unit.statements[0].position,
            )
        seen.add(unit.probe.sql)


def _with_preambles(units: list[Unit], session: frozenset[int]) -> tuple[Unit, ...]:
    settings: tuple[Statement, ...] = ()
    result: list[Unit] = []
    for unit in units:
        result.append(replace(unit, preamble=settings))
        settings += tuple(statement for statement in unit.statements if statement.position.offset in session)
    return tuple(result)
