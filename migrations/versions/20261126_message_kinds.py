"""messages: who chose what is nearly late also gets what is late and what was counted anew"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = 'c61e0b9d52f7'
down_revision = '20261126_tries_in_rows'
branch_labels = None
depends_on = None

ADDED = ('late', 'deadline')
TABLES = (('mail_setting', 'person_id'), ('webhook', 'id'))


def upgrade() -> None:
    """Until now these went into the message box only."""
    _change(lambda kinds: [*kinds, *(one for one in ADDED if one not in kinds)] if 'due' in kinds else kinds)


def downgrade() -> None:
    """Take them out of the choices again."""
    _change(lambda kinds: [one for one in kinds if one not in ADDED])


def _change(made) -> None:
    bind = op.get_bind()
    for table, key in TABLES:
        for number, kinds in bind.execute(sa.text(f'SELECT {key}, kinds FROM {table}')).all():
            before = json.loads(kinds) if isinstance(kinds, str) else kinds
            after = made(before)
            if after != before:
                bind.execute(
                    sa.text(f'UPDATE {table} SET kinds = :kinds WHERE {key} = :id'),
                    {'kinds': json.dumps(after), 'id': number},
                )
