"""Offices' words on steps, and who has been shown around."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_help"
down_revision = "20261126_arrears"
branch_labels = None
depends_on = None
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make it so."""
    op.create_table(
        "step_guide",
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("form_key", sa.String(80), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", ID),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_step_guide_unit_id_org_unit")),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_step_guide_written_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_guide")),
        sa.UniqueConstraint("unit_id", "form_key", "no", name=op.f("uq_step_guide_unit_id_form_key_no")),
    )
    op.make_append_only("step_guide")
    op.create_table(
        "tour_seen",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_tour_seen_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_tour_seen")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("tour_seen")
    op.drop_table("step_guide")
