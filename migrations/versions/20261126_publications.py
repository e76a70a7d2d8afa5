"""Publications of versions: approval, valid-from moments, reasons; steps of drafts on their way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '599e0c6854c7'
down_revision = '20261126_help'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.create_table('publication',
    sa.Column('definition_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint("kind IN ('published','scheduled','cancelled','rolled_back')", name=op.f('ck_publication_kind')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_publication_by_id_person')),
    sa.ForeignKeyConstraint(['definition_id'], ['definition.id'], name=op.f('fk_publication_definition_id_definition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_publication'))
    )
    with op.batch_alter_table('publication', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_publication_definition_id'), ['definition_id'], unique=False)

    op.create_table('model_draft_event',
    sa.Column('draft_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['model_draft.id'], name=op.f('fk_model_draft_event_draft_id_model_draft')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_model_draft_event_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_model_draft_event'))
    )
    with op.batch_alter_table('model_draft_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_model_draft_event_draft_id'), ['draft_id'], unique=False)

    with op.batch_alter_table('definition', schema=None) as batch_op:
        batch_op.add_column(sa.Column('approved_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('valid_from', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('notes', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('accepted', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('pack_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_check_constraint('state', "state IN ('draft','scheduled','published','retired')")
        batch_op.create_check_constraint('publisher', 'published_by IS NULL OR published_by <> created_by')
        batch_op.create_check_constraint('approver', 'approved_by IS NULL OR approved_by <> created_by')
        batch_op.create_check_constraint('scheduled', "state <> 'scheduled' OR valid_from IS NOT NULL")
        batch_op.create_index('uq_definition_in_force', ['pack_key', 'process_key'], unique=True, postgresql_where=sa.text("state = 'published'"), sqlite_where=sa.text("state = 'published'"))
        batch_op.create_foreign_key(batch_op.f('fk_definition_pack_version_id_pack_version'), 'pack_version', ['pack_version_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_definition_approved_by_person'), 'person', ['approved_by'], ['id'])

    with op.batch_alter_table('model_draft', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seen_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('seen_pack_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('accepted', sa.JSON(), nullable=True))
        batch_op.alter_column('author_id',
               existing_type=sa.INTEGER(),
               nullable=True)
        batch_op.create_foreign_key(batch_op.f('fk_model_draft_seen_pack_id_pack_version'), 'pack_version', ['seen_pack_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_model_draft_seen_id_definition'), 'definition', ['seen_id'], ['id'])

    op.make_append_only('publication')
    op.make_append_only('model_draft_event')


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table('model_draft', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_model_draft_seen_id_definition'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_model_draft_seen_pack_id_pack_version'), type_='foreignkey')
        batch_op.alter_column('author_id',
               existing_type=sa.INTEGER(),
               nullable=False)
        batch_op.drop_column('accepted')
        batch_op.drop_column('seen_pack_id')
        batch_op.drop_column('seen_id')

    with op.batch_alter_table('definition', schema=None) as batch_op:
        for name in ('state', 'publisher', 'approver', 'scheduled'):
            batch_op.drop_constraint(batch_op.f(f'ck_definition_{name}'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_definition_approved_by_person'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_definition_pack_version_id_pack_version'), type_='foreignkey')
        batch_op.drop_index('uq_definition_in_force', postgresql_where=sa.text("state = 'published'"), sqlite_where=sa.text("state = 'published'"))
        batch_op.drop_column('pack_version_id')
        batch_op.drop_column('accepted')
        batch_op.drop_column('notes')
        batch_op.drop_column('valid_from')
        batch_op.drop_column('approved_by')

    with op.batch_alter_table('model_draft_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_model_draft_event_draft_id'))

    op.drop_table('model_draft_event')
    with op.batch_alter_table('publication', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_publication_definition_id'))

    op.drop_table('publication')
