"""administration: where people work, roles asked for, values proposed for a pack"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'a4d1c7e0b526'
down_revision = '5d1e7c0a4b62'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
ADMINISTRATOR = "role IN ('city.system_admin', 'city.security_admin', 'city.audit_admin')"


def upgrade() -> None:
    """Add it."""
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('unit_id', BIG, nullable=True))
        batch_op.create_foreign_key(op.f('fk_person_unit_id_org_unit'), 'org_unit', ['unit_id'], ['id'])
        batch_op.create_index(op.f('ix_person_unit_id'), ['unit_id'], unique=False)
    op.execute(
        'UPDATE person SET unit_id = (SELECT MIN(membership.unit_id) FROM membership '
        'WHERE membership.person_id = person.id)'
    )
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.create_index(
            'uq_membership_administrator', ['person_id'], unique=True,
            sqlite_where=sa.text(ADMINISTRATOR), postgresql_where=sa.text(ADMINISTRATOR),
        )
    op.create_table('role_request',
    sa.Column('person_id', BIG, nullable=False),
    sa.Column('unit_id', BIG, nullable=False),
    sa.Column('role', sa.String(length=60), nullable=False),
    sa.Column('asked_by', BIG, nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', BIG, nullable=False),
    sa.ForeignKeyConstraint(['asked_by'], ['person.id'], name=op.f('fk_role_request_asked_by_person')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_role_request_person_id_person')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_role_request_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_request')),
    sa.UniqueConstraint('person_id', 'unit_id', 'role', name=op.f('uq_role_request_person_id_unit_id_role'))
    )
    op.create_table('parameter_proposal',
    sa.Column('pack_key', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.Column('ref', sa.String(length=200), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('decided_by', sa.String(length=120), nullable=False),
    sa.Column('decided_on', sa.Date(), nullable=False),
    sa.Column('proposed_by', BIG, nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('settled_by', BIG, nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=500), nullable=True),
    sa.Column('version_id', BIG, nullable=True),
    sa.Column('id', BIG, nullable=False),
    sa.CheckConstraint("state IN ('open','confirmed','refused')", name=op.f('ck_parameter_proposal_state')),
    sa.CheckConstraint('settled_by IS NULL OR settled_by <> proposed_by', name=op.f('ck_parameter_proposal_two_people')),
    sa.CheckConstraint("state <> 'confirmed' OR settled_by IS NOT NULL", name=op.f('ck_parameter_proposal_by_whom')),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_parameter_proposal_proposed_by_person')),
    sa.ForeignKeyConstraint(['settled_by'], ['person.id'], name=op.f('fk_parameter_proposal_settled_by_person')),
    sa.ForeignKeyConstraint(['version_id'], ['pack_version.id'], name=op.f('fk_parameter_proposal_version_id_pack_version')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parameter_proposal'))
    )
    with op.batch_alter_table('parameter_proposal', schema=None) as batch_op:
        batch_op.create_index(
            'uq_parameter_proposal_open', ['pack_key', 'name'], unique=True,
            sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
        )


def downgrade() -> None:
    """Take it away."""
    op.drop_table('parameter_proposal')
    op.drop_table('role_request')
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.drop_index('uq_membership_administrator')
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_person_unit_id'))
        batch_op.drop_constraint(op.f('fk_person_unit_id_org_unit'), type_='foreignkey')
        batch_op.drop_column('unit_id')
