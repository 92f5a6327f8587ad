"""Support's own settings: the sites that may show the page of a case, and the address of its links."""

import pytest
from pydantic import ValidationError

from services.support.settings import SupportSettings
from shared.addresses import sites_in
from tests.adapters.test_command_settings import refused


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("", ()),
        ("https://desk.example.com", ("https://desk.example.com",)),
        ("https://desk.example.com,https://b.example", ("https://desk.example.com", "https://b.example")),
        (
            " https://Desk.example.com:8443 ,\n http://localhost:3000,",
            ("https://desk.example.com:8443", "http://localhost:3000"),
        ),
        ("https://*.example.com", ("https://*.example.com",)),
        ("http://10.0.0.5", ("http://10.0.0.5",)),
    ],
)
def test_sites_that_may_show_a_page_in_a_frame(
    text: str, sites: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAME_ANCESTORS", text)
    assert sites_in(SupportSettings().frame_ancestors) == sites


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "https:",
        "https://*",
        "https://*.com",
        "'self'",
        "'none'",
        "desk.example.com",
        "https://desk.example.com/",
        "https://desk.example.com/tickets",
        "https://anna@desk.example.com",
        "https://desk.example.com:0",
        "https://desk.example.com:99999",
        "https://desk.example.com; script-src *",
        "https://desk_example.com",
        "https://bücher.example",
        "https://desk.example.com\r\nX-Injected: yes",
        "ftp://desk.example.com",
        "data:",
    ],
)
def test_anything_else_is_refused_at_the_start(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAME_ANCESTORS", f"https://good.example.com, {text}")
    with pytest.raises(ValidationError, match=r"entry [23] is not the address of a site") as error:
        SupportSettings()
    assert "https://desk.example.com or https://*.example.com" in str(error.value)


def test_the_start_names_the_variable() -> None:
    assert "FRAME_ANCESTORS" in refused("run", "support", FRAME_ANCESTORS="*")
    assert "SUPPORT_URL" in refused("run", "support", SUPPORT_URL="https://support.example.com/here")
    assert "PAGE_LINK_LIFETIME" in refused("run", "support", PAGE_LINK_LIFETIME="2d")
