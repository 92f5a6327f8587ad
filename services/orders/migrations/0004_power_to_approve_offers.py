"""Up to which amounts a person may approve offers to customers"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

online_safe = True  # a column that may be empty

_IS_ARRAY = "jsonb_typeof(approves_up_to) = 'array'"


def upgrade() -> None:
    column = sa.Column("approves_up_to", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    op.add_column("salespeople", column, schema="orders")
    constraint = "orders.salespeople add constraint salespeople_approves_up_to"
    op.execute(f"alter table {constraint} check ({_IS_ARRAY}) not valid")
    op.execute("alter table orders.salespeople validate constraint salespeople_approves_up_to")


def downgrade() -> None:
    op.drop_column("salespeople", "approves_up_to", schema="orders")
