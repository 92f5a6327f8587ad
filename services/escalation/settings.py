"""What the escalation service reads from its environment."""

from pathlib import Path

from pydantic import Field, SecretStr

from services.escalation.channels.web_push.services import DEFAULT_SERVICES
from shared.addresses import is_on_this_machine, servers_of
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
    push_key: SecretStr | None = None
    push_contact: str = ""
    push_services: str = DEFAULT_SERVICES
    push_ca_file: Path | None = None
    push_proxy: SecretStr | None = None
    inbox_url: str = "http://127.0.0.1:8103"
    desk: str = "desk"
    max_alert_age: Duration | None = None

    @property
    def notes(self) -> list[str]:
        """Values that suit only a trial on one machine, in words for operators."""
        servers = (servers_of(self.database_url.get_secret_value()), self.kafka_bootstrap_servers)
        if not is_on_this_machine(servers_of(self.inbox_url)) or all(map(is_on_this_machine, servers)):
            return []
        return [
            f"INBOX_URL is {self.inbox_url}, so links in e-mails open on this machine only: set INBOX_URL to the "
            "address at which salespeople open the inbox"
        ]
