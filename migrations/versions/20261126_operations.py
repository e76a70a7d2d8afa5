"""operations: incidents that are worked on, workers with leases, reminders"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '5e0c7b21d4aa'
down_revision = 'f94e540bea96'
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MOMENTS = ("attention_at", "reminded_at", "escalated_at")


def upgrade() -> None:
    """Add it."""
    op.create_table('worker',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('host', sa.String(length=120), nullable=False),
    sa.Column('pid', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('moved', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_worker'))
    )
    op.create_table('lease',
    sa.Column('case_id', BigId, autoincrement=False, nullable=False),
    sa.Column('worker_id', sa.String(length=40), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_lease_case_id_cases')),
    sa.PrimaryKeyConstraint('case_id', name=op.f('pk_lease'))
    )
    op.create_index('ix_lease_worker', 'lease', ['worker_id'])
    op.create_table('incident_act',
    sa.Column('incident_id', BigId, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('act', sa.String(length=16), nullable=False),
    sa.Column('actor_id', BigId, nullable=True),
    sa.Column('actor_name', sa.String(length=80), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('city', sa.String(length=6), nullable=False),
    sa.Column('case_id', BigId, nullable=False),
    sa.Column('id', BigId, nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['person.id'], name=op.f('fk_incident_act_actor_id_person')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_incident_act_case_id_cases')),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_incident_act_incident_id_incident')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident_act'))
    )
    op.create_index(op.f('ix_incident_act_case_id'), 'incident_act', ['case_id'])
    op.create_index(op.f('ix_incident_act_incident_id'), 'incident_act', ['incident_id'])
    op.make_append_only('incident_act')

    # Added in place, with values for the rows that are there: nothing is copied, so a large table stays readable.
    op.add_column("task", sa.Column("due_days", sa.Integer(), nullable=True))
    for name in MOMENTS:
        op.add_column("task", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE task SET attention_at = due_at WHERE state = 'open'")
    op.create_index("ix_task_attention", "task", ["state", "attention_at"])
    op.add_column("incident", sa.Column("process", sa.String(80), nullable=True))
    with op.batch_alter_table("incident") as batch_op:
        batch_op.add_column(sa.Column("times", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("last_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE incident SET last_at = created_at")
    with op.batch_alter_table("incident") as batch_op:
        batch_op.alter_column("last_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_check_constraint(op.f("ck_incident_state"), "state IN ('open','resolved')")


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("incident") as batch_op:
        batch_op.drop_constraint(op.f("ck_incident_state"), type_="check")
        batch_op.drop_column("last_at")
        batch_op.drop_column("times")
        batch_op.drop_column("process")
    op.drop_index("ix_task_attention", table_name="task")
    for name in (*MOMENTS, "due_days"):
        op.drop_column("task", name)
    op.drop_index(op.f('ix_incident_act_incident_id'), table_name='incident_act')
    op.drop_index(op.f('ix_incident_act_case_id'), table_name='incident_act')
    op.drop_table('incident_act')
    op.drop_index('ix_lease_worker', table_name='lease')
    op.drop_table('lease')
    op.drop_table('worker')
