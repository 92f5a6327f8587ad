"""The policy that shipped is kept as the first version: what was judged by it stays so when its text is reworded

A database that was used before has been judged by the text of that release, a new one begins with the present text.
"""

import sqlalchemy as sa
from alembic import op

from services.escalation.domain.policy.document import digest, past_text, shipped_text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

online_safe = True  # a row that the version before passes over

_USED = "select exists (select from shared.journal) or exists (select from escalation.orders)"
_FIRST = sa.text(
    "insert into escalation.policies (version, since, document, digest, published_by, summary)"
    " values (1, '0001-01-01T00:00:00Z', :document, :digest, 'handoff', 'The policy that ships')"
)


def upgrade() -> None:
    op.drop_constraint("policies_follow_the_shipped", "policies", schema="escalation")
    op.create_check_constraint("policies_count_from_one", "policies", "version > 0", schema="escalation")
    connection = op.get_bind()
    text = past_text("1.toml") if connection.scalar(sa.text(_USED)) else shipped_text()
    connection.execute(_FIRST, {"document": text, "digest": digest(text)})


def downgrade() -> None:
    op.execute("delete from escalation.policies where version = 1")
    op.drop_constraint("policies_count_from_one", "policies", schema="escalation")
    op.create_check_constraint("policies_follow_the_shipped", "policies", "version > 1", schema="escalation")
