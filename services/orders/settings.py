"""The orders service's settings from its environment."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class OrdersSettings(ServiceSettings):
    database_url: SecretStr = Field(
        default=SecretStr("postgresql://orders@127.0.0.1:15432/orders"), validation_alias="ORDERS_DATABASE_URL"
    )
    port: int = Field(default=8101, validation_alias="ORDERS_PORT")
