"""needs that say the same stand behind one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '20261126_needs_merged'
down_revision = '20261126_fewer_indexes'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tie."""
    with op.batch_alter_table('need') as need:
        need.add_column(
            sa.Column('merged_into_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True)
        )
        need.create_foreign_key('fk_need_merged_into_id_need', 'need', ['merged_into_id'], ['id'])
        need.create_check_constraint('merged', 'merged_into_id <> id')
        need.create_index('ix_need_merged_into_id', ['merged_into_id'])


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table('need') as need:
        need.drop_index('ix_need_merged_into_id')
        need.drop_constraint('merged', type_='check')
        need.drop_constraint('fk_need_merged_into_id_need', type_='foreignkey')
        need.drop_column('merged_into_id')
