"""A try's own database lies in its row; tries begun before are thrown away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_tries_in_rows"
down_revision = "a4d2f7c81b36"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it."""
    op.execute("DELETE FROM model_try")
    with op.batch_alter_table("model_try") as batch_op:
        batch_op.add_column(sa.Column("rev", sa.Integer(), nullable=False))
        batch_op.add_column(sa.Column("image", sa.LargeBinary(), nullable=False))


def downgrade() -> None:
    """Take it away."""
    op.execute("DELETE FROM model_try")
    with op.batch_alter_table("model_try") as batch_op:
        batch_op.drop_column("image")
        batch_op.drop_column("rev")
