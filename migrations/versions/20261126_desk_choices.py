"""desk choices, stock phrases, saved filters, initials of cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pypinyin import Style, lazy_pinyin

revision = '5d1e7c0a4b62'
down_revision = '20261126_outbox'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Add it; cases that exist get their initials."""
    op.create_table('desk_choice',
    sa.Column('person_id', ID, autoincrement=False, nullable=False),
    sa.Column('view', sa.String(length=8), nullable=False),
    sa.CheckConstraint("view IN ('cards','table')", name=op.f('ck_desk_choice_view')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_desk_choice_person_id_person')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_desk_choice'))
    )
    op.create_table('stock_phrase',
    sa.Column('person_id', ID, nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=200), nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_stock_phrase_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stock_phrase')),
    sa.UniqueConstraint('person_id', 'text', name=op.f('uq_stock_phrase_person_id_text'))
    )
    op.create_table('saved_filter',
    sa.Column('person_id', ID, nullable=False),
    sa.Column('page', sa.String(length=8), nullable=False),
    sa.Column('name', sa.String(length=30), nullable=False),
    sa.Column('query', sa.String(length=400), nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.CheckConstraint("page IN ('desk','cases')", name=op.f('ck_saved_filter_page')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_saved_filter_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_filter')),
    sa.UniqueConstraint('person_id', 'page', 'name', name=op.f('uq_saved_filter_person_id_page_name'))
    )
    with op.batch_alter_table('cases', schema=None) as batch_op:
        batch_op.add_column(sa.Column('initials', sa.String(length=200), nullable=False, server_default=''))
    cases = sa.table('cases', sa.column('id', ID), sa.column('title'), sa.column('initials'))
    connection = op.get_bind()
    for number, title in connection.execute(sa.select(cases.c.id, cases.c.title)).all():
        connection.execute(cases.update().where(cases.c.id == number).values(initials=_initials(title)))
    with op.batch_alter_table('cases', schema=None) as batch_op:
        batch_op.alter_column('initials', existing_type=sa.String(length=200), server_default=None)


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table('cases', schema=None) as batch_op:
        batch_op.drop_column('initials')
    op.drop_table('saved_filter')
    op.drop_table('stock_phrase')
    op.drop_table('desk_choice')


def _initials(title: str) -> str:
    letters = ''.join(lazy_pinyin(title, style=Style.FIRST_LETTER))
    return ''.join(one for one in letters if one.isascii() and one.isalnum()).lower()[:200]
