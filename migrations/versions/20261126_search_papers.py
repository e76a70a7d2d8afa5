"""search: words of papers, needs; the index is a copy, so it is made anew"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'a4d2f7c81b36'
down_revision = '7823cddde972'
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
KINDS = ('case', 'need', 'organisation', 'paper', 'notice', 'person')
BEFORE = ('case', 'organisation', 'paper', 'notice', 'person')
OLD = "INSERT INTO search_text(search_text, rowid, grams) VALUES ('delete', old.id, old.grams);"
NEW = "INSERT INTO search_text(rowid, grams) VALUES (new.id, new.grams);"
SQLITE = (
    "CREATE VIRTUAL TABLE search_text USING fts5(grams, content='search_entry', content_rowid='id', "
    "detail=none, tokenize='unicode61 remove_diacritics 0')",
    f"CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN {NEW} END",
    f"CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN {OLD} END",
    f"CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN {OLD} {NEW} END",
)


def upgrade() -> None:
    """Add it; `flask db upgrade` fills the index when it finds the mark."""
    op.create_table('paper_text',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('refused', sa.String(length=40), nullable=True),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['sha256'], ['blob.sha256'], name=op.f('fk_paper_text_sha256_blob')),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_paper_text'))
    )
    _drop()
    _create(KINDS, sa.Column('waits', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index('ix_search_entry_waits', 'search_entry', ['waits', 'id'])


def downgrade() -> None:
    """Take it away; the index is filled again."""
    _drop()
    _create(BEFORE)
    op.drop_table('paper_text')


def _drop() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        op.execute("DROP TABLE search_text")
    op.drop_table('search_entry')


def _create(kinds: tuple[str, ...], *more: sa.Column[bool]) -> None:
    op.create_table('search_entry',
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('ref_id', BigId, nullable=False),
    sa.Column('case_id', BigId, nullable=True),
    sa.Column('person_id', BigId, nullable=True),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('url', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('grams', sa.Text(), nullable=False),
    *more,
    sa.Column('id', BigId, nullable=False),
    sa.CheckConstraint(f"kind IN {kinds}", name=op.f('ck_search_entry_kind')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_search_entry_case_id_cases')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_search_entry_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_entry')),
    sa.UniqueConstraint('kind', 'ref_id', name=op.f('uq_search_entry_kind_ref_id'))
    )
    op.create_index(op.f('ix_search_entry_case_id'), 'search_entry', ['case_id'])
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("CREATE INDEX search_text_grams ON search_entry USING gin (to_tsvector('simple', grams))")
    else:
        for statement in SQLITE:
            op.execute(statement)
    op.execute(
        sa.text(
            "INSERT INTO mark (name, value, at) SELECT 'search.rebuild', '1', CURRENT_TIMESTAMP "
            "WHERE NOT EXISTS (SELECT 1 FROM mark WHERE name = 'search.rebuild')"
        )
    )
