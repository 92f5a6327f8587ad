"""The support service's settings from its environment."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from shared.addresses import checked_site, checked_sites
from shared.settings import Duration, ServiceSettings


class SupportSettings(ServiceSettings):
    database_url: SecretStr = Field(
        default=SecretStr("postgresql://support@127.0.0.1:15432/support"), validation_alias="SUPPORT_DATABASE_URL"
    )
    port: int = Field(default=8102, validation_alias="SUPPORT_PORT")
    support_url: Annotated[str, AfterValidator(checked_site)] = ""
    page_link_lifetime: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=1))] = timedelta(
        minutes=15
    )
    frame_ancestors: Annotated[str, AfterValidator(checked_sites)] = ""
