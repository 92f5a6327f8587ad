"""The support service's settings from its environment."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class SupportSettings(ServiceSettings):
    database_url: SecretStr = Field(
        default=SecretStr("postgresql://support@127.0.0.1:15432/support"), validation_alias="SUPPORT_DATABASE_URL"
    )
    port: int = Field(default=8102, validation_alias="SUPPORT_PORT")
