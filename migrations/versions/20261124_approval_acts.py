"""approval acts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '93c440aacd11'
down_revision = '24c3b661cc6d'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.create_table('delegation',
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('delegate_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.String(length=60), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('person_id <> delegate_id', name=op.f('ck_delegation_another')),
    sa.CheckConstraint('starts_at < ends_at', name=op.f('ck_delegation_span')),
    sa.ForeignKeyConstraint(['delegate_id'], ['person.id'], name=op.f('fk_delegation_delegate_id_person')),
    sa.ForeignKeyConstraint(['made_by'], ['person.id'], name=op.f('fk_delegation_made_by_person')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_delegation_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delegation'))
    )
    with op.batch_alter_table('delegation', schema=None) as batch_op:
        batch_op.create_index('ix_delegation_delegate', ['delegate_id', 'ends_at'], unique=False)
        batch_op.create_index('ix_delegation_person', ['person_id', 'ends_at'], unique=False)

    op.create_table('copy',
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('copied_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('city', sa.String(length=6), nullable=False),
    sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_copy_case_id_cases')),
    sa.ForeignKeyConstraint(['copied_by'], ['person.id'], name=op.f('fk_copy_copied_by_person')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_copy_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_copy')),
    sa.UniqueConstraint('case_id', 'person_id', name=op.f('uq_copy_case_id_person_id'))
    )
    with op.batch_alter_table('copy', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_copy_case_id'), ['case_id'], unique=False)
        batch_op.create_index('ix_copy_person', ['person_id', 'id'], unique=False)

    op.create_table('detour',
    sa.Column('from_task_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('to_task_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('case_state', sa.LargeBinary(), nullable=True),
    sa.Column('task_ids', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('city', sa.String(length=6), nullable=False),
    sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint("state IN ('open','used','dropped')", name=op.f('ck_detour_state')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_detour_case_id_cases')),
    sa.ForeignKeyConstraint(['from_task_id'], ['task.id'], name=op.f('fk_detour_from_task_id_task')),
    sa.ForeignKeyConstraint(['to_task_id'], ['task.id'], name=op.f('fk_detour_to_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_detour')),
    sa.UniqueConstraint('to_task_id', name=op.f('uq_detour_to_task_id'))
    )
    with op.batch_alter_table('detour', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_detour_case_id'), ['case_id'], unique=False)

    op.create_table('task_signer',
    sa.Column('task_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('place', sa.String(length=8), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('agrees', sa.Boolean(), nullable=True),
    sa.Column('opinion', sa.Text(), nullable=True),
    sa.Column('answers', sa.JSON(), nullable=True),
    sa.Column('added_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('signed_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('city', sa.String(length=6), nullable=False),
    sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint("place IN ('own','before','beside','after')", name=op.f('ck_task_signer_place')),
    sa.CheckConstraint("state IN ('waiting','open','signed','closed')", name=op.f('ck_task_signer_state')),
    sa.ForeignKeyConstraint(['added_by'], ['person.id'], name=op.f('fk_task_signer_added_by_person')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_task_signer_case_id_cases')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_task_signer_person_id_person')),
    sa.ForeignKeyConstraint(['signed_by'], ['person.id'], name=op.f('fk_task_signer_signed_by_person')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_signer_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_signer')),
    sa.UniqueConstraint('task_id', 'person_id', name=op.f('uq_task_signer_task_id_person_id'))
    )
    with op.batch_alter_table('task_signer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_signer_case_id'), ['case_id'], unique=False)
        batch_op.create_index('ix_task_signer_person', ['person_id', 'state', 'task_id'], unique=False)

    # Added in place, with values for the rows that are there: nothing is copied, so a large table stays readable.
    far = sa.text("'9999-01-01 00:00:00+00:00'" if op.get_bind().dialect.name == "postgresql" else "'9999-01-01 00:00:00.000000'")
    op.add_column("task", sa.Column("rank_at", sa.DateTime(timezone=True), nullable=False, server_default=far))
    op.add_column("task", sa.Column("signing", sa.String(16), nullable=False, server_default="one"))
    op.add_column("task", sa.Column("acts", sa.String(200), nullable=False, server_default=""))
    for name in ("has_signers", "detour", "drafted"):
        op.add_column("task", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE task SET rank_at = due_at WHERE due_at IS NOT NULL")
    op.execute("UPDATE task SET drafted = true WHERE id IN (SELECT task_id FROM draft)")
    op.add_column("project", sa.Column("sitting", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE project SET sitting = round")
    op.drop_index("ix_task_desk", table_name="task")
    op.create_index("ix_task_desk", "task", ["state", "role", "unit_id", "rank_at", "id"])
    op.create_index("ix_task_own", "task", ["claimed_by", "state", "rank_at", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_task_own", table_name="task")
    op.drop_index("ix_task_desk", table_name="task")
    op.create_index("ix_task_desk", "task", ["state", "role", "unit_id", "due_at", "id"])
    op.drop_column("project", "sitting")
    for name in ("drafted", "detour", "has_signers", "acts", "signing", "rank_at"):
        op.drop_column("task", name)
    with op.batch_alter_table('task_signer', schema=None) as batch_op:
        batch_op.drop_index('ix_task_signer_person')
        batch_op.drop_index(batch_op.f('ix_task_signer_case_id'))

    op.drop_table('task_signer')
    with op.batch_alter_table('detour', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_detour_case_id'))

    op.drop_table('detour')
    with op.batch_alter_table('copy', schema=None) as batch_op:
        batch_op.drop_index('ix_copy_person')
        batch_op.drop_index(batch_op.f('ix_copy_case_id'))

    op.drop_table('copy')
    with op.batch_alter_table('delegation', schema=None) as batch_op:
        batch_op.drop_index('ix_delegation_person')
        batch_op.drop_index('ix_delegation_delegate')

    op.drop_table('delegation')
