"""needs say whether a name may be kept, how many spoke, and whether any list answers them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '20261126_needs'
down_revision = 'e83b1c5fa940'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; what was written down before carries no name."""
    with op.batch_alter_table('need') as need:
        need.add_column(sa.Column('anonymous', sa.Boolean(), server_default=sa.true(), nullable=False))
        need.add_column(sa.Column('said_by', sa.String(60), nullable=True))
        need.add_column(sa.Column('voices', sa.Integer(), server_default='1', nullable=False))
        need.add_column(sa.Column('unlisted', sa.Boolean(), server_default=sa.false(), nullable=False))
        need.create_check_constraint('voices', 'voices > 0')
        need.create_check_constraint('anonymous', 'anonymous = (said_by IS NULL)')


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table('need') as need:
        need.drop_constraint('anonymous', type_='check')
        need.drop_constraint('voices', type_='check')
        for name in ('unlisted', 'voices', 'said_by', 'anonymous'):
            need.drop_column(name)
