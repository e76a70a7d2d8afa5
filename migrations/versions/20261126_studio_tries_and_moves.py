"""Tries of drafts; moves of running cases to another version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '7823cddde972'
down_revision = '2c9f6d0b71e5'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.create_table('model_move',
    sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('target_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('ordered_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint("state IN ('running','done','undoing','undone')", name=op.f('ck_model_move_state')),
    sa.CheckConstraint('source_id <> target_id', name=op.f('ck_model_move_another')),
    sa.ForeignKeyConstraint(['ordered_by'], ['person.id'], name=op.f('fk_model_move_ordered_by_person')),
    sa.ForeignKeyConstraint(['source_id'], ['definition.id'], name=op.f('fk_model_move_source_id_definition')),
    sa.ForeignKeyConstraint(['target_id'], ['definition.id'], name=op.f('fk_model_move_target_id_definition')),
    sa.ForeignKeyConstraint(['undone_by'], ['person.id'], name=op.f('fk_model_move_undone_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_move'))
    )
    with op.batch_alter_table('model_move', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_model_move_source_id'), ['source_id'], unique=False)
        batch_op.create_index('ix_model_move_state', ['state', 'id'], unique=False)

    op.create_table('model_moved_case',
    sa.Column('move_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('rev', sa.Integer(), nullable=True),
    sa.Column('before_state', sa.LargeBinary(), nullable=True),
    sa.Column('before_pack_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('before_tasks', sa.JSON(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint("state IN ('waiting','moved','refused','undone','kept')", name=op.f('ck_model_moved_case_state')),
    sa.ForeignKeyConstraint(['before_pack_id'], ['pack_version.id'], name=op.f('fk_model_moved_case_before_pack_id_pack_version')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_model_moved_case_case_id_cases')),
    sa.ForeignKeyConstraint(['move_id'], ['model_move.id'], name=op.f('fk_model_moved_case_move_id_model_move')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_moved_case')),
    sa.UniqueConstraint('move_id', 'case_id', name=op.f('uq_model_moved_case_move_id_case_id'))
    )
    with op.batch_alter_table('model_moved_case', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_model_moved_case_case_id'), ['case_id'], unique=False)
        batch_op.create_index('ix_model_moved_case_state', ['move_id', 'state', 'id'], unique=False)

    op.create_table('model_try',
    sa.Column('token', sa.String(length=43), nullable=False),
    sa.Column('draft_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('draft_rev', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('shows', sa.DateTime(timezone=True), nullable=False),
    sa.Column('steps', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['model_draft.id'], name=op.f('fk_model_try_draft_id_model_draft')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_model_try_person_id_person')),
    sa.PrimaryKeyConstraint('token', name=op.f('pk_model_try'))
    )
    with op.batch_alter_table('model_try', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_model_try_draft_id'), ['draft_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_model_try_person_id'), ['person_id'], unique=False)



def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('model_try', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_model_try_person_id'))
        batch_op.drop_index(batch_op.f('ix_model_try_draft_id'))

    op.drop_table('model_try')
    with op.batch_alter_table('model_moved_case', schema=None) as batch_op:
        batch_op.drop_index('ix_model_moved_case_state')
        batch_op.drop_index(batch_op.f('ix_model_moved_case_case_id'))

    op.drop_table('model_moved_case')
    with op.batch_alter_table('model_move', schema=None) as batch_op:
        batch_op.drop_index('ix_model_move_state')
        batch_op.drop_index(batch_op.f('ix_model_move_source_id'))

    op.drop_table('model_move')
