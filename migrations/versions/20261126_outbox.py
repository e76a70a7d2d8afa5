"""Effects outside of the database, mail settings, offices' gateways."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_outbox"
down_revision = "5e0c7b21d4aa"
branch_labels = None
depends_on = None
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make it so."""
    op.create_table(
        "outgoing",
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("lease_by", sa.String(36)),
        sa.Column("lease_until", MOMENT),
        sa.Column("error", sa.Text()),
        sa.Column("id", ID, nullable=False),
        sa.CheckConstraint("state IN ('waiting','done','dead')", name=op.f("ck_outgoing_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing")),
        sa.UniqueConstraint("key", name=op.f("uq_outgoing_key")),
    )
    op.create_index("ix_outgoing_due", "outgoing", ["state", "next_at"])
    op.create_table(
        "mail_setting",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(8), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.CheckConstraint("digest IN ('hourly', 'daily')", name=op.f("ck_mail_setting_digest")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_setting_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_setting")),
    )
    op.create_index(op.f("ix_mail_setting_next_at"), "mail_setting", ["next_at"])
    op.create_table(
        "webhook",
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("url", sa.String(400), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", ID),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_webhook_created_by_person")),
        sa.ForeignKeyConstraint(["unit_id"], ["org_unit.id"], name=op.f("fk_webhook_unit_id_org_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_unit_id"), "webhook", ["unit_id"])
    # Messages that are there have been told long ago: they are not handed on now.
    op.add_column("message", sa.Column("spread", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("message", sa.Column("mail_due", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_message_spread", "message", ["spread", "id"])
    op.create_index("ix_message_mail", "message", ["mail_due", "person_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_message_mail", table_name="message")
    op.drop_index("ix_message_spread", table_name="message")
    op.drop_column("message", "mail_due")
    op.drop_column("message", "spread")
    op.drop_table("webhook")
    op.drop_table("mail_setting")
    op.drop_table("outgoing")
