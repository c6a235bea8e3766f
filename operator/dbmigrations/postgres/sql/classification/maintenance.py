"""VACUUM, CLUSTER, REINDEX, REFRESH: the same rows, kept in another way."""

from collections.abc import Iterator

from dbmigrations.postgres.sql.batch import Batch
from dbmigrations.postgres.sql.classes import OperationClass
from dbmigrations.postgres.sql.classification.finding import Finding, made_by_the_plan
from dbmigrations.postgres.sql.naming import relation_in
from dbmigrations.postgres.sql.operations import LockMode, Work
from dbmigrations.postgres.sql.options import is_on
from dbmigrations.postgres.sql.tree import Node

_REWRITTEN = "the table is written anew while nobody can use it"


def vacuum(tree: Node, _: Batch) -> Iterator[Finding]:
    """VACUUM and ANALYZE: only VACUUM FULL is an operation."""
    if tree.flag("is_vacuumcmd") and is_on(tree.nodes("options"), "full", default=False):
        yield (
            Finding(OperationClass.REWRITING, "vacuum full", _REWRITTEN)
            .on_existing(LockMode.ACCESS_EXCLUSIVE)
            .working(Work.REWRITTEN)
        )


def cluster(tree: Node, batch: Batch) -> Iterator[Finding]:
    """CLUSTER."""
    if tree.node("relation") and not batch.exists(relation_in(tree)):
        yield made_by_the_plan(f"cluster {relation_in(tree)}")
        return
    finding = Finding(OperationClass.REWRITING, "cluster", _REWRITTEN, "pg_repack, where it is installed")
    yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.REWRITTEN)


def reindex(tree: Node, batch: Batch) -> Iterator[Finding]:
    """REINDEX."""
    if tree.node("relation") and not batch.exists(relation_in(tree)):
        yield made_by_the_plan(f"reindex {relation_in(tree)}")
    elif is_on(tree.nodes("params"), "concurrently", default=False):
        finding = Finding(OperationClass.ADDITIVE, "reindex concurrently", "everybody can go on meanwhile")
        yield finding.patiently(LockMode.SHARE_UPDATE_EXCLUSIVE).working(Work.INDEXED)
    else:
        why = "indexes are written anew while nobody can write"
        finding = Finding(OperationClass.REWRITING, "reindex", why, "REINDEX … CONCURRENTLY")
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE).working(Work.INDEXED)


def refresh(tree: Node, batch: Batch) -> Iterator[Finding]:
    """REFRESH MATERIALIZED VIEW."""
    name = relation_in(tree)
    exists = batch.exists(name)
    what = f"refresh materialized view {name}"
    if tree.flag("skip_data"):
        finding = Finding(OperationClass.RESTRICTING, what, "nobody can read it until it is refreshed with data")
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE, exists=exists).working(Work.EMPTIED)
    elif tree.flag("concurrent"):
        finding = Finding(OperationClass.DATA, what, "its rows are computed anew")
        yield finding.patiently(LockMode.EXCLUSIVE, exists=exists).working(Work.READ)
    else:
        safer = "REFRESH MATERIALIZED VIEW CONCURRENTLY: readers need not wait"
        finding = Finding(OperationClass.DATA, what, "its rows are computed anew", safer if exists else "")
        yield finding.on_existing(LockMode.ACCESS_EXCLUSIVE, exists=exists).working(Work.REWRITTEN)
