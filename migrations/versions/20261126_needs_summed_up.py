"""a month's needs, summed up and signed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '20261126_needs_summed_up'
down_revision = '20261126_needs_merged'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Add the table; what is signed is never changed."""
    op.create_table(
        'need_summary',
        sa.Column('id', ID, nullable=False),
        sa.Column('unit_id', ID, nullable=False),
        sa.Column('month', sa.String(7), nullable=False),
        sa.Column('needs', sa.Integer(), nullable=False),
        sa.Column('voices', sa.Integer(), nullable=False),
        sa.Column('by_group', sa.JSON(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('signed_by', ID, nullable=False),
        sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_need_summary_unit_id_org_unit')),
        sa.ForeignKeyConstraint(['signed_by'], ['person.id'], name=op.f('fk_need_summary_signed_by_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_need_summary')),
        sa.UniqueConstraint('unit_id', 'month', name=op.f('uq_need_summary_unit_id_month')),
    )
    op.make_append_only('need_summary')


def downgrade() -> None:
    """Take it away."""
    op.drop_table('need_summary')
