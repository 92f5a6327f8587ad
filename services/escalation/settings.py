"""What the escalation service reads from its environment."""

from pathlib import Path

from pydantic import Field, SecretStr

from shared.settings import Duration, ServiceSettings


class EscalationSettings(ServiceSettings):
    database_url: SecretStr = Field(
        default=SecretStr("postgresql://escalation@127.0.0.1:15432/escalation"),
        validation_alias="ESCALATION_DATABASE_URL",
    )
    port: int = Field(default=8103, validation_alias="ESCALATION_PORT")
    smtp_url: SecretStr = SecretStr("smtp://127.0.0.1:2525")
    smtp_ca_file: Path | None = None
    mail_from: str = "Handoff <oncall@handoff.example>"
    mail_reply_to: str = ""
    inbox_url: str = "http://127.0.0.1:8103"
    desk: str = "desk"
    max_alert_age: Duration | None = None
    reader_keys: SecretStr = SecretStr("[]")
