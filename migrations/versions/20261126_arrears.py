"""Late payments are told once."""

import sqlalchemy as sa
from alembic import op

revision = "20261126_arrears"
down_revision = "a4d1c7e0b526"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.add_column("payment", sa.Column("arrears_told", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_payment_due", "payment", ["state", "due_day"])
    op.create_index("ix_payment_paid_on", "payment", ["paid_on"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_payment_paid_on", table_name="payment")
    op.drop_index("ix_payment_due", table_name="payment")
    op.drop_column("payment", "arrears_told")
