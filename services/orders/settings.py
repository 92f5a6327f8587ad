"""What the orders service reads from its environment."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class OrdersSettings(ServiceSettings):
    database_url: SecretStr = Field(validation_alias="ORDERS_DATABASE_URL")
    port: int = Field(default=8101, validation_alias="ORDERS_PORT")
