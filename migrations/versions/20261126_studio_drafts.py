"""Drafts of models in the studio, every save kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'f94e540bea96'
down_revision = '93c440aacd11'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.create_table('model_blob',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_model_blob'))
    )
    op.create_table('model_draft',
    sa.Column('pack_key', sa.String(length=40), nullable=False),
    sa.Column('process_key', sa.String(length=80), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('base_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('author_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('rev', sa.Integer(), nullable=False),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lock_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('lock_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('submitted_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('approved_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('definition_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint("state IN ('editing', 'submitted', 'approved', 'published', 'discarded')", name=op.f('ck_model_draft_state')),
    sa.CheckConstraint("state NOT IN ('approved','published') OR approved_by IS NOT NULL", name=op.f('ck_model_draft_approved')),
    sa.CheckConstraint('(approved_by IS NULL) = (approved_at IS NULL)', name=op.f('ck_model_draft_approval')),
    sa.CheckConstraint('approved_by IS NULL OR approved_by <> author_id', name=op.f('ck_model_draft_second_person')),
    sa.ForeignKeyConstraint(['approved_by'], ['person.id'], name=op.f('fk_model_draft_approved_by_person')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_model_draft_author_id_person')),
    sa.ForeignKeyConstraint(['base_id'], ['definition.id'], name=op.f('fk_model_draft_base_id_definition')),
    sa.ForeignKeyConstraint(['definition_id'], ['definition.id'], name=op.f('fk_model_draft_definition_id_definition')),
    sa.ForeignKeyConstraint(['lock_by'], ['person.id'], name=op.f('fk_model_draft_lock_by_person')),
    sa.ForeignKeyConstraint(['submitted_by'], ['person.id'], name=op.f('fk_model_draft_submitted_by_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_draft'))
    )
    with op.batch_alter_table('model_draft', schema=None) as batch_op:
        batch_op.create_index('ix_model_draft_state', ['state', 'id'], unique=False)

    op.create_table('model_draft_file',
    sa.Column('draft_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('rev', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['model_draft.id'], name=op.f('fk_model_draft_file_draft_id_model_draft')),
    sa.ForeignKeyConstraint(['sha256'], ['model_blob.sha256'], name=op.f('fk_model_draft_file_sha256_model_blob')),
    sa.PrimaryKeyConstraint('draft_id', 'name', name=op.f('pk_model_draft_file'))
    )
    op.create_table('model_draft_save',
    sa.Column('draft_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rev', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('file', sa.String(length=120), nullable=False),
    sa.Column('before', sa.String(length=64), nullable=True),
    sa.Column('after', sa.String(length=64), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['after'], ['model_blob.sha256'], name=op.f('fk_model_draft_save_after_model_blob')),
    sa.ForeignKeyConstraint(['before'], ['model_blob.sha256'], name=op.f('fk_model_draft_save_before_model_blob')),
    sa.ForeignKeyConstraint(['draft_id'], ['model_draft.id'], name=op.f('fk_model_draft_save_draft_id_model_draft')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_model_draft_save_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_draft_save')),
    sa.UniqueConstraint('draft_id', 'rev', 'file', name=op.f('uq_model_draft_save_draft_id_rev_file'))
    )
    op.make_append_only('model_blob')
    op.make_append_only('model_draft_save')


def downgrade() -> None:
    """Take it back."""
    op.drop_table('model_draft_save')
    op.drop_table('model_draft_file')
    with op.batch_alter_table('model_draft', schema=None) as batch_op:
        batch_op.drop_index('ix_model_draft_state')

    op.drop_table('model_draft')
    op.drop_table('model_blob')
