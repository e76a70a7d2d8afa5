"""steps and history are found by case through their unique keys: no second index beside them"""

from __future__ import annotations

from alembic import op

revision = '20261126_fewer_indexes'
down_revision = '20261126_needs_heard'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take them away."""
    op.drop_index('ix_task_case_id', 'task')
    op.drop_index('ix_history_case_id', 'history')


def downgrade() -> None:
    """Make them again."""
    op.create_index('ix_history_case_id', 'history', ['case_id'])
    op.create_index('ix_task_case_id', 'task', ['case_id'])
