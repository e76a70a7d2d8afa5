"""indexes by which the desk's lists keep their pace; numbers are searched as one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'e83b1c5fa940'
down_revision = 'c61e0b9d52f7'
branch_labels = None
depends_on = None

DESK = ['state', 'role', 'unit_id', 'rank_at', 'id']
MORE = ['case_id', 'group_id', 'claimed_by', 'has_signers', 'stage', 'title']


def upgrade() -> None:
    """Add them; `flask db upgrade` fills the search index again when it finds the mark."""
    op.drop_index('ix_task_desk', table_name='task')
    op.create_index('ix_task_desk', 'task', [*DESK, *MORE])
    op.create_index('ix_cases_street_newest', 'cases', ['street_id', 'id'])
    op.create_index('ix_cases_street_stage', 'cases', ['street_id', 'stage', 'id'])
    op.drop_index('ix_cases_started_by', table_name='cases')
    op.create_index('ix_cases_started_by', 'cases', ['started_by', 'id', 'status', 'stage'])
    op.create_index('ix_message_person', 'message', ['person_id', 'id'])
    op.execute(
        sa.text(
            "INSERT INTO mark (name, value, at) SELECT 'search.rebuild', '1', CURRENT_TIMESTAMP "
            "WHERE NOT EXISTS (SELECT 1 FROM mark WHERE name = 'search.rebuild')"
        )
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index('ix_message_person', table_name='message')
    op.drop_index('ix_cases_started_by', table_name='cases')
    op.create_index('ix_cases_started_by', 'cases', ['started_by'])
    op.drop_index('ix_cases_street_stage', table_name='cases')
    op.drop_index('ix_cases_street_newest', table_name='cases')
    op.drop_index('ix_task_desk', table_name='task')
    op.create_index('ix_task_desk', 'task', DESK)
