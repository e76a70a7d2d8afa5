"""needs written by residents themselves: a flood waits to be looked at; who sent is known for an hour"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '20261126_needs_heard'
down_revision = '20261126_needs'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; what was written down before has been taken in."""
    with op.batch_alter_table('need') as need:
        need.add_column(sa.Column('state', sa.String(10), server_default='taken', nullable=False))
        need.add_column(sa.Column('reason', sa.String(500), nullable=True))
        need.add_column(sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True))
        need.add_column(sa.Column('decided_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        need.create_foreign_key('fk_need_decided_by_person', 'person', ['decided_by'], ['id'])
        need.create_check_constraint('state', "state IN ('taken','waiting','aside')")
        need.create_check_constraint('reason', "(state = 'aside') = (reason IS NOT NULL)")
    op.create_table(
        'need_sender',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('digest', sa.String(64), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_need_sender')),
    )
    op.create_index('ix_need_sender_at', 'need_sender', ['at'])
    op.create_index('ix_need_sender_digest', 'need_sender', ['digest', 'at'])


def downgrade() -> None:
    """Take them away."""
    op.drop_table('need_sender')
    with op.batch_alter_table('need') as need:
        need.drop_constraint('reason', type_='check')
        need.drop_constraint('state', type_='check')
        need.drop_constraint('fk_need_decided_by_person', type_='foreignkey')
        for name in ('decided_by', 'decided_at', 'reason', 'state'):
            need.drop_column(name)
